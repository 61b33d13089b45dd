"""What a statement remembers of the claims of its month."""

from datetime import UTC, datetime
from decimal import Decimal

import msgspec

from services.compliance.records.account import Claim
from services.compliance.records.statement import Book, Settling, Statement

STOOD = datetime(2022, 4, 5, tzinfo=UTC)


def settling(order: str, left: str) -> Settling:
    steps = ((STOOD, Decimal(left)),)
    return Settling(Claim(order, "R1", "P1", steps, 0, None, None, STOOD, ()), steps)


class Derived:
    """What was derived so far, claim by claim."""

    def __init__(self) -> None:
        self.of: list[str] = []

    def __call__(self, one: Settling) -> str:
        self.of.append(one.claim.order)
        return f"{one.claim.order}: {one.left[0][1]}"


def test_only_of_a_claim_that_was_settled_otherwise_it_is_derived_again() -> None:
    derive, record = Derived(), Statement()
    record.put(None, Book("2022-04", (settling("O1", "10"), settling("O2", "20"))))
    list(record.of_claims("late", 1, derive))
    record.put(record.book, Book("2022-04", (settling("O1", "10"), settling("O2", "5"))))
    said = [what for _, what in record.of_claims("late", 1, derive)]

    assert said == ["O1: 10", "O2: 5"]
    assert derive.of == ["O1", "O2", "O2"]


def test_under_other_terms_and_for_another_rule_all_is_derived_again() -> None:
    derive, record = Derived(), Statement(Book("2022-04", (settling("O1", "10"),)))
    for rule, under in (("late", 1), ("late", 2), ("other", 2), ("other", 2)):
        list(record.of_claims(rule, under, derive))

    assert derive.of == ["O1", "O1", "O1"]


def test_what_left_the_book_is_forgotten_and_nothing_of_it_is_stored() -> None:
    derive, record = Derived(), Statement(Book("2022-04", (settling("O1", "10"),)))
    list(record.of_claims("late", 1, derive))
    stored = msgspec.msgpack.encode(record)
    for claims in ((), (settling("O1", "10"),)):
        record.put(record.book, Book("2022-04", claims))
        list(record.of_claims("late", 1, derive))

    assert derive.of == ["O1", "O1"]
    assert stored == msgspec.msgpack.encode(Statement(record.book))

from random import Random

import msgspec

from services.compliance.records.commitment import Candidate, Commitment, Dealing
from services.compliance.records.failed import Failed
from tests.support.events import instant

AT = instant("2022-03-01 10:00:00")
REFUSED = Candidate("refused", "refused", AT, AT, "price", None, None, (), ())


def a_dealing(order: str, accepted: dict[int, int], *candidates: Candidate) -> Dealing:
    return Dealing(order, 738_000, "1401", "D1", "M1", None, accepted, candidates)


def test_what_an_order_gave_before_is_taken_back_exactly() -> None:
    record = Commitment()
    before, after = a_dealing("O1", {5: 40, 6: 60}, REFUSED), a_dealing("O1", {6: 10, 7: -3})
    record.put(None, a_dealing("O2", {6: 1}))

    record.put(None, before)
    assert record.accepted == {5: 40, 6: 61}
    assert list(record.dealings) == ["O1"]

    record.put(before, after)
    assert record.accepted == {6: 11, 7: -3}
    assert record.dealings == {}


def test_contributions_in_any_order_make_the_same_sums() -> None:
    chance = Random(7)
    versions = {
        f"O{number}": [
            a_dealing(f"O{number}", {chance.randrange(5): chance.randint(-9, 9)}) for _ in range(4)
        ]
        for number in range(6)
    }
    record = Commitment()
    held: dict[str, Dealing] = {}
    for _ in range(60):
        order = chance.choice(list(versions))
        told = chance.choice(versions[order])
        record.put(held.get(order), told)
        held[order] = told

    plain = Commitment()
    for dealing in held.values():
        plain.put(None, dealing)
    assert record.accepted == plain.accepted


def test_a_day_on_which_all_was_returned_is_forgotten() -> None:
    record = Commitment()
    record.put(None, a_dealing("O1", {5: 40}))
    record.put(None, a_dealing("O2", {5: -40}))
    assert record.accepted == {}


def test_a_sum_over_days_leaves_its_last_day_out() -> None:
    record = Commitment()
    record.put(None, a_dealing("O1", {4: 1, 5: 10, 6: 100, 7: 1000}))
    assert record.accepted_between(5, 7) == 110


def test_what_was_bought_is_kept_by_day_as_often_as_it_was_told() -> None:
    first, second = instant("2022-03-01 09:00:00"), instant("2022-03-01 10:00:00")
    record = Commitment()
    orders = [
        msgspec.structs.replace(a_dealing(name, {}), bought=told)
        for name, told in (("O1", second), ("O2", first), ("O3", first))
    ]
    for order in orders:
        record.put(None, order)
    assert record.bought == {738_000: [first, first, second]}
    for order in orders[::2]:
        record.put(order, msgspec.structs.replace(order, bought=None))
    assert record.bought == {738_000: [first]}
    record.put(orders[1], None)
    assert record == Commitment()


def test_an_order_on_which_the_supplier_failed_is_kept_until_it_did_not() -> None:
    at = instant("2022-03-03 09:00:00")
    good = a_dealing("O1", {})
    bad = msgspec.structs.replace(good, failed=Failed(at, 100, {}, at, ()))
    record = Commitment()
    record.put(None, bad)
    assert record.dealings == {"O1": bad}
    record.put(bad, good)
    assert record == Commitment()

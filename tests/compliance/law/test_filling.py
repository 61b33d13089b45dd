"""Filling fact by fact, held against filling whole at every instant, as the text says it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from services.compliance.law.filling import PASSES, Debt, Filling, Name, Sum, fill, value_at
from services.compliance.law.lone_claim import alone

BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
TOLERANCE = Decimal(1)
AMOUNTS = tuple(map(Decimal, ("0", "0.5", "1", "1.01", "2", "3.00", "5", "9.99", "10", "20")))
ORDERS, RECEIPTS, PRODUCTS = ("O1", "O2", "O3"), ("R1", "R2"), ("P1", "P2")


def at(day: int) -> datetime:
    return BEGINNING + timedelta(days=day)


def whole(claims: Sequence[Debt], sums: Sequence[Sum], instant: datetime) -> dict[int, Decimal]:
    """What is left of each claim that stands at an instant, in five passes from nothing."""
    left = {
        which: value_at(claim.amounts, instant)
        for which, claim in enumerate(claims)
        if claim.amounts[0][0] <= instant
    }

    def turn(one: Sum) -> tuple[int, datetime, str]:
        return min((PASSES[name] for name, _ in one.names), default=4), one.time, one.id

    for one in sorted(sums, key=turn):
        has = one.amount if one.time <= instant else Decimal(0)
        for which, owed in left.items():
            if one.names <= claims[which].names and owed > TOLERANCE:
                part = min(has, owed)
                left[which] = owed - part
                has -= part
    return left


def some_claims(chance: Random) -> list[Debt]:
    claims = []
    for stands in sorted(chance.randrange(12) for _ in range(chance.randrange(7))):
        amount = chance.choice(AMOUNTS)
        amounts = [(at(stands), amount)]
        while chance.random() < 0.3:
            amount = min(amount, chance.choice(AMOUNTS))
            amounts.append((amounts[-1][0] + timedelta(days=chance.randrange(5)), amount))
        order = chance.choice(ORDERS)
        names = {("order", order), ("receipt", chance.choice(RECEIPTS))}
        names.add(("product", PRODUCTS[order == "O3"]))
        if chance.random() < 0.15:
            # A share of a year is of many agreements and products.
            names |= {("order", chance.choice(ORDERS)), ("product", chance.choice(PRODUCTS))}
        claims.append(Debt(_falling(amounts), frozenset(names)))
    return claims


def _falling(amounts: list[tuple[datetime, Decimal]]) -> list[tuple[datetime, Decimal]]:
    """One amount an instant, the last."""
    return sorted(dict(amounts).items())


def some_sums(chance: Random) -> list[Sum]:
    return [
        Sum(at(chance.randrange(16)), f"F{number}", chance.choice(AMOUNTS), some_names(chance))
        for number in range(chance.randrange(8))
    ]


def some_names(chance: Random) -> frozenset[Name]:
    told = (("order", ORDERS), ("receipt", RECEIPTS), ("product", PRODUCTS))
    wanted = chance.choice((0, 0.3, 0.5))
    return frozenset(
        (name, chance.choice(codes)) for name, codes in told if chance.random() < wanted
    )


def instants(claims: Sequence[Debt], sums: Sequence[Sum]) -> list[datetime]:
    """Every instant at which something happens."""
    found = {one.time for one in sums}
    return sorted(found | {instant for claim in claims for instant, _ in claim.amounts})


SEEDS = st.integers(min_value=0, max_value=2**48 - 1)


@given(SEEDS)
@settings(max_examples=800, deadline=None)
def test_what_is_left_at_any_instant_is_what_filling_whole_leaves(seed: int) -> None:
    chance = Random(seed)
    claims, sums = some_claims(chance), some_sums(chance)
    filling = fill(claims, sums, TOLERANCE)
    for instant in instants(claims, sums):
        for which, left in whole(claims, sums, instant).items():
            assert value_at(filling.steps(which), instant) == left


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_a_claim_that_no_sum_shares_with_another_is_filled_alone_as_among_others(seed: int) -> None:
    chance = Random(seed)
    claims, sums = some_claims(chance), some_sums(chance)
    for claim in claims:
        assert alone(claim, sums, TOLERANCE) == fill([claim], sums, TOLERANCE).steps(0)


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_filling_that_begins_in_between_goes_on_as_if_it_had_seen_it_all(seed: int) -> None:
    chance = Random(seed)
    claims, sums = some_claims(chance), some_sums(chance)
    since = at(chance.randrange(16))
    filling = fill(claims, sums, TOLERANCE, since)
    for instant in [since, *instants(claims, sums)]:
        for which, left in whole(claims, sums, instant).items():
            assert instant < since or value_at(filling.steps(which), instant) == left


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_what_is_paid_once_stays_paid(seed: int) -> None:
    chance = Random(seed)
    claims, sums = some_claims(chance), some_sums(chance)
    filling = fill(claims, sums, TOLERANCE)
    for which in range(len(claims)):
        paid = [left <= TOLERANCE for _, left in filling.steps(which)]
        assert paid == sorted(paid)


@given(SEEDS)
@settings(max_examples=300, deadline=None)
def test_no_money_is_lost_or_made(seed: int) -> None:
    chance = Random(seed)
    claims, sums = some_claims(chance), some_sums(chance)
    filling = fill(claims, sums, TOLERANCE)
    given_away: dict[Sum, Decimal] = dict.fromkeys(sums, Decimal(0))
    for which, claim in enumerate(claims):
        parts = filling.given(which)
        assert sum(part for _, part in parts) == claim.amounts[-1][1] - at_the_end(filling, which)
        for one, part in parts:
            assert one.names <= claim.names
            given_away[one] += part
    assert {one: one.amount - rest for one, rest in filling.rests()} == given_away


def at_the_end(filling: Filling, which: int) -> Decimal:
    return filling.steps(which)[-1][1]


def test_a_sum_that_names_a_claim_sends_what_paid_it_on_to_the_next() -> None:
    claims = [
        Debt([(at(0), Decimal(10))], frozenset({("order", "O1")})),
        Debt([(at(1), Decimal(10))], frozenset({("order", "O2")})),
    ]
    unnamed = Sum(at(2), "F1", Decimal(10), frozenset())
    named = Sum(at(3), "F2", Decimal(10), frozenset({("order", "O1")}))
    filling = fill(claims, [unnamed, named], TOLERANCE)
    assert filling.steps(0) == [(at(0), Decimal(10)), (at(2), Decimal(0))]
    assert filling.steps(1) == [(at(1), Decimal(10)), (at(3), Decimal(0))]

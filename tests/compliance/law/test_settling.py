"""Settling an account order by order, held against settling all of it at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.compliance.law import filling
from services.compliance.law.settling import settle
from services.compliance.records.account import Account, Bill, Claim, Money
from services.compliance.records.statement import Settling

BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
TOLERANCE = Decimal(1)
AMOUNTS = tuple(map(Decimal, ("0", "0.5", "1", "3", "9.99", "10", "20")))
SEEDS = st.integers(min_value=0, max_value=2**48 - 1)


def some_day(chance: Random) -> datetime:
    return BEGINNING + timedelta(days=chance.randrange(12))


def a_claim(chance: Random, order: str, receipt: str) -> Claim:
    stands, amount = some_day(chance), chance.choice(AMOUNTS)
    amounts = {stands: amount}
    if chance.random() < 0.3:
        amounts[stands + timedelta(days=chance.randrange(4))] = min(amount, Decimal(2))
    steps = tuple(sorted(amounts.items()))
    return Claim(order, receipt, "P1", steps, 738156, None, None, stands, ())


def an_account(chance: Random) -> Account:
    account = Account()
    for order in ("O1", "O2", "O3")[: chance.randint(1, 3)]:
        receipts = [f"R{number}" for number in range(chance.randrange(4))]
        claims = tuple(a_claim(chance, order, receipt) for receipt in receipts)
        paid = tuple(
            Money(f"{order}{n}", some_day(chance), chance.choice(AMOUNTS), order, receipt)
            for n, receipt in enumerate(chance.choices([None, "R9", *receipts], k=3))
        )
        account.put(None, Bill(order, claims, paid[: chance.randint(0, 3)]))
    if chance.random() < 0.3:
        account.put(None, Money("any", some_day(chance), chance.choice(AMOUNTS)))
    return account


def at_once(account: Account) -> list[Settling]:
    claims = account.claims()
    debts = [
        filling.Debt(
            claim.amounts,
            frozenset(
                {("order", claim.order), ("receipt", claim.receipt), ("product", claim.product)}
            ),
        )
        for claim in claims
    ]
    sums = [
        filling.Sum(
            money.time,
            money.payment,
            money.amount,
            frozenset(
                (name, code)
                for name, code in (("order", money.order), ("receipt", money.receipt))
                if code is not None
            ),
        )
        for money in account.sums()
    ]
    filled = filling.fill(debts, sums, TOLERANCE)
    return [Settling(claim, tuple(filled.steps(which))) for which, claim in enumerate(claims)]


def a_large_account(chance: Random) -> Account:
    """Many orders, some of them paid by name, and sums that name nothing and pay a few."""
    account = Account()
    for number in range(chance.randint(4, 12)):
        order = f"O{number}"
        claims = tuple(a_claim(chance, order, f"R{n}") for n in range(chance.choice((1, 1, 2))))
        paid = (Money(order, some_day(chance), chance.choice(AMOUNTS), order),)
        account.put(None, Bill(order, claims, paid if chance.random() < 0.4 else ()))
    for number in range(chance.randint(1, 3)):
        name = f"any{number}"
        account.put(None, Money(name, some_day(chance), chance.choice(AMOUNTS)))
    return account


@given(SEEDS)
@settings(max_examples=600, deadline=None)
def test_an_account_of_many_orders_is_settled_as_far_as_its_sums_reach_as_all_at_once(
    seed: int,
) -> None:
    account = a_large_account(Random(seed))
    assert settle(account, TOLERANCE) == at_once(account)


def test_sums_that_name_nothing_have_only_the_orders_settled_together_that_they_reach(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account, filled = Account(), list[int]()
    fill = filling.fill

    def counted(claims: Sequence[filling.Debt], *others: Any) -> filling.Filling:
        filled.append(len(claims))
        return fill(claims, *others)

    monkeypatch.setattr(filling, "fill", counted)
    for number in range(100):
        at = BEGINNING + timedelta(days=number)
        claim = Claim(f"O{number}", "R", "P1", ((at, Decimal(10)),), 738156, None, None, at, ())
        account.put(None, Bill(claim.order, (claim,), ()))
    account.put(None, Money("any", BEGINNING + timedelta(days=200), Decimal(25)))
    left = [settling.left[-1][1] for settling in settle(account, TOLERANCE)]
    assert left == [0, 0, 5, *[10] * 97]
    assert filled == [3]


@given(SEEDS)
@settings(max_examples=400, deadline=None)
def test_an_account_is_settled_order_by_order_as_all_at_once(seed: int) -> None:
    account = an_account(Random(seed))
    assert settle(account, TOLERANCE) == at_once(account)

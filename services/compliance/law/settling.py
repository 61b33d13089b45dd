"""What is left of the claims of an account, and from when on, by filling."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain

from services.compliance.law import filling
from services.compliance.law.filling import Name
from services.compliance.law.lone_claim import alone
from services.compliance.law.money import less
from services.compliance.records.account import Account, Claim, Closed, Money, oldest_first
from services.compliance.records.statement import Settling
from shared.domain import ids


def settle(account: Account, tolerance: Decimal) -> list[Settling]:
    """Give the open claims of an account, the oldest first, with what is left of each.

    Where all that was paid names its order, each order is settled by itself.
    """
    if account.shelf is not None:
        return _beside(account.shelf, account, tolerance)
    if account.paid:
        return _together(account.claims(), account.sums(), tolerance)
    orders = [
        _together(oldest_first(bill.claims), bill.paid, tolerance)
        for bill in account.bills.values()
    ]
    orders += [_together([owing.claim], (), tolerance) for owing in account.owing.values()]
    return sorted(chain.from_iterable(orders), key=_age)


def _together(claims: Sequence[Claim], sums: Iterable[Money], tolerance: Decimal) -> list[Settling]:
    """Settle claims by sums that come to no others."""
    debts, given = [debt_of(held) for held in claims], [sum_of(held) for held in sums]
    if len(debts) == 1:
        return [Settling(claims[0], tuple(alone(debts[0], given, tolerance)))]
    filled = filling.fill(debts, given, tolerance)
    return [Settling(held, tuple(filled.steps(number))) for number, held in enumerate(claims)]


def _beside(shelf: Closed, account: Account, tolerance: Decimal) -> list[Settling]:
    """Settle what is open beside what was closed: all that was until then is known."""
    claims = account.claims()
    filled = filled_by(account, claims, account.sums(), tolerance, shelf.until)
    settlings = []
    for number, held in enumerate(claims):
        steps, before = tuple(filled.steps(number)), shelf.steps.get(key_of(held), ())
        if before:
            steps = before + tuple(step for step in steps if step[0] > shelf.until)
        settlings.append(Settling(held, steps))
    return settlings


def filled_by(
    account: Account,
    claims: Iterable[Claim],
    sums: Iterable[Money],
    tolerance: Decimal,
    since: datetime,
) -> filling.Filling:
    """Fill some open claims by what closed ones have left of sums, those until `since` at once."""
    spent = {} if account.shelf is None else account.shelf.spent
    given = (sum_of(held, spent.get(held.payment)) for held in sums)
    return filling.fill([debt_of(held) for held in claims], given, tolerance, since)


def key_of(held: Claim) -> str:
    """Name a claim in its account."""
    return ids.pair(held.order, held.receipt)


def _age(settling: Settling) -> tuple[datetime, str, str]:
    return settling.claim.age


def debt_of(held: Claim) -> filling.Debt:
    """Give a claim as filling knows it."""
    names: set[Name] = {("order", held.order), ("receipt", held.receipt), ("product", held.product)}
    return filling.Debt(held.amounts, frozenset(names))


def sum_of(held: Money, spent: Decimal | None = None) -> filling.Sum:
    """Give a payment as filling knows it, less what is `spent` of it already."""
    told = (("order", held.order), ("receipt", held.receipt), ("product", held.product))
    names = frozenset((name, code) for name, code in told if code is not None)
    amount = held.amount if spent is None else less(held.amount, spent)
    return filling.Sum(held.time, held.payment, amount, names)


def paid_at(settling: Settling, tolerance: Decimal) -> datetime | None:
    """Give the first instant at which a claim is paid, None if it is not."""
    return next((instant for instant, left in settling.left if left <= tolerance), None)

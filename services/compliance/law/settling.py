"""What is left of the claims of an account, and from when on, by filling."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain

from services.compliance.law import filling
from services.compliance.law.filling import Name
from services.compliance.records.account import Account, Claim, Money, oldest_first
from services.compliance.records.statement import Settling


def settle(account: Account, tolerance: Decimal) -> list[Settling]:
    """Give the claims of an account, the oldest first, with what is left of each.

    Where all that was paid names its order, each order is settled by itself.
    """
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
    debts, given = [_claim(held) for held in claims], [_sum(held) for held in sums]
    if len(debts) == 1:
        return [Settling(claims[0], tuple(filling.alone(debts[0], given, tolerance)))]
    filled = filling.fill(debts, given, tolerance)
    return [Settling(held, tuple(filled.steps(number))) for number, held in enumerate(claims)]


def _age(settling: Settling) -> tuple[datetime, str, str]:
    return settling.claim.age


def _claim(held: Claim) -> filling.Debt:
    names: set[Name] = {("order", held.order), ("receipt", held.receipt), ("product", held.product)}
    return filling.Debt(held.amounts, frozenset(names))


def _sum(held: Money) -> filling.Sum:
    told = (("order", held.order), ("receipt", held.receipt), ("product", held.product))
    names = frozenset((name, code) for name, code in told if code is not None)
    return filling.Sum(held.time, held.payment, held.amount, names)


def paid_at(settling: Settling, tolerance: Decimal) -> datetime | None:
    """Give the first instant at which a claim is paid, None if it is not."""
    return next((instant for instant, left in settling.left if left <= tolerance), None)

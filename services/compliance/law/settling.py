"""What is left of the claims of an account, and from when on, by filling."""

from datetime import datetime
from decimal import Decimal

from services.compliance.law import filling
from services.compliance.law.filling import Name
from services.compliance.records.account import Account, Claim, Money
from services.compliance.records.statement import Settling


def settle(account: Account, tolerance: Decimal) -> list[Settling]:
    """Give the claims of an account, the oldest first, with what is left of each."""
    claims = account.claims()
    filled = filling.fill([_claim(held) for held in claims], map(_sum, account.sums()), tolerance)
    return [Settling(held, tuple(filled.steps(number))) for number, held in enumerate(claims)]


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

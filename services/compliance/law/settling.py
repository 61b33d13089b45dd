"""What is left of the claims of an account, and from when on, by filling."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from services.compliance.law import filling
from services.compliance.law.filling import Name
from services.compliance.law.lone_claim import paid_in_turn
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
    settlings = [_alone(owing.claim, (), tolerance) for owing in account.owing.values()]
    for bill in account.bills.values():
        settlings += _together(oldest_first(bill.claims), bill.paid, tolerance)
    return sorted(settlings, key=_age)


def _together(claims: Sequence[Claim], sums: Iterable[Money], tolerance: Decimal) -> list[Settling]:
    """Settle claims by sums that come to no others."""
    if len(claims) == 1:
        return [_alone(claims[0], sums, tolerance)]
    debts, given = [debt_of(held) for held in claims], [sum_of(held) for held in sums]
    filled = filling.fill(debts, given, tolerance)
    return [Settling(held, tuple(filled.steps(number))) for number, held in enumerate(claims)]


def _alone(claim: Claim, sums: Iterable[Money], tolerance: Decimal) -> Settling:
    """Settle a claim by sums that come to no other."""
    fitting = [held for held in sums if _fits(held, claim)]
    if len(fitting) > 1:
        fitting.sort(key=_turn)
    given = [(held.time, held.amount) for held in fitting]
    return Settling(claim, tuple(paid_in_turn(claim.amounts, given, tolerance)))


def _fits(held: Money, claim: Claim) -> bool:
    """Whether all that a payment names is the claim's."""
    return (
        (held.order is None or held.order == claim.order)
        and (held.receipt is None or held.receipt == claim.receipt)
        and (held.product is None or held.product == claim.product)
    )


def _turn(held: Money) -> tuple[int, datetime, str]:
    return filling.PASSES[sum_of(held).narrowest[0]], held.time, held.payment


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
    for instant, left in settling.left:
        if left <= tolerance:
            return instant
    return None

"""What is left of the claims of an account, and from when on, by filling."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import NamedTuple

from services.compliance.law import filling
from services.compliance.law.account_terms import AccountTerms
from services.compliance.law.filling import Name
from services.compliance.law.lone_claim import paid_in_turn
from services.compliance.law.money import less, total, units
from services.compliance.records.account import (
    SUPPLY,
    Account,
    Bill,
    Claim,
    Closed,
    Money,
    Owing,
    oldest_first,
)
from services.compliance.records.statement import Settling
from shared.domain import calendar, ids


class Settled(NamedTuple):
    """A claim with what is left of it and its month; when a receipt is due, if its policy says so.

    Nothing can be found of a receipt that was paid `in_time`, or has no due.
    """

    settling: Settling
    month: str
    due: datetime | None
    in_time: bool


def settle(account: Account, tolerance: Decimal) -> list[Settling]:
    """Give the open claims of an account, the oldest first, with what is left of each.

    An order that shares no money with others is settled by itself.
    """
    alone, together = _divided(account, tolerance)
    settlings = (_by_itself(account.shelf, one, tolerance) for one in alone.values())
    return sorted(chain(together, *settlings), key=_age)


def settled(account: Account, terms: AccountTerms) -> list[Settled]:
    """Give the open claims of an account as `settle` does, but in no order, with their dates.

    What was found of an order is found again without settling it, as long as it stays as it was.
    """
    tolerance, under = terms.tolerance, (terms.tolerance, terms.known_policies)
    alone, together = _divided(account, tolerance)
    known, derived = dated(together, terms), account.derived
    for name, one in alone.items():
        held = derived.get(name)
        if held is None or held[0] is not one or held[1] != under:
            found = dated(_by_itself(account.shelf, one, tolerance), terms)
            held = derived[name] = (one, under, found)
        known += held[2]
    return known


def dated(settlings: Iterable[Settling], terms: AccountTerms) -> list[Settled]:
    """Give claims with their dates."""
    if terms.leg != SUPPLY:
        return [Settled(it, month_of(it.claim), None, in_time=False) for it in settlings]
    return [_dated(it, terms) for it in settlings]


def _dated(settling: Settling, terms: AccountTerms) -> Settled:
    stood = calendar.day_of(settling.claim.stands)
    due = terms.settlement_due_of(settling.claim.day, stood)
    in_time = due is None
    if due is not None:
        paid = paid_at(settling, terms.tolerance)
        in_time = paid is not None and paid <= due
    return Settled(settling, stood.isoformat()[:7], due, in_time)


def month_of(claim: Claim) -> str:
    """Give the month in which a claim began to stand."""
    return calendar.day_of(claim.stands).isoformat()[:7]


Debts = dict[str, Bill | Owing]
"""Claims by the order or payment that they are of; no account has both."""


def _divided(account: Account, tolerance: Decimal) -> tuple[Debts, list[Settling]]:
    """Give what shares no money with the rest, and the rest with what is left of it."""
    whole: Debts = {**account.bills, **account.owing}
    if not account.paid:
        return whole, []
    reached = _reached(account, tolerance)
    shared = whole if reached is None else {name: whole.pop(name) for name in reached}
    bills = [one for one in shared.values() if isinstance(one, Bill)]
    owed = (one.claim for one in shared.values() if isinstance(one, Owing))
    claims = oldest_first(chain(owed, *(bill.claims for bill in bills)))
    sums = chain(account.paid.values(), *(bill.paid for bill in bills))
    alone = {} if reached is None else whole
    if account.shelf is None:
        return alone, _together(claims, sums, tolerance)
    return alone, _beside(account.shelf, claims, sums, tolerance)


def _reached(account: Account, tolerance: Decimal) -> set[str] | None:
    """Give the orders to which sums that name nothing may come; None where that is not known.

    They come to the oldest claims, and to none behind those that take all of them, whatever else
    is paid: each takes at least what is left of it once all that names its order was paid to it.
    """
    if account.owing or any(map(_names_something, account.paid.values())):
        return None
    spent = {} if account.shelf is None else account.shelf.spent
    left = units(total(held.amount for held in account.paid.values())) - sum(
        units(amount) for name, amount in spent.items() if name in account.paid
    )
    reached: set[str] = set()
    for claim in account.claims():
        if left <= 0:
            break
        reached.add(claim.order)
        named = sum(units(held.amount) for held in account.bills[claim.order].paid)
        least = min(amount for _, amount in claim.amounts)
        left -= max(0, units(least) - named - units(tolerance))
    return reached


def _names_something(held: Money) -> bool:
    return not (held.order is held.receipt is held.product is None)


def _by_itself(shelf: Closed | None, debt: Bill | Owing, tolerance: Decimal) -> list[Settling]:
    claims: Sequence[Claim] = (debt.claim,) if isinstance(debt, Owing) else debt.claims
    sums = () if isinstance(debt, Owing) else debt.paid
    if len(claims) > 1:
        claims = oldest_first(claims)
    if shelf is None or _is_younger(shelf, claims, sums):
        return _together(claims, sums, tolerance)
    return _beside(shelf, claims, sums, tolerance)


def _is_younger(shelf: Closed, claims: Iterable[Claim], sums: Iterable[Money]) -> bool:
    """Whether nothing that was closed has a part in claims and the sums that pay them."""
    until, spent = shelf.until, shelf.spent
    return all(it.stands > until for it in claims) and not any(it.payment in spent for it in sums)


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


def _beside(
    shelf: Closed, claims: Sequence[Claim], sums: Iterable[Money], tolerance: Decimal
) -> list[Settling]:
    """Settle what is open beside what was closed: all that was until then is known."""
    filled = filled_by(shelf, claims, sums, tolerance, shelf.until)
    settlings = []
    for number, held in enumerate(claims):
        steps, before = tuple(filled.steps(number)), shelf.steps.get(key_of(held), ())
        if before:
            steps = before + tuple(step for step in steps if step[0] > shelf.until)
        settlings.append(Settling(held, steps))
    return settlings


def filled_by(
    shelf: Closed | None,
    claims: Iterable[Claim],
    sums: Iterable[Money],
    tolerance: Decimal,
    since: datetime,
) -> filling.Filling:
    """Fill some open claims by what closed ones have left of sums, those until `since` at once."""
    spent = {} if shelf is None else shelf.spent
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

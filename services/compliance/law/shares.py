"""Shares of what was agreed on that are prepaid, and how prepayments fill them.

By calendar year and category (SX), or in two halves an agreement (TJ): a policy that sets
`first_share` has the halves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct

from services.compliance.law import filling
from services.compliance.law.filling import Name
from services.compliance.law.lone_claim import alone
from services.compliance.law.money import exact, less, times, total
from services.compliance.law.periods import (
    add,
    deadline_of_days,
    deadline_of_months,
    year_after,
)
from services.compliance.law.working_days import Calendar, Provisional
from services.compliance.policies.policy import Policy
from services.compliance.records.account import Step
from services.compliance.records.evidence import Term
from services.compliance.records.funding import Deposit, Funding, Pledge
from shared.domain import calendar

Pledged = tuple[str, Pledge]
"""A product and an agreement for it."""


class Share(Struct, frozen=True, gc=False):
    """What must be prepaid by an instant; `due` is provisional where a year is not published.

    `agreement` is whose it is, None for that of a hospital's year; `unknown` says that an agreement
    of an unknown product may belong to it.
    """

    anchor: str
    agreement: str | None
    amount: Decimal
    due: datetime | Provisional
    age: tuple[date, str, str]
    pledged: tuple[Pledged, ...]
    limits: tuple[Term, ...]
    unknown: bool = False

    @property
    def names(self) -> frozenset[Name]:
        """Give all by which a prepayment may name it."""
        names: set[Name] = set()
        for product, pledge in self.pledged:
            names |= {("agreement", pledge.agreement), ("product", product)}
            if pledge.category is not None:
                names.add(("category", pledge.category))
        return frozenset(names)


class Filled(Struct, frozen=True, gc=False):
    """A share, and what is left of it, from when on."""

    share: Share
    left: Sequence[Step]


def filled(shares: Iterable[Share], funding: Funding, tolerance: Decimal) -> list[Filled]:
    """Fill shares by the prepayments of their hospital, that of the earliest due first."""
    ordered = sorted(shares, key=lambda share: share.age)
    claims = [filling.Debt([(calendar.EARLIEST, share.amount)], share.names) for share in ordered]
    sums = [_sum(deposit) for deposit in funding.deposits.values()]
    fitting = _apart(claims, sums)
    if fitting is None:
        found = filling.fill(claims, sums, tolerance)
        return [Filled(share, found.steps(number)) for number, share in enumerate(ordered)]
    return [
        Filled(share, alone(claim, own, tolerance))
        for share, claim, own in zip(ordered, claims, fitting, strict=True)
    ]


def _apart(
    claims: Sequence[filling.Debt], sums: Iterable[filling.Sum]
) -> list[list[filling.Sum]] | None:
    """Give the sums that fit each claim; None where one fits several, which then share money."""
    fitting: list[list[filling.Sum]] = [[] for _ in claims]
    for given in sums:
        fits = [number for number, claim in enumerate(claims) if given.names <= claim.names]
        if len(fits) > 1:
            return None
        for number in fits:
            fitting[number].append(given)
    return fitting


def _sum(deposit: Deposit) -> filling.Sum:
    told = (
        ("agreement", deposit.agreement),
        ("product", deposit.product),
        ("category", deposit.category),
    )
    names = frozenset((name, code) for name, code in told if code is not None)
    return filling.Sum(deposit.time, deposit.prepayment, deposit.amount, names)


def shares_of(
    policy: Policy, pledged: Sequence[Pledged], unknown: Iterable[Pledge], working: Calendar
) -> Iterator[Share]:
    """Give the shares that a policy asks for, of agreements whose product is known."""
    if "first_share" in policy.values:
        for product, pledge in pledged:
            yield from _halves(policy, product, pledge, working)
    else:
        yield from _by_year(policy, pledged, {pledge.start.year for pledge in unknown})


def _by_year(policy: Policy, pledged: Sequence[Pledged], unknown: set[int]) -> Iterator[Share]:
    """Give one share a category and calendar year in which agreements start."""
    groups: dict[tuple[str, int], list[Pledged]] = defaultdict(list)
    for product, pledge in pledged:
        groups[pledge.category or "", pledge.start.year].append((product, pledge))
    for (category, year), own in groups.items():
        part = policy.term(f"prepayment_share_{category}")
        last = max(min(pledge.end, year_after(pledge.start)) for _, pledge in own)
        agreed = total(pledge.amount for _, pledge in own)
        yield Share(
            f"{category}:{year}",
            None,
            times(agreed, exact(policy.number(part.name))),
            calendar.start_of(last),
            (last, category, ""),
            tuple(own),
            (part,),
            year in unknown,
        )


def _halves(policy: Policy, product: str, pledge: Pledge, working: Calendar) -> Iterator[Share]:
    """Give the first and the second prepayment for an agreement."""
    name, own = pledge.agreement, ((product, pledge),)
    part, days = policy.term("first_share"), policy.term("first_prepayment_days")
    months = policy.term("second_prepayment_months")
    first = times(pledge.amount, exact(policy.number(part.name)))
    signed = pledge.start if pledge.signed_on is None else pledge.signed_on
    soon = deadline_of_days(signed, int(policy.number(days.name)))
    yield Share(
        "first", name, first, soon, (calendar.day_of(soon), name, "first"), own, (part, days)
    )
    count, rolls = int(policy.number(months.name)), bool(policy.term("last_day_rolls").value)
    later = deadline_of_months(signed, count, working, rolls=rolls)
    known = later
    if isinstance(known, Provisional):
        known = calendar.end_of(add(signed, count))
    age = (calendar.day_of(known), name, "second")
    yield Share("second", name, less(pledge.amount, first), later, age, own, (part, months))

"""The terms under which the use of a variety by a hospital is judged."""

from bisect import bisect_left
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from itertools import accumulate
from typing import NamedTuple, Unpack

from services.compliance.findings.finding import About, Finding, Missing, Observation
from services.compliance.law.derived import derived
from services.compliance.law.exact import exact
from services.compliance.law.law import Law
from services.compliance.law.order_terms import enrolled
from services.compliance.law.periods import Month, add
from services.compliance.law.standards import incomparable
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import Evidence
from services.compliance.records.usage import LISTED, SELECTED, Contract, Usage, UsageBook
from shared.domain import ids
from shared.domain.records.hospital import Hospital

ONE = Fraction(1)


class Consumed(NamedTuple):
    """What was accepted on some days less what was returned, in common units of the variety."""

    listed: Fraction
    selected: Fraction

    @property
    def is_excess(self) -> bool:
        """Whether more of the others than of the selected was used."""
        return self.listed > max(Fraction(0), self.selected)


class Days:
    """Quantities by day, summed over days in a row."""

    def __init__(self, of_day: dict[int, int]) -> None:
        self._days = sorted(of_day)
        self._sums = [0, *accumulate(of_day[day] for day in self._days)]

    @property
    def months(self) -> set[Month]:
        """Give the months of the days."""
        return {Month.of(date.fromordinal(day)) for day in self._days}

    def between(self, first: date, until: date) -> int:
        """Sum the quantities on days `[first, until)`."""
        start, end = (bisect_left(self._days, day.toordinal()) for day in (first, until))
        return self._sums[max(start, end)] - self._sums[start]


class Ledger:
    """The books of one policy."""

    def __init__(self, usage: Usage, policy: Policy) -> None:
        self._told = [
            (book, of_day)
            for key, of_day in usage.accepted.items()
            if (book := UsageBook.of(key)).policy == policy.id
        ]

    @derived
    def _books(self) -> list[tuple[UsageBook, Days]]:
        return [(book, Days(of_day)) for book, of_day in self._told]

    @derived
    def months_of_others(self) -> list[Month]:
        """Give the months, in order, in which any of the others came or went."""
        if all(book.kind != LISTED for book, _ in self._told):
            return []
        months = (days.months for book, days in self._books if book.kind == LISTED)
        return sorted(set[Month]().union(*months))

    def use(self, first: date, until: date) -> Consumed:
        """Give what was used of the variety on days `[first, until)`."""
        sums = {LISTED: Fraction(0), SELECTED: Fraction(0)}
        for book, days in self._books:
            if book.kind in sums:
                factor = converted(Decimal(book.equivalent)) if book.equivalent else ONE
                sums[book.kind] += days.between(first, until) * factor
        return Consumed(sums[LISTED], sums[SELECTED])

    def accepted(self, product: str, first: date, until: date) -> int:
        """Give what was accepted of a product on days `[first, until)`, in its base units."""
        return sum(
            days.between(first, until) for book, days in self._books if book.product == product
        )


class Signed(NamedTuple):
    """A contract, and the product that it is for."""

    product: str
    contract: Contract

    def is_settled(self, policy: Policy, month: Month) -> bool:
        """Whether at the end of a month it has lasted long enough for its pace to say something."""
        months = policy.on(month.last_day).number("settling_months")
        return add(self.contract.start, int(months)) <= month.later(1).first_day

    def is_running(self, policy: Policy, month: Month) -> bool:
        """Whether it is in force at the end of a month, settled, and its product not withdrawn."""
        held, last = self.contract, month.last_day
        is_in_force = held.start <= last < min(held.end, held.withdrawn)
        return is_in_force and self.is_settled(policy, month)

    def pace(self, policy: Policy, month: Month) -> Fraction:
        """Give what a share of the days until a month's end asks for, in common units."""
        held, until = self.contract, month.later(1).first_day
        ratio = exact(policy.on(month.last_day), "pace_ratio")
        elapsed, total = (until - held.start).days, (held.end - held.start).days
        return converted(held.equivalent) * ratio * held.quantity * elapsed / total

    def taken(self, ledger: Ledger, until: date) -> Fraction:
        """Give what was accepted of its product before `until`, in common units."""
        accepted = ledger.accepted(self.product, self.contract.start, until)
        return converted(self.contract.equivalent) * accepted


def converted(equivalent: Decimal | None) -> Fraction:
    """Give how many common units one base unit holds, exactly."""
    return ONE if equivalent is None else Fraction(equivalent)


def signed_under(usage: Usage, policy: Policy) -> list[Signed]:
    """Give what a hospital agreed on under a policy, by product, in their order."""
    return [
        Signed(product, held)
        for product, contracts in sorted(usage.contracts.items())
        for held in contracts
        if held.policy == policy.id
    ]


class UsageTerms(Terms):
    """What holds for a variety and a hospital."""

    def __init__(self, law: Law, jurisdiction: str, hospital: str, variety: str) -> None:
        super().__init__(law, jurisdiction)
        self.hospital = hospital
        self.variety = variety

    @property
    def incomparable(self) -> Missing | None:
        """Say what lacks if only some of the variety were told of in common units."""
        return incomparable(self._law, self.jurisdiction, ids.pair("variety", self.variety), None)

    @derived
    def known(self) -> Hospital | None:
        """Give the hospital, None if nobody enrolled it."""
        return enrolled(self._law.register.hospitals.get((self.jurisdiction, self.hospital)))

    def about(self, day: date) -> About:
        """Give the parties: the hospital, and the area in which it stood on a day."""
        area = None if self.known is None else self.known.on(day).area
        return About(hospital=self.hospital, area=area)

    def heard_since(self, deadline: datetime, signed: Iterable[Signed]) -> datetime:
        """Until when all must have been heard before silence counts for some agreements."""
        return self._law.heard_by(deadline, max(held.contract.told for held in signed))

    def evidence(self, signed: Iterable[Signed]) -> tuple[Evidence, ...]:
        """Give the facts of some agreements; what was accepted is told as a sum."""
        facts = (fact for held in signed for fact in held.contract.evidence)
        return tuple(dict.fromkeys(facts))

    def finding(
        self,
        about: About,
        lasting: tuple[datetime, datetime | None],
        policy: Policy,
        anchor: str,
        **seen: Unpack[Observation],
    ) -> Finding:
        """Make a finding about the variety at the hospital, which names it in its details."""
        occurred_at, cured_at = lasting
        seen["details"] = {"variety": self.variety, **seen.get("details", {})}
        return Finding(
            subject=ids.pair(self.hospital, self.variety),
            anchor=anchor,
            about=about,
            policy=policy.at(occurred_at),
            occurred_at=occurred_at,
            cured_at=cured_at,
            **seen,
        )

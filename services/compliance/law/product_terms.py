"""The terms under which the records of a product are judged."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import wraps
from itertools import pairwise
from typing import TypeVar, Unpack

from services.compliance.findings.finding import About, Finding, Missing, Observation, Outcome
from services.compliance.law.intervals import Interval, intersection
from services.compliance.law.law import Law
from services.compliance.law.order_terms import enrolled
from services.compliance.law.standards import Catalogue
from services.compliance.law.supply_period import Stretch
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import Policy
from services.compliance.register.pricing import Price, Standard
from shared.domain import calendar, ids
from shared.domain.calendar import instant_text, start_of
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital
from shared.domain.records.product import Cycle, Product

Record = TypeVar("Record")


class ProductTerms(Terms):
    """What holds for a product: its policies, supply period, agreements and their hospitals."""

    def __init__(self, law: Law, jurisdiction: str, product: str) -> None:
        super().__init__(law, jurisdiction)
        self.product = product

    @property
    def known(self) -> bool:
        """Whether the register knows the product at all."""
        return self.told is not None

    @property
    def told(self) -> Product | None:
        """Give what the register tells of the product, None if nobody selected or listed it."""
        return self._law.product(self.jurisdiction, self.product)

    def in_force(self, policy: Policy, day: date) -> bool:
        """Whether a policy, with whatever values, is the one in force on a day."""
        held = self._law.policies.on(self.jurisdiction, day)
        return held is not None and held.id == policy.id

    def stretches(self, policy: Policy) -> list[Stretch]:
        """Give the supply period, cycle by cycle."""
        return self._law.stretches(self.jurisdiction, self.product, policy)

    def agreements(self) -> dict[str, dict[str, Agreement]]:
        """Give all agreements for the product, by hospital and by id."""
        return self._law.register.of_product(self.jurisdiction, self.product)

    def prices(self) -> list[Price]:
        """Give the prices at which the platform lists the product."""
        held = self._law.register.prices.get((self.jurisdiction, self.product))
        return [] if held is None else list(held.of_day.values())

    def standards(self) -> list[Standard]:
        """Give the payment standards of the product."""
        return self._law.standards(self.jurisdiction, self.product)

    def catalogue(self, policy: Policy) -> Catalogue:
        """Give what the insurance pays for this and other products on the days of a policy."""
        return Catalogue(self._law, self.jurisdiction, policy)

    def hospital(self, code: str) -> Hospital | None:
        """Give a hospital, None if nobody enrolled it."""
        return enrolled(self._law.register.hospitals.get((self.jurisdiction, code)))

    def editions(self, policy: Policy) -> list[tuple[Interval, Policy]]:
        """Give the parts of a policy's days on which its values stand still, with those values."""
        editions = policy.editions or (policy,)
        begins = [start_of(edition.begins) for edition in editions]
        parts = zip(pairwise([*begins, calendar.LATEST]), editions, strict=True)
        days = [self.days_in_force(policy)]
        return [(there, values) for part, values in parts for there in intersection([part], days)]

    def heard_by(self, deadline: datetime, told: datetime) -> datetime:
        """Until when all must have been heard before a silence counts."""
        return self._law.heard_by(deadline, told)

    def manufacturer(self, policy: Policy, at: datetime) -> str | None:
        """Give who had won the product at an instant."""
        stretches = self.stretches(policy)
        return next((it.cycle.manufacturer for it in stretches if it.start <= at < it.end), None)

    def cycles_of(self, manufacturer: str | None, policy: Policy) -> list[Cycle]:
        """Give the cycles that a manufacturer has won, in order."""
        told = (stretch.cycle for stretch in self.stretches(policy))
        return [cycle for cycle in told if cycle.manufacturer == manufacturer]

    def finding(
        self,
        about: About,
        lasting: Interval,
        policy: Policy,
        now: datetime,
        anchor: str | None = None,
        **seen: Unpack[Observation],
    ) -> Finding:
        """Make a finding of the product, of its hospital or area if `about` names one.

        It is anchored at its start unless said otherwise, and over if its end is not after `now`.
        Its policy is that with the values of its start.
        """
        start, end = lasting
        part = about.hospital or about.area
        return Finding(
            subject=self.product if part is None else ids.pair(self.product, part),
            anchor=anchor or instant_text(start),
            about=about,
            policy=policy.at(start),
            occurred_at=start,
            cured_at=end if end <= now else None,
            **seen,
        )


Judge = Callable[[Record, ProductTerms, datetime], Iterator[Outcome]]


def of_known_product(judge: Judge[Record]) -> Judge[Record]:
    """Have a rule say of a product that nobody selected or listed only that it is unjudged."""

    @wraps(judge)
    def judge_if_known(record: Record, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
        if terms.known:
            yield from judge(record, terms, now)
        else:
            yield Missing("product")

    return judge_if_known

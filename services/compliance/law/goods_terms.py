"""The terms under which goods are judged that came before their order, or without one."""

from datetime import datetime, timedelta
from typing import Unpack

from services.compliance.findings.finding import About, Finding, Observation
from services.compliance.law.law import Law
from services.compliance.law.supply_period import Stretch
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import NOTHING
from services.compliance.records.evidence import Term
from shared.domain import calendar
from shared.domain.records.order_facts import Invoiced, Received


class GoodsTerms(Terms):
    """What holds for the first receipt or invoice that names an order: policy and stretch."""

    def __init__(self, law: Law, jurisdiction: str, order: str, goods: Received | Invoiced) -> None:
        super().__init__(law, jurisdiction)
        self.order = order
        self.goods = goods
        self.at = goods.telling.time
        self.day = calendar.day_of(self.at)
        self.in_force = law.policies.on(jurisdiction, self.day) or NOTHING

    @property
    def known(self) -> bool:
        """Whether the register knows the product at all."""
        found = self._law.register.products.get((self.jurisdiction, self.goods.product or ""))
        return found is not None and bool(found.cycles or found.listed)

    @property
    def stretch(self) -> Stretch | None:
        """The stretch of the product in which the goods came."""
        product = self.goods.product or ""
        told = self._law.stretches(self.jurisdiction, product, self.in_force)
        return next((it for it in told if it.start <= self.at < it.end), None)

    def heard_by(self, deadline: datetime) -> datetime:
        """Until when all must have been heard before the want of an order counts."""
        return self._law.heard_by(deadline, self.goods.telling.told)

    def days(self, name: str) -> tuple[Term, timedelta]:
        """Give a number of days of the policy in force, with its basis."""
        return self._law.days(self.in_force, name)

    def finding(
        self,
        anchor: str,
        occurred_at: datetime,
        cured_at: datetime | None,
        stretch: Stretch,
        **seen: Unpack[Observation],
    ) -> Finding:
        """Make a finding about goods that name an order; who got them is told by them alone."""
        return Finding(
            subject=self.order,
            anchor=anchor,
            about=About(
                self.goods.product,
                hospital=self.goods.hospital,
                manufacturer=stretch.cycle.manufacturer,
                order=self.order,
            ),
            policy=self.in_force,
            occurred_at=occurred_at,
            cured_at=cured_at,
            **seen,
        )

"""The terms under which an order is judged, drawn from the law as of its day."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeVar, TypeVarTuple, Unpack

from msgspec import Struct

from services.compliance.findings.finding import About, Finding, Missing, Observation
from services.compliance.law.entrusted import Entrusted
from services.compliance.law.law import Law
from services.compliance.law.supply_period import Stretch
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import NOTHING, Policy
from services.compliance.records.evidence import Term
from shared.domain import calendar
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital
from shared.domain.records.order_facts import Placed
from shared.domain.records.telling import Fact

T = TypeVar("T")
Of = TypeVarTuple("Of")

DELIVERY_HOURS = ("delivery_hours", "urgent_delivery_hours", "remote_delivery_hours")
"""The values by which a delivery falls due where order and agreement say nothing; a policy sets
all of them or, as that of SCMS, none."""


class Deadline(Struct, frozen=True, gc=False):
    """When something is due, by which terms, and the facts of the register that set them."""

    at: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...] = ()


class OrderTerms(Terms):
    """What holds for one order: policy and stretch of its day, hospital, agreement, parties."""

    def __init__(self, law: Law, jurisdiction: str, order: str, placed: Placed) -> None:
        super().__init__(law, jurisdiction)
        self.order = order
        self.placed = placed
        self.day = calendar.day_of(placed.telling.time)
        self.in_force = law.policies.on(jurisdiction, self.day) or NOTHING
        self.product = law.register.products.get((jurisdiction, placed.product))
        self.stretch = self._stretch()
        self._due: Deadline | Missing | None = None
        self.agreement = law.agreement_for(
            jurisdiction, placed.hospital, placed.product, placed.agreement, self.day
        )
        self._known = enrolled(law.register.hospitals.get((jurisdiction, placed.hospital)))
        self.hospital = None if self._known is None else self._known.on(self.day)
        self.area = placed.area if self.hospital is None else self.hospital.area
        self.manufacturer = None if self.stretch is None else self.stretch.cycle.manufacturer

    def _stretch(self) -> Stretch | None:
        if self.in_force is NOTHING or self.product is None:
            return None
        return self._found_under(self.in_force)

    def stretch_under(self, policy: Policy) -> Stretch | None:
        """Give the stretch of the order's day as a policy has it, whatever its days in force."""
        return self.stretch if policy.id == self.in_force.id else self._found_under(policy)

    def _found_under(self, policy: Policy) -> Stretch | None:
        time = self.placed.telling.time
        for stretch in self._law.stretches(self.jurisdiction, self.placed.product, policy):
            if stretch.start <= time < stretch.end:
                return stretch
        return None

    def of_product(self, derive: Callable[[Law, str, str, Unpack[Of]], T], *of: *Of) -> T:
        """Give what is derived from what the register holds of the order's product, once."""
        return self._law.derived(derive, self.jurisdiction, self.placed.product, *of)

    def scope(self) -> bool | Missing:
        """Whether order rules judge this order (rules.md, *Scope*)."""
        if self.in_force is NOTHING:
            return False
        if self.in_force.scope == "all":
            return True
        if self.product is None or not (self.product.cycles or self.product.listed):
            return Missing("product")
        return self.stretch is not None

    def entrusted(self) -> Entrusted:
        """Who may deliver the order."""
        return Entrusted(
            self._law,
            self.jurisdiction,
            self.placed,
            hospital=self._known,
            area=self.area,
            winner=self.manufacturer,
        )

    def response_due(self) -> Deadline | Missing:
        """When the order must be answered."""
        if isinstance(self.agreement, Missing):
            return self.agreement
        name = "urgent_response_hours" if self.placed.urgent else "response_hours"
        own = None if self.agreement is None else getattr(self.agreement, name)
        return self._after(name, own)

    def delivery_due(self) -> Deadline | Missing:
        """When the order must be there in full: `deliver_by`, else hours from its placing."""
        if self._due is None:
            self._due = self._delivery_due()
        return self._due

    def _delivery_due(self) -> Deadline | Missing:
        placed = self.placed
        if placed.deliver_by is not None:
            day = calendar.instant_text(placed.deliver_by)
            term = Term("deliver_by", day, "agreement", f"order {self.order}")
            return Deadline(placed.deliver_by, (term,))
        if isinstance(self.agreement, Missing):
            return self.agreement
        name = "urgent_delivery_hours" if placed.urgent else "delivery_hours"
        own = None if self.agreement is None else getattr(self.agreement, name)
        return self._delivery_by_policy(name) if own is None else self._after(name, own)

    def _delivery_by_policy(self, name: str) -> Deadline | Missing:
        """Give the deadline by the policy's hours; urgent comes before remote."""
        if "delivery_hours" not in self.in_force.values:
            return Missing("deliver_by")
        if not self.placed.urgent:
            if self.hospital is None:
                return Missing("hospital.remote")
            if self.hospital.remote:
                name = "remote_delivery_hours"
            return self._after(name, None, self.hospital)
        return self._after(name, None)

    def _after(self, name: str, own: float | None, *facts: Fact) -> Deadline:
        if own is None or not isinstance(self.agreement, Agreement):
            term, wait = self.hours(name)
            return Deadline(self.placed.telling.time + wait, (term,), facts)
        term = Term(name, own, "agreement", f"agreement {self.agreement.agreement}")
        at = self.placed.telling.time + timedelta(hours=own)
        return Deadline(at, (term,), (self.agreement,))

    def heard_by(self, deadline: datetime, told: datetime | None = None) -> datetime:
        """Until when all must have been heard before silence since `told` (the placing) counts."""
        return self._law.heard_by(deadline, told or self.placed.telling.told)

    @property
    def gathered(self) -> bool:
        """Whether anything of this jurisdiction's orders is judged beside the single order."""
        return self._law.policies.gathers(self.jurisdiction)

    def days(self, name: str) -> tuple[Term, timedelta]:
        """Give a number of days of the policy in force, with its basis."""
        return self._law.days(self.in_force, name)

    def hours(self, name: str) -> tuple[Term, timedelta]:
        """Give a number of hours of the policy in force, with its basis."""
        return self._law.hours(self.in_force, name)

    def finding(
        self,
        anchor: str,
        occurred_at: datetime,
        cured_at: datetime | None,
        distributor: str | None = None,
        **seen: Unpack[Observation],
    ) -> Finding:
        """Make a finding about this order; its limit rests on all `terms`, unless told on which.

        It is about the order's own distributor, unless another is meant.
        """
        placed = self.placed
        seen.setdefault("limits", seen["terms"])
        return Finding(
            subject=self.order,
            anchor=anchor,
            about=About(
                placed.product,
                self.area,
                placed.hospital,
                self.manufacturer,
                distributor or placed.distributor,
                self.order,
            ),
            policy=self.in_force,
            occurred_at=occurred_at,
            cured_at=cured_at,
            **seen,
        )


def enrolled(hospital: Hospital | None) -> Hospital | None:
    """Give a hospital only if somebody enrolled it."""
    return hospital if hospital is not None and hospital.enrolments else None

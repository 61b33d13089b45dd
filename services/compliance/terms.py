"""The terms under which each kind of record is judged, drawn from the law as of the day."""

from collections.abc import Container, Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from services.compliance.law import Law, Stretch
from services.compliance.policy import NOTHING, Policy
from services.compliance.records.agreement import Agreement
from services.compliance.records.commitment import Breach, Candidate, Commitment, Dealing
from services.compliance.records.evidence import Term, evidence_of
from services.compliance.records.facts import Placed
from services.compliance.records.hospital import Hospital
from services.compliance.records.telling import Fact
from services.compliance.rule import About, Finding, Missing
from shared.domain import calendar

DELIVERY_HOURS = ("delivery_hours", "urgent_delivery_hours", "remote_delivery_hours")
"""The values by which a delivery falls due where order and agreement say nothing; a policy sets
all of them or, as that of SCMS, none."""


class Deadline(NamedTuple):
    """When something is due, by which terms, and the facts of the register that set them."""

    at: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...] = ()


class OrderTerms:
    """What holds for one order: policy and stretch of its day, hospital, agreement, parties."""

    def __init__(self, law: Law, jurisdiction: str, order: str, placed: Placed) -> None:
        self.law = law
        self.jurisdiction = jurisdiction
        self.order = order
        self.placed = placed
        self.day = calendar.day_of(placed.telling.time)
        self.in_force = law.policies.on(jurisdiction, self.day) or NOTHING
        self.product = law.register.products.get((jurisdiction, placed.product))
        self.stretch = self._stretch(jurisdiction)
        self._due: Deadline | Missing | None = None
        self.agreement = law.agreement_for(
            jurisdiction, placed.hospital, placed.product, placed.agreement, self.day
        )
        known = _enrolled(law.register.hospitals.get((jurisdiction, placed.hospital)))
        self.hospital = None if known is None else known.on(self.day)
        self.area = placed.area if self.hospital is None else self.hospital.area
        self.manufacturer = None if self.stretch is None else self.stretch.cycle.manufacturer

    def _stretch(self, jurisdiction: str) -> Stretch | None:
        if self.in_force is NOTHING or self.product is None:
            return None
        time = self.placed.telling.time
        for stretch in self.law.stretches(jurisdiction, self.placed.product, self.in_force):
            if stretch.start <= time < stretch.end:
                return stretch
        return None

    def scope(self) -> bool | Missing:
        """Whether order rules judge this order (rules.md, *Scope*)."""
        if self.in_force is NOTHING:
            return False
        if self.in_force.scope == "all":
            return True
        if self.product is None or not (self.product.cycles or self.product.listed):
            return Missing("product")
        return self.stretch is not None

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
            return self._after(name, None)._replace(facts=(self.hospital,))
        return self._after(name, None)

    def _after(self, name: str, own: float | None) -> Deadline:
        if own is None or not isinstance(self.agreement, Agreement):
            term, wait = self.law.hours(self.in_force, name)
            return Deadline(self.placed.telling.time + wait, (term,))
        term = Term(name, own, "agreement", f"agreement {self.agreement.agreement}")
        at = self.placed.telling.time + timedelta(hours=own)
        return Deadline(at, (term,), (self.agreement,))

    def heard_by(self, deadline: datetime) -> datetime:
        """Until when all must have been heard before the order's silence counts."""
        return self.law.heard_by(deadline, self.placed.telling.told)

    def finding(self, **seen: Any) -> Finding:
        """Make a finding about this order; `terms` are all that its limit rests on."""
        placed = self.placed
        return Finding(
            subject=self.order,
            about=About(
                placed.product,
                self.area,
                placed.hospital,
                self.manufacturer,
                placed.distributor,
                self.order,
            ),
            policy=self.in_force,
            limits=seen.get("terms", ()),
            **seen,
        )


def _enrolled(hospital: Hospital | None) -> Hospital | None:
    return hospital if hospital is not None and hospital.enrolments else None


class Volume(NamedTuple):
    """Where an order stands against its agreement: agreed, and accepted before its day."""

    policy: Policy
    agreement: Agreement | None
    accepted: int

    @property
    def beyond(self) -> bool:
        """Whether the agreed volume had been accepted before the day of the order."""
        return self.agreement is not None and self.accepted >= self.agreement.quantity

    @property
    def owed(self) -> bool:
        """Whether supply within the volume is owed: in the cycle, or only under an agreement."""
        return not self.beyond and (self.policy.duty == "cycle" or self.agreement is not None)


class Case(NamedTuple):
    """Something wrong with an order, and where the order stands against the volume."""

    dealing: Dealing
    candidate: Candidate
    volume: Volume


class CommitmentTerms:
    """What holds between a hospital and a product."""

    def __init__(self, law: Law, jurisdiction: str, hospital: str, product: str) -> None:
        self.law = law
        self.jurisdiction = jurisdiction
        self.hospital = hospital
        self.product = product

    def cases(
        self, record: Commitment, rule: str, breaches: Container[Breach]
    ) -> Iterator[Case | Missing]:
        """Give what a rule judges, with where each order stands against the volume."""
        for dealing in record.dealings.values():
            policy = self.law.policies.on(self.jurisdiction, date.fromordinal(dealing.day))
            if policy is None or rule not in policy.rules:
                continue
            judged = [held for held in dealing.candidates if held.breach in breaches]
            if not judged:
                continue
            volume = self._volume(record, dealing, policy)
            for candidate in judged:
                if isinstance(volume, Missing):
                    yield volume
                else:
                    yield Case(dealing, candidate, volume)

    def _volume(self, record: Commitment, dealing: Dealing, policy: Policy) -> Volume | Missing:
        day = date.fromordinal(dealing.day)
        agreement = self.law.agreement_for(
            self.jurisdiction, self.hospital, self.product, dealing.agreement, day
        )
        if isinstance(agreement, Missing):
            return agreement
        if agreement is None or not agreement.in_force(day):
            return Volume(policy, None, 0)
        accepted = record.accepted_between(agreement.start.toordinal(), dealing.day)
        return Volume(policy, agreement, accepted)

    def finding(self, case: Case, breach: Breach | None = None) -> Finding:
        """Make a finding about an order, with the volume it was held against."""
        dealing, candidate, volume = case
        agreement = volume.agreement
        details = {
            "breach": candidate.breach,
            "agreement": agreement and agreement.agreement,
            "agreed": agreement and agreement.quantity,
            "accepted": volume.accepted,
        }
        if candidate.overcharged is not None:
            details["overcharged"] = f"{candidate.overcharged:f}"
        return Finding(
            subject=dealing.order,
            anchor=candidate.anchor,
            about=About(
                self.product,
                dealing.area,
                self.hospital,
                dealing.manufacturer,
                dealing.distributor,
                dealing.order,
            ),
            policy=volume.policy,
            occurred_at=candidate.occurred_at,
            cured_at=candidate.cured_at,
            observed=candidate.observed,
            limit=candidate.limit,
            terms=candidate.terms,
            limits=candidate.terms,
            evidence=tuple(dict.fromkeys((*candidate.evidence, *evidence_of(agreement)))),
            heard_by=candidate.heard_by,
            breach=breach,
            details=details,
        )


class ProductTerms:
    """What holds for a product: its policies, supply period, agreements and their hospitals."""

    def __init__(self, law: Law, jurisdiction: str, product: str) -> None:
        self.law = law
        self.jurisdiction = jurisdiction
        self.product = product

    @property
    def known(self) -> bool:
        """Whether the register knows the product at all."""
        found = self.law.register.products.get((self.jurisdiction, self.product))
        return found is not None and bool(found.cycles or found.listed)

    def policies(self, rule: str) -> list[Policy]:
        """Give the policies of the jurisdiction that carry a rule."""
        return [
            policy
            for policy in self.law.policies.of(self.jurisdiction)
            if rule in policy.rules and policy.scope == "selected"
        ]

    def policy_on(self, day: date) -> Policy | None:
        """Give the policy in force on a day."""
        return self.law.policies.on(self.jurisdiction, day)

    def stretches(self, policy: Policy) -> list[Stretch]:
        """Give the supply period, cycle by cycle."""
        return self.law.stretches(self.jurisdiction, self.product, policy)

    def agreements(self) -> dict[str, dict[str, Agreement]]:
        """Give all agreements for the product, by hospital and by id."""
        return self.law.register.of_product(self.jurisdiction, self.product)

    def hospital(self, code: str) -> Hospital | None:
        """Give a hospital, None if nobody enrolled it."""
        return _enrolled(self.law.register.hospitals.get((self.jurisdiction, code)))

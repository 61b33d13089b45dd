"""The terms under which a hospital and a product are judged: agreed and accepted volume."""

from collections.abc import Container, Iterator
from datetime import date, datetime
from typing import NamedTuple, Unpack

from services.compliance.findings.finding import About, Finding, Missing, Observation
from services.compliance.law.agreements import Agreed, CycleDays, cycles_of, judged_under
from services.compliance.law.derived import derived
from services.compliance.law.intervals import Interval
from services.compliance.law.law import Law
from services.compliance.law.order_terms import enrolled
from services.compliance.law.terms import Terms
from services.compliance.policies.policy import Policy
from services.compliance.records.commitment import Breach, Candidate, Commitment, Dealing
from services.compliance.records.evidence import evidence_of
from shared.domain import ids
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital


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


class CommitmentTerms(Terms):
    """What holds between a hospital and a product."""

    def __init__(self, law: Law, jurisdiction: str, hospital: str, product: str) -> None:
        super().__init__(law, jurisdiction)
        self.hospital = hospital
        self.product = product

    def within(
        self, record: Commitment, rule: str, breaches: Container[Breach]
    ) -> Iterator[Finding | Missing]:
        """Find what a rule judges of orders whose supply is owed within the volume."""
        for case in self.cases(record, rule, breaches):
            if isinstance(case, Missing):
                yield case
            elif case.volume.owed:
                yield self._of_order(case)

    def beyond(
        self, record: Commitment, rule: str, breaches: Container[Breach]
    ) -> Iterator[Finding | Missing]:
        """Find what a rule judges of orders beyond the volume; each finding names its breach."""
        for case in self.cases(record, rule, breaches):
            if isinstance(case, Missing):
                yield case
            elif case.volume.beyond:
                yield self._of_order(case, breach=case.candidate.breach)

    def cases(
        self, record: Commitment, rule: str, breaches: Container[Breach]
    ) -> Iterator[Case | Missing]:
        """Give what a rule judges, with where each order stands against the volume."""
        for dealing in record.dealings.values():
            policy = self._law.policies.on(self.jurisdiction, date.fromordinal(dealing.day))
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
        agreement = self._law.agreement_for(
            self.jurisdiction, self.hospital, self.product, dealing.agreement, day
        )
        if isinstance(agreement, Missing):
            return agreement
        if agreement is None or not agreement.in_force(day):
            return Volume(policy, None, 0)
        accepted = record.accepted_between(agreement.start.toordinal(), dealing.day)
        return Volume(policy, agreement, accepted)

    def _of_order(self, case: Case, breach: Breach | None = None) -> Finding:
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
            counted_on=date.fromordinal(dealing.day),
        )

    @derived
    def agreements(self) -> list[Agreement]:
        """Give the agreements that have days, in the order of tellings."""
        register = self._law.register
        told = register.between(self.jurisdiction, self.hospital, self.product)
        standing = [held for held in told if not held.is_void]
        if len(standing) > 1:
            standing.sort(key=lambda held: held.telling.order_key)
        return standing

    def agreed(self, rule: str) -> Iterator[Agreed | Missing]:
        """Give the agreements that a rule judges, each in its cycle."""
        for policy, agreed in self.every_agreed:
            if rule in policy.rules:
                yield agreed

    @derived
    def every_agreed(self) -> list[tuple[Policy, Agreed | Missing]]:
        """Give all agreements that are judged, each under its policy."""
        return [(policy, agreed) for _, policy, agreed in self.held if agreed is not None]

    @derived
    def held(self) -> list[tuple[Agreement, Policy, Agreed | Missing | None]]:
        """Give the agreements that have a policy, with it, and as each is judged under it."""
        return [
            (agreement, *found)
            for agreement in self.agreements
            if (found := judged_under(self._law, self.jurisdiction, agreement.agreement))
        ]

    @property
    def known(self) -> bool:
        """Whether the register knows the product at all."""
        return self._law.product(self.jurisdiction, self.product) is not None

    @property
    def enrolment(self) -> Hospital | None:
        """Give the hospital, None if nobody enrolled it."""
        return enrolled(self._law.register.hospitals.get((self.jurisdiction, self.hospital)))

    @property
    def cycles(self) -> list[CycleDays]:
        """Give the product's cycles, bridges left out, in order."""
        return cycles_of(self._law, self.jurisdiction, self.product)

    def area_on(self, day: date) -> str | None:
        """Give the area in which the hospital stood on a day, None if nobody enrolled it."""
        known = self.enrolment
        return None if known is None else known.on(day).area

    def heard_by(self, deadline: datetime, told: datetime) -> datetime:
        """Until when all must have been heard before a silence counts."""
        return self._law.heard_by(deadline, told)

    def finding(
        self,
        about: About,
        lasting: Interval,
        of: Agreed | Policy,
        now: datetime,
        anchor: str,
        **seen: Unpack[Observation],
    ) -> Finding:
        """Make a finding of an agreement, or of hospital and product under a policy.

        It is over if its end is not after `now`.
        """
        start, end = lasting
        agreed = of if isinstance(of, Agreed) else None
        pair = ids.pair(self.hospital, self.product)
        return Finding(
            subject=pair if agreed is None else agreed.agreement.agreement,
            anchor=anchor,
            about=about,
            policy=of.policy if isinstance(of, Agreed) else of.at(start),
            occurred_at=start,
            cured_at=end if end <= now else None,
            **seen,
        )

"""Who could be supplied by whom at an instant: hospitals with products, as two rules read them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from services.compliance.findings.finding import Finding
from services.compliance.law.law import Law
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import Policy
from services.compliance.records.appointments import Appointment, Appointments
from services.compliance.rules import coverage_gap, distributor_cap
from services.compliance.rules.coverage_gap import Participant
from services.compliance.rules.distributor_cap import cap_of, counted
from shared.domain.calendar import day_of

State = Literal["covered", "gap", "exempt", "grace", "unjudged"]
Reason = Literal["never", "not-named", "expired", "released"]

_FACTS_OF_A_RELEASE = 2
"""An appointment that was told and released rests on two facts."""


class Pair(NamedTuple):
    """A hospital that takes part with a product: how many distributors may deliver to it.

    `finding` is the gap, where there is one that stands at the instant; `missing` the term of the
    register without which nothing can be said.
    """

    hospital: str
    product: str
    state: State
    distributors: int = 0
    finding: Finding | None = None
    reason: Reason | None = None
    missing: str | None = None


class AppointedCount(NamedTuple):
    """How many distributors a product has in an area, of at most how many (None: no policy)."""

    product: str
    area: str
    distributors: int
    cap: int | None

    @property
    def over(self) -> bool:
        """Whether they are more than the policy allows in principle."""
        return self.cap is not None and self.distributors > self.cap


def pairs_of(
    law: Law, jurisdiction: str, product: str, record: Appointments, at: datetime
) -> Iterator[Pair]:
    """Give the hospitals that have agreements for a product and take part at an instant.

    A hospital whose days of grace are running may be without a distributor: it is in grace.
    """
    terms = ProductTerms(law, jurisdiction, product)
    if not terms.known:
        yield from (
            Pair(code, product, "unjudged", missing="product") for code in terms.agreements()
        )
        return
    policy = law.policies.on(jurisdiction, day_of(at))
    if policy is None or coverage_gap.NAME not in policy.rules:
        return
    gaps = _gaps(terms, record, at)
    for code, agreements in terms.agreements().items():
        hospital = terms.hospital(code)
        if hospital is None:
            yield Pair(code, product, "unjudged", missing="hospital")
            continue
        who = Participant(code, hospital, list(agreements.values()), terms, policy)
        finding = gaps.get(code)
        agreed = coverage_gap.agreed(who)
        if finding is None and not any(start <= at < end for start, end in agreed):
            continue
        area = hospital.on(day_of(at)).area
        live = {
            held.distributor
            for held in record.held.values()
            if held.is_live(at) and held.covers(code, area)
        }
        yield _pair(law, jurisdiction, Pair(code, product, "covered", len(live)), finding)._replace(
            reason=None if finding is None else _why(record, code, area, finding.occurred_at, at)
        )


def appointed_in(
    law: Law, jurisdiction: str, product: str, record: Appointments, at: datetime
) -> Iterator[AppointedCount]:
    """Give how many distributors a product has at an instant in each area that has any."""
    terms = ProductTerms(law, jurisdiction, product)
    policy = law.policies.on(jurisdiction, day_of(at))
    stretch = None
    if policy is not None and distributor_cap.NAME in policy.rules:
        running = terms.stretches(policy)
        stretch = next((it for it in running if it.start <= at < it.end), None)
    for area in sorted({held.area for held in record.held.values() if held.is_live(at)}):
        there = [held for held in record.held.values() if held.area == area]
        if policy is None or stretch is None:
            live = {held.distributor for held in there if held.is_live(at)}
            yield AppointedCount(product, area, len(live), None)
        else:
            values: Policy = policy.at(at)
            cap = int(cap_of(stretch, values))
            yield AppointedCount(product, area, counted(there, stretch, values, at), cap)


def _gaps(terms: ProductTerms, record: Appointments, at: datetime) -> Mapping[str, Finding]:
    """Give the gaps that stand at an instant, by hospital, as the rule finds them."""
    said = coverage_gap.RULE.judge(record, terms, at)
    found = (one for one in said if isinstance(one, Finding) and one.cured_at is None)
    return {one.about.hospital: one for one in found if one.about.hospital is not None}


def _pair(law: Law, jurisdiction: str, pair: Pair, finding: Finding | None) -> Pair:
    if finding is None:
        return pair if pair.distributors else pair._replace(state="grace")
    exempt = law.exemption(jurisdiction, coverage_gap.NAME, finding) is not None
    return pair._replace(state="exempt" if exempt else "gap", finding=finding)


def _why(record: Appointments, code: str, area: str, since: datetime, at: datetime) -> Reason:
    """Say why nobody covers a hospital: what covered it last, or what there was instead."""
    ended = [held for held in record.held.values() if held.end == since and held.covers(code, area)]
    if ended:
        return "released" if any(map(_was_released, ended)) else "expired"
    others = (held for held in record.held.values() if held.area == area and held.is_live(at))
    return "not-named" if any(held.hospitals is not None for held in others) else "never"


def _was_released(held: Appointment) -> bool:
    return len(held.evidence) >= _FACTS_OF_A_RELEASE


def totals(pairs: Iterable[Pair]) -> dict[str, int]:
    """Count pairs by their state."""
    counts = {"covered": 0, "gap": 0, "exempt": 0, "grace": 0, "unjudged": 0}
    for pair in pairs:
        counts[pair.state] += 1
    return counts

"""Delivery must cover every hospital that takes part.

SX 七, 配送范围须覆盖所有参加带量采购的医疗机构. A hospital takes part in a stretch of the supply
period (a cycle and its bridge) from its first agreement in that stretch until the stretch ends,
gaps between yearly agreements included, while it is enrolled. It is covered while some live
appointment names it, or covers the whole of its area. Nobody appointed at all is the worst gap.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.intervals import Interval, difference, intersection, union
from services.compliance.law.product_terms import ProductTerms, of_known_product
from services.compliance.law.supply_period import Stretch
from services.compliance.policies.policy import Policy
from services.compliance.records.appointments import Appointments
from services.compliance.records.evidence import Evidence, evidence_of
from shared.domain import calendar
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital

NAME = "coverage-gap"


class Participant(NamedTuple):
    """A hospital with its agreements for the product, under one policy."""

    code: str
    hospital: Hospital
    agreements: list[Agreement]
    terms: ProductTerms
    policy: Policy


def judge(record: Appointments, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the maximal intervals in which a hospital took part without cover."""
    for code, agreements in terms.agreements().items():
        hospital = terms.hospital(code)
        if agreements and hospital is None:
            yield Missing("hospital")
        if hospital is None:
            continue
        covered = _cover(record, code, hospital)
        for policy in terms.policies(NAME):
            who = Participant(code, hospital, list(agreements.values()), terms, policy)
            for gap in difference(_taking_part(who), covered):
                yield from _outcome(gap, who, record, now)


def _taking_part(who: Participant) -> list[Interval]:
    """Give when a hospital takes part and its days of grace are over, as instants."""
    begun = [
        (start + timedelta(days=who.policy.at(start).number("coverage_grace_days")), end)
        for start, end in agreed(who)
    ]
    return intersection(begun, [who.terms.days_in_force(who.policy)])


def agreed(who: Participant) -> list[Interval]:
    """Give when a hospital takes part by its agreements and its enrolment, as instants."""
    stretches = who.terms.stretches(who.policy)
    parts = [part for stretch in stretches for part in _in_stretch(stretch, who.agreements)]
    enrolled = [
        (calendar.start_of(start), calendar.start_of(end)) for start, end in who.hospital.enrolled()
    ]
    return intersection(parts, enrolled)


def _in_stretch(stretch: Stretch, agreements: list[Agreement]) -> list[Interval]:
    starts = [
        calendar.start_of(agreement.start)
        for agreement in agreements
        if agreement.start < agreement.end
        and calendar.start_of(agreement.start) < stretch.end
        and calendar.start_of(agreement.end) > stretch.start
    ]
    return [(max(min(starts), stretch.start), stretch.end)] if starts else []


def _cover(record: Appointments, code: str, hospital: Hospital) -> list[Interval]:
    """Give when a live appointment covers the hospital, by its name or by its area of the day."""
    areas = hospital.areas()
    return union(
        (max(held.start, start), min(held.end, end))
        for held in record.held.values()
        for start, end, area in areas
        if held.covers(code, area)
    )


def _outcome(
    gap: Interval, who: Participant, record: Appointments, now: datetime
) -> Iterator[Outcome]:
    start, end = gap
    if start > now:
        yield Watch(start)
        return
    if end > now:
        yield Watch(end)
    evidence = _evidence(start, who, record)
    told = max((item.telling.told for item in evidence), default=start)
    grace = (who.policy.at(start).term("coverage_grace_days"),)
    area = who.hospital.on(calendar.day_of(start)).area
    maker = who.terms.manufacturer(who.policy, start)
    yield who.terms.finding(
        About(who.terms.product, area, who.code, maker),
        gap,
        who.policy,
        now,
        observed=0,
        limit=1,
        terms=grace,
        limits=grace,
        evidence=evidence,
        heard_by=who.terms.heard_by(start, told),
    )


def _evidence(start: datetime, who: Participant, record: Appointments) -> tuple[Evidence, ...]:
    """Point at why the hospital takes part, and at the appointments that ended as the gap began."""
    first = min(who.agreements, key=lambda held: (held.start, held.telling.order_key), default=None)
    enrolment = who.hospital.enrolments[-1]
    ended = [held.evidence for held in record.in_order() if held.end == start]
    return (*evidence_of(first, enrolment), *(fact for facts in ended for fact in facts))


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, since = finding.about, shanghai(finding.occurred_at)
    zh = (
        f"自 {since} 起，参加带量采购的医疗机构 {about.hospital}（统筹区 {about.area}）没有产品 "
        f"{about.product} 的配送企业（{basis_zh(finding)}）。"
    )
    en = (
        f"From {since} no distributor of product {about.product} covered hospital {about.hospital} "
        f"in area {about.area}, which takes part ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="配送范围未覆盖",
    title_en="Hospital without a distributor",
    record=Appointments,
    accused=("manufacturer",),
    unit="commitment",
    values=("coverage_grace_days",),
    judge=of_known_product(judge),
    words=words,
    interval=True,
)

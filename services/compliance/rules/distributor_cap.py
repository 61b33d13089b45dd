"""In principle at most so many distributors per product and pooling area.

SX 七, 原则上药品…在各统筹区选择配送企业不超过5家，医用耗材…不超过10家. What counts is who is
appointed at one instant, so a replaced distributor does not. The product's own manufacturer never
counts (自行配送 is the alternative to 选择配送企业; a reading). 原则上 asks for an explanation: no
breach.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.intervals import intersection
from services.compliance.law.pieces import cut, joined, next_change
from services.compliance.law.product_terms import ProductTerms, of_known_product
from services.compliance.law.supply_period import Stretch
from services.compliance.policies.policy import Policy
from services.compliance.records.appointments import Appointment, Appointments

NAME = "distributor-cap"


class Piece(NamedTuple):
    """A part `[start, end)` of a stretch in which the count of distributors does not change."""

    start: datetime
    end: datetime
    live: int
    stretch: Stretch


class Area(NamedTuple):
    """A pooling area and the product's appointments for it, under one policy."""

    code: str
    appointments: list[Appointment]
    terms: ProductTerms
    policy: Policy


def judge(record: Appointments, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the maximal intervals in which an area had too many distributors."""
    for code in sorted({appointment.area for appointment in record.held.values()}):
        there = [held for held in record.in_order() if held.area == code]
        for policy in terms.policies(NAME):
            area = Area(code, there, terms, policy)
            for excess in joined(_excessive(area)):
                yield from _outcome(excess, area, now)


def _excessive(area: Area) -> Iterator[Piece]:
    """Give the pieces of the supply period, of constant count, in which it is above the cap."""
    there, policy = area.appointments, area.policy
    changes = {instant for held in there for instant in (held.start, held.end)}
    for stretch in area.terms.stretches(policy):
        for days, values in area.terms.editions(policy):
            cap = cap_of(stretch, values)
            for judged in intersection([(stretch.start, stretch.end)], [days]):
                for start, end in cut(judged, changes):
                    count = counted(there, stretch, values, start)
                    if count > cap:
                        yield Piece(start, end, count, stretch)


def counted(
    there: Iterable[Appointment], stretch: Stretch, values: Policy, instant: datetime
) -> int:
    """Count the distributors of an area at an instant; a value says whether the winner counts."""
    counts = values.term("count_self_delivery").value
    own = stretch.cycle.manufacturer if not counts else None
    live = {held.distributor for held in there if held.is_live(instant)}
    return len(live - {own})


def cap_of(stretch: Stretch, values: Policy) -> float:
    """Give how many distributors an area may have in principle."""
    return values.number(_cap(stretch))


def _cap(stretch: Stretch) -> str:
    return f"{stretch.cycle.category}_distributor_cap"


def _outcome(excess: list[Piece], area: Area, now: datetime) -> Iterator[Outcome]:
    start, end = excess[0].start, excess[-1].end
    change = next_change(excess, now)
    if change is not None:
        yield Watch(change)
    if start > now:
        return
    stretch = excess[0].stretch
    values = area.policy.at(start)
    limit = (values.term(_cap(stretch)),)
    live = [
        held
        for held in area.appointments
        if held.start <= now and held.start < end and held.end > start
    ]
    yield area.terms.finding(
        About(area.terms.product, area.code, manufacturer=stretch.cycle.manufacturer),
        (start, end),
        area.policy,
        now,
        observed=max(piece.live for piece in excess if piece.start <= now),
        limit=limit[0].value,
        terms=(*limit, values.term("count_self_delivery")),
        limits=limit,
        evidence=tuple(fact for held in live for fact in held.evidence),
        details={"distributors": sorted({held.distributor for held in live})},
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, since = finding.about, shanghai(finding.occurred_at)
    zh = (
        f"产品 {about.product} 在统筹区 {about.area} 自 {since} 起配送企业同时超过 {finding.limit} "
        f"家，最多时 {finding.observed} 家；原则上不超过 {finding.limit} 家"
        f"（{basis_zh(finding)}）。"
    )
    en = (
        f"From {since} product {about.product} had more than {finding.limit} distributors at one "
        f"time in area {about.area}, {finding.observed} at the most; in principle no more than "
        f"{finding.limit} ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="配送企业数量超限",
    title_en="Too many distributors in a pooling area",
    record=Appointments,
    accused=("manufacturer",),
    unit="area",
    values=("drug_distributor_cap", "consumable_distributor_cap", "count_self_delivery"),
    judge=of_known_product(judge),
    words=words,
    interval=True,
)

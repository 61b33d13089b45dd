"""Only who was entrusted may supply: the winner itself, or whom it appointed.

SX 七, 由中选企业自主委托…配送企业配送或自行配送; TJ 三（一）, 中选生产企业确定的经营企业. The
order's distributor must be entrusted when the order is placed (`placed`); another who ships must be
entrusted then or when it ships (`shipped:{distributor}`). An order that came to nothing did no
harm, and who was entrusted at placing may finish it after the appointment's end (a reading). Where
nobody ever told who delivers to the hospital, nobody can say who may not.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import Finding, Missing, Outcome, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import shanghai
from services.compliance.law.entrusted import Entrusted
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.evidence import evidence_of
from shared.domain.records.order import Order
from shared.domain.records.order_facts import Placed, Shipped
from shared.domain.records.telling import OrderKey


class Supplied(NamedTuple):
    """Who took the order on, or shipped for it, and the fact that says so."""

    anchor: str
    distributor: str
    fact: Placed | Shipped


def judge(order: Order, terms: OrderTerms, _now: datetime) -> Iterator[Outcome]:
    """Find an order placed with, or shipped by, somebody who was not entrusted."""
    entrusted = terms.entrusted()
    for supplied in _placed(order, terms, entrusted) + _shipped(order, terms, entrusted):
        if entrusted.is_told(supplied.fact.telling.time):
            yield _finding(supplied, terms, entrusted)
        else:
            yield Missing("appointments")


def _placed(order: Order, terms: OrderTerms, entrusted: Entrusted) -> list[Supplied]:
    placed = terms.placed
    named = entrusted.includes(placed.distributor, placed.telling.time)
    if named or _came_to_nothing(order):
        return []
    return [Supplied("placed", placed.distributor, placed)]


def _shipped(order: Order, terms: OrderTerms, entrusted: Entrusted) -> list[Supplied]:
    """Give the first shipment of each other distributor that was not entrusted."""
    first: dict[str, Shipped] = {}
    own, at_placing = terms.placed.distributor, terms.placed.telling.time
    for shipment in order.shipments.values():
        other = shipment.distributor
        if other is None or other == own:
            # So do almost all.
            continue
        if not any(entrusted.includes(other, at) for at in (at_placing, shipment.telling.time)):
            first[other] = min(first.get(other, shipment), shipment, key=_told)
    return [Supplied(f"shipped:{other}", other, it) for other, it in sorted(first.items())]


def _told(shipment: Shipped) -> OrderKey:
    return shipment.telling.order_key


def _came_to_nothing(order: Order) -> bool:
    """Whether the order was taken back or refused before anybody did anything for it."""
    if order.cancelled is None and not order.rejections:
        return False
    return order.accepted is None and not order.shipments and not order.receipts


def _finding(supplied: Supplied, terms: OrderTerms, entrusted: Entrusted) -> Finding:
    distributor, fact = supplied.distributor, supplied.fact
    at, told = fact.telling.time, fact.telling.told
    cycle = None if terms.stretch is None else terms.stretch.cycle
    facts = evidence_of(*dict.fromkeys((terms.placed, fact, cycle)), *entrusted.agreements(at))
    appointed = (one for held in entrusted.appointments_of(distributor) for one in held.evidence)
    return terms.finding(
        anchor=supplied.anchor,
        occurred_at=at,
        cured_at=at,
        distributor=distributor,
        observed=distributor,
        limit=entrusted.everybody(at),
        terms=(),
        evidence=(*facts, *appointed),
        heard_by=terms.heard_by(at, told),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, at = finding.about, shanghai(finding.occurred_at)
    zh_did, en_did = ("下达给", "placed with")
    if finding.anchor != "placed":
        zh_did, en_did = ("发货自", "shipped by")
    zh = (
        f"订单 {about.order} 于 {at} {zh_did} {about.distributor}，而该企业未受中选企业委托配送："
        f"当时受委托的配送企业：{'、'.join(finding.limit) or '无'}。"
    )
    en = (
        f"Order {about.order} was {en_did} {about.distributor} at {at}, whom the winner had not "
        f"entrusted; entrusted then: {', '.join(finding.limit) or 'nobody'}."
    )
    return zh, en


RULE = Rule(
    name="unappointed-distributor",
    title_zh="由未受委托的企业配送",
    title_en="Supplied by a distributor that was not entrusted",
    record=Order,
    accused=("distributor",),
    unit="order",
    values=(),
    judge=judge,
    words=words,
    of_shippers=True,
)

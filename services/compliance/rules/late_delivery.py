"""An order must be there in full within the agreed time.

SX 七, 按合同约定…配送到位; TJ 三（三）, 及时送达药品. Accepted quantities count from their arrival;
complete is the first instant at which their sum reaches the ordered quantity, and later returns do
not undo it. An order rejected or cancelled at or before its deadline is not judged here.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.order_terms import DELIVERY_HOURS, OrderTerms
from services.compliance.records.evidence import evidence_of
from shared.domain.records.order import Order


def judge(order: Order, terms: OrderTerms, now: datetime) -> Iterator[Outcome]:
    """Find an order that was not there in full when it was due."""
    due = terms.delivery_due()
    if isinstance(due, Missing):
        yield due
        return
    complete = order.completed_at(now)
    if order.rejected_by(due.at) or order.cancelled_by(due.at):
        return
    if complete is not None and complete <= due.at:
        return
    if now <= due.at:
        yield Watch(terms.heard_by(due.at), silent=True)
        return
    rejection = order.first_rejection
    yield terms.finding(
        anchor="delivery",
        occurred_at=due.at,
        cured_at=order.ended_at(complete, order.rejected_at),
        observed=order.arrived_by(due.at),
        limit=terms.placed.quantity,
        terms=due.terms,
        evidence=evidence_of(
            terms.placed, *due.facts, *order.received_in_order(), rejection, order.cancelled
        ),
        heard_by=terms.heard_by(due.at),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    order, due = finding.about.order, shanghai(finding.occurred_at)
    there, ordered = finding.observed, finding.limit
    zh = (
        f"订单 {order} 应于 {due} 前全部送达（{basis_zh(finding)}）："
        f"订购 {ordered}，届时到货 {there}，缺 {ordered - there}。"
    )
    en = (
        f"Order {order} was due in full by {due} ({basis_en(finding)}): "
        f"ordered {ordered}, there by then {there}, short by {ordered - there}."
    )
    return zh, en


RULE = Rule(
    name="late-delivery",
    title_zh="未及时配送到位",
    title_en="Order delivered late or short",
    record=Order,
    accused=("distributor", "manufacturer"),
    unit="order",
    values=DELIVERY_HOURS,
    judge=judge,
    words=words,
)

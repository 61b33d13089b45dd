"""An order must be answered within the agreed hours.

SX 七, 按合同约定及时响应医疗机构采购订单. Answered means accepted, rejected, shipped or received,
whichever came first. An answer at the deadline is in time; an order cancelled at or before its
deadline needs none. Where the agreement gives no hours, the policy's assumption stands in.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, instant_or, shanghai
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.evidence import evidence_of
from shared.domain.records.order import Order


def judge(order: Order, terms: OrderTerms, now: datetime) -> Iterator[Outcome]:
    """Find an order answered late, or not at all."""
    due = terms.response_due()
    if isinstance(due, Missing):
        yield due
        return
    if order.answered_by(min(due.at, now)) or order.cancelled_by(due.at):
        return
    if now <= due.at:
        yield Watch(terms.heard_by(due.at), silent=True)
        return
    answer = order.answer(now)
    answered = answer.at if answer else None
    yield terms.finding(
        anchor="response",
        occurred_at=due.at,
        cured_at=order.ended_at(answered),
        observed=answered,
        limit=due.at,
        terms=due.terms,
        evidence=evidence_of(terms.placed, *due.facts, answer and answer.fact, order.cancelled),
        heard_by=terms.heard_by(due.at),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    order, due = finding.about.order, shanghai(finding.occurred_at)
    zh, en = instant_or(finding.observed, "至今未响应", "not answered so far")
    return (
        f"订单 {order} 应于 {due} 前响应（{basis_zh(finding)}），实际响应：{zh}。",
        f"Order {order} was to be answered by {due} ({basis_en(finding)}); answered: {en}.",
    )


RULE = Rule(
    name="late-response",
    title_zh="未及时响应订单",
    title_en="Order answered late",
    record=Order,
    accused=("distributor", "manufacturer"),
    unit="order",
    values=("response_hours", "urgent_response_hours"),
    judge=judge,
    words=words,
)

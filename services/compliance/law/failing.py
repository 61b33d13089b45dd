"""When the supplier failed on an order in scope (rules.md, *Failed orders*).

It fails at the earlier of its first rejection that nothing excuses, and its delivery due if it was
not complete by then. One whose due is unjudged fails only by a rejection.
"""

from services.compliance.findings.finding import Missing
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.evidence import evidence_of
from services.compliance.records.failed import Failed
from shared.domain.records.order import Order
from shared.domain.records.order_facts import Rejected


def first_refusal(order: Order, terms: OrderTerms) -> Rejected | None:
    """Give the first rejection that nothing excuses, unless the order was cancelled before."""
    if not order.rejections:
        return None
    excused = terms.in_force.term("excused_reasons").value
    reasons = excused if isinstance(excused, list) else []
    refusal = next((told for told in order.rejections if told.reason not in reasons), None)
    if refusal is None or order.cancelled_by(refusal.telling.time):
        return None
    return refusal


def failed_by_refusal(order: Order, terms: OrderTerms) -> Failed | None:
    """Give the failure that the first unexcused rejection is."""
    refusal = first_refusal(order, terms)
    if refusal is None:
        return None
    at, told = refusal.telling.time, refusal.telling.told
    return Failed(
        at,
        terms.placed.quantity,
        order.received_by_day(),
        terms.heard_by(at, told),
        evidence_of(terms.placed, refusal),
    )


def failed_by_silence(order: Order, terms: OrderTerms) -> Failed | None:
    """Give the failure that the delivery due is, maybe ahead, if the order is not complete by it.

    None too where the order was rejected or cancelled by then, for whatever reason.
    """
    due, ordered = terms.delivery_due(), terms.placed.quantity
    if isinstance(due, Missing) or order.arrived_by(due.at) >= ordered:
        return None
    if order.rejected_by(due.at) or order.cancelled_by(due.at):
        return None
    return Failed(
        due.at,
        ordered,
        order.received_by_day(),
        terms.heard_by(due.at),
        evidence_of(terms.placed, *due.facts),
    )

"""What an order contributes to the supply of its product: one value with all of it."""

from collections.abc import Iterator
from typing import Any

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Standing
from services.compliance.judging.contributions.giver import Giver, Stale
from services.compliance.judging.contributions.stock_out import find_stock_out
from services.compliance.law.order_terms import Deadline
from services.compliance.law.periods import Month, due_month
from services.compliance.policies.policy import Policy
from services.compliance.records.supply import Served, StockOut
from shared.domain import calendar
from shared.domain.records.order_facts import Received


def give_supply(giver: Giver) -> list[Given]:
    """Give what an order adds to tallies and use, and its stock-out."""
    given: list[Given] = []
    parts: dict[str, Any] = {}
    stands = False
    if "delivered" in giver.takers:
        parts |= _delivered(giver, given)
    if "punctual" in giver.takers:
        parts |= _punctual(giver, given)
    if "quality" in giver.takers and giver.order.receipts:
        parts["inspected"] = _inspected(giver)
    if "accepted" in giver.always:
        parts["accepted"] = giver.accepted
    for found in find_stock_out(giver):
        if isinstance(found, StockOut):
            parts["stock_out"] = found
        elif found is None:
            stands = True
        else:
            given.append(found)
    served = _served(giver, parts)
    contribution = Contribution("supply", giver.terms.placed.product, None, served)
    if stands:
        given.append(Standing(contribution))
    elif served.says_something:
        given.append(contribution)
    return given


def _served(giver: Giver, parts: dict[str, Any]) -> Served:
    terms = giver.terms
    return Served(
        terms.order,
        terms.in_force.id,
        terms.manufacturer or "",
        terms.area,
        terms.placed.telling.told,
        **parts,
    )


def _delivered(giver: Giver, given: list[Given]) -> dict[str, Any]:
    """Tell how much of the order had come some days after it was due, of how much.

    What will have been told by then is not known yet; the month is judged only after it.
    """
    due, stale = giver.terms.delivery_due(), giver.stale
    if isinstance(due, Missing) or not isinstance(stale, Stale):
        given += giver.unjudged("delivered", stale if isinstance(stale, Missing) else None)
        return {}
    if giver.order.cancelled_by(due.at) or giver.excused_by(stale.at):
        return {}
    ordered = giver.terms.placed.quantity
    there = min(ordered, giver.order.arrived_by(stale.at))
    return {"month": due_month(due.at).number, "ordered": ordered, "delivered": there}


def _punctual(giver: Giver, given: list[Given]) -> dict[str, Any]:
    """Tell whether the whole order had come when it was due, and whether to a remote place."""
    due, terms = giver.terms.delivery_due(), giver.terms
    if isinstance(due, Missing):
        given += giver.unjudged("punctual", due)
        return {}
    if giver.order.cancelled_by(due.at) or giver.excused_by(due.at):
        return {}
    if terms.hospital is None:
        given += _of_nowhere(giver, due)
        return {}
    in_time = giver.order.arrived_by(due.at) >= terms.placed.quantity
    month = due_month(due.at).number
    return {"month": month, "remote": terms.hospital.remote, "in_time": in_time}


def _of_nowhere(giver: Giver, due: Deadline) -> Iterator[Given]:
    """Say that an order cannot count once it would, since nobody enrolled its hospital."""
    heard_by = giver.terms.heard_by(due.at)
    if giver.moment.now <= due.at or giver.moment.heard < heard_by:
        yield Watch(heard_by, silent=True)
    else:
        yield from giver.unjudged("punctual", Missing("hospital.remote"))


def _inspected(giver: Giver) -> dict[int, tuple[int, int]]:
    """Add up by month what was inspected, and what was rejected for its quality."""
    months: dict[int, tuple[int, int]] = {}
    for receipt in giver.order.receipts.values():
        month = Month.of(calendar.day_of(receipt.telling.time)).number
        bad = receipt.rejected and _rejected_for_quality(receipt, giver.terms.in_force)
        inspected, rejected = months.get(month, (0, 0))
        months[month] = (inspected + receipt.accepted + receipt.rejected, rejected + bad)
    return months


def _rejected_for_quality(receipt: Received, policy: Policy) -> int:
    told, reason = policy.term("quality_reasons").value, (receipt.reason or "").lower()
    words = [str(word) for word in told] if isinstance(told, list) else []
    return receipt.rejected if any(word in reason for word in words) else 0

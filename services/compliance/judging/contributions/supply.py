"""What an order contributes to the supply of its product: one value with all of it."""

from collections.abc import Iterator

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Standing
from services.compliance.judging.contributions.giver import Giver, Stale
from services.compliance.judging.contributions.stock_out import find_stock_out
from services.compliance.law.order_terms import Deadline, OrderTerms
from services.compliance.law.periods import due_month_number, month_number
from services.compliance.policies.policy import Policy
from services.compliance.records.supply import Served, StockOut
from shared.domain import calendar
from shared.domain.records.order_facts import Received


def give_supply(giver: Giver) -> list[Given]:
    """Give what an order adds to tallies and use, and its stock-out."""
    given: list[Given] = []
    terms, takers = giver.terms, giver.takers
    delivered = _delivered(giver, given) if "delivered" in takers else None
    remote, in_time = _punctual(giver, given) if "punctual" in takers else (None, False)
    inspected = "quality" in takers and giver.order.receipts
    stock_out, stands = _stock_out(giver, given)
    served = Served(
        terms.order,
        terms.in_force.id,
        terms.manufacturer or "",
        terms.area,
        terms.placed.telling.told,
        0 if delivered is None and remote is None else _month_due(terms),
        None if delivered is None else terms.placed.quantity,
        delivered or 0,
        remote,
        in_time,
        _inspected(giver) if inspected else {},
        giver.accepted if "accepted" in giver.always else {},
        stock_out,
    )
    contribution = Contribution("supply", terms.placed.product, None, served)
    if stands:
        given.append(Standing(contribution))
    elif served.says_something:
        given.append(contribution)
    return given


def _stock_out(giver: Giver, given: list[Given]) -> tuple[StockOut | None, bool]:
    """Give the order's stock-out, and whether the one that was given before stands."""
    stock_out, stands = None, False
    for found in find_stock_out(giver):
        if isinstance(found, StockOut):
            stock_out = found
        elif found is None:
            stands = True
        else:
            given.append(found)
    return stock_out, stands


def _month_due(terms: OrderTerms) -> int:
    """Give the number of the month in which the delivery of an order was due that has a due."""
    due = terms.delivery_due()
    return 0 if isinstance(due, Missing) else due_month_number(due.at)


def _delivered(giver: Giver, given: list[Given]) -> int | None:
    """Tell how much of the order had come some days after it was due; None if it is left out.

    What will have been told by then is not known yet; the month is judged only after it.
    """
    due, stale = giver.terms.delivery_due(), giver.stale
    if isinstance(due, Missing) or not isinstance(stale, Stale):
        given += giver.unjudged("delivered", stale if isinstance(stale, Missing) else None)
        return None
    if giver.order.cancelled_by(due.at) or giver.excused_by(stale.at):
        return None
    ordered = giver.terms.placed.quantity
    if giver.came_in_time and stale.at >= due.at:
        return ordered
    return min(ordered, giver.order.arrived_by(stale.at))


def _punctual(giver: Giver, given: list[Given]) -> tuple[bool | None, bool]:
    """Tell whether the order was for a remote place, and whether all had come when it was due.

    The first is None if it is left out.
    """
    due, terms = giver.terms.delivery_due(), giver.terms
    if isinstance(due, Missing):
        given += giver.unjudged("punctual", due)
        return None, False
    if giver.order.cancelled_by(due.at) or giver.excused_by(due.at):
        return None, False
    if terms.hospital is None:
        given += _of_nowhere(giver, due)
        return None, False
    return terms.hospital.remote, giver.came_in_time


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
        month = month_number(calendar.day_of(receipt.telling.time))
        bad = receipt.rejected and _rejected_for_quality(receipt, giver.terms.in_force)
        inspected, rejected = months.get(month, (0, 0))
        months[month] = (inspected + receipt.accepted + receipt.rejected, rejected + bad)
    return months


def _rejected_for_quality(receipt: Received, policy: Policy) -> int:
    told, reason = policy.term("quality_reasons").value, (receipt.reason or "").lower()
    words = [str(word) for word in told] if isinstance(told, list) else []
    return receipt.rejected if any(word in reason for word in words) else 0

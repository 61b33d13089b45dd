"""In which months orders count among what was judged: by hand, from what was told and found."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime

from services.compliance.findings.violation import Violation
from services.sources.province.terms import TERMS
from shared.domain import calendar
from shared.domain import events as say
from shared.domain.cloudevents import Event


def in_scope(told: list[Event]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Month and distributor of each order placed in a cycle of its product."""
    gone = {
        event.data.product: event.time
        for event in told
        if isinstance(event.data, say.ProductDeselected)
    }
    cycles = [event.data for event in told if isinstance(event.data, say.ProductSelected)]
    for event in told:
        data, day = event.data, calendar.day_of(event.time)
        if isinstance(data, say.OrderPlaced) and any(
            cycle.product == data.product
            and cycle.cycle_start <= day < cycle.cycle_end
            and event.time < gone.get(data.product, calendar.LATEST)
            for cycle in cycles
        ):
            yield data.order, (day.isoformat()[:7], data.distributor)


def moved_by_goods(told: list[Event]) -> Counter[str]:
    """By how much the months of `in_scope` change where goods stand for an order of none, or late.

    Goods that nobody ordered count as an order of their month; those that were ordered too late
    count instead of their order.
    """
    placed = {e.data.order: e.time for e in told if isinstance(e.data, say.OrderPlaced)}
    first: dict[str, datetime] = {}
    for event in told:
        data = event.data
        if isinstance(data, say.InvoiceIssued) or (
            isinstance(data, say.DeliveryReceived) and data.quantity_accepted > 0
        ):
            first[data.order] = min(event.time, first.get(data.order, calendar.LATEST))
    moved: Counter[str] = Counter()
    for order, came in first.items():
        ordered = placed.get(order)
        if ordered is None or ordered > came + TERMS.order_settles:
            moved[month_of(came)] += 1
            if ordered is not None:
                moved[month_of(ordered)] -= 1
    return moved


def shipped_by_others(told: list[Event], orders: dict[str, tuple[str, str]]) -> Counter[str]:
    """How many orders were shipped by another than their distributor, each month and other once."""
    shipments = {
        (data.order, data.distributor, month_of(event.time))
        for event in told
        if isinstance(data := event.data, say.ShipmentDispatched) and data.order in orders
    }
    return Counter(month for order, other, month in shipments if other != orders[order][1])


def moved_by_findings(
    found: Iterable[Violation], orders: dict[str, tuple[str, str]]
) -> Counter[str]:
    """By how much the months change where each order counts when something was found of it."""
    months: defaultdict[str, list[str]] = defaultdict(list)
    for one in found:
        months[one.order or ""].append(month_of(one))
    moved: Counter[str] = Counter()
    for order, when in months.items():
        moved.update(when)
        moved[orders[order][0]] -= 1
    return moved


def month_of(one: datetime | Violation) -> str:
    """The month (China) of an instant, or in which what was found occurred."""
    at = one if isinstance(one, datetime) else datetime.fromisoformat(one.occurred_at)
    return calendar.day_of(at).isoformat()[:7]

"""Purchase progress reckoned by brute force, from raw events and by nothing of ours.

Which telling holds is decided here anew, by docs/events.md.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

Told = Mapping[str, Any]

ONCE = {
    "vbp.order.placed.v1": None,
    "vbp.order.cancelled.v1": None,
    "vbp.delivery.received.v1": "receipt",
    "vbp.goods.returned.v1": "return",
}


def order_of(event: Told) -> tuple[datetime, str, str, bytes]:
    """What orders two tellings."""
    said = json.dumps(event["data"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    time = datetime.fromisoformat(event["time"]).astimezone(UTC)
    return time, event["source"], event["id"], hashlib.sha256(said.encode()).digest()


def day(event: Told) -> date:
    """The Shanghai day on which it happened."""
    time = datetime.fromisoformat(event["time"]).astimezone(UTC)
    return (time + timedelta(hours=8)).date()


def holding(
    events: Iterable[Told], kind: str, key: Callable[[Told], Any], *, last: bool = False
) -> dict[Any, Told]:
    """The telling that holds of each thing of a kind."""
    found: dict[Any, list[Told]] = defaultdict(list)
    for event in events:
        if event["type"] == kind:
            found[event["data"]["jurisdiction"], key(event["data"])].append(event)
    pick = max if last else min
    return {thing: pick(told, key=order_of) for thing, told in found.items()}


def month(when: date) -> int:
    return when.year * 100 + when.month


Rows = dict[tuple[Any, ...], list[Any]]


def purchases(events: Sequence[Told]) -> tuple[Rows, Rows]:
    """The rows of `purchase`, and what agreements have come to in each month, by their keys."""
    placed = holding(events, "vbp.order.placed.v1", lambda data: data["order"])
    cancelled = holding(events, "vbp.order.cancelled.v1", lambda data: data["order"])
    receipts = holding(
        events, "vbp.delivery.received.v1", lambda data: (data["order"], data["receipt"])
    )
    returns = holding(events, "vbp.goods.returned.v1", lambda data: (data["order"], data["return"]))
    agreements = holding(
        events, "vbp.agreement.signed.v1", lambda data: data["agreement"], last=True
    )
    bought: Rows = defaultdict(lambda: [0] * 5 + [Decimal(0)] * 3)
    completed: Rows = defaultdict(lambda: [0, 0, Decimal(0), Decimal(0)])
    for thing, order in placed.items():
        row = bought[_key(order, month(day(order)))]
        row[0] += 1
        row[1] += order["data"]["quantity"]
        row[2] += order["data"]["quantity"] if thing in cancelled else 0
        row[5] += order["data"]["quantity"] * Decimal(order["data"]["unit_price"])
    for goods, at, name in ((receipts, 0, "quantity_accepted"), (returns, 1, "quantity")):
        for (where, (of, _)), told in goods.items():
            quantity = told["data"][name]
            if (where, of) not in placed or not quantity:
                continue
            order = placed[where, of]
            amount = quantity * Decimal(order["data"]["unit_price"])
            row = bought[_key(order, month(day(told)))]
            row[3 + at] += quantity
            row[6 + at] += amount
            for (_, name_), signed in agreements.items():
                if _covers(signed, order, day(told)):
                    row = completed[where, name_, month(day(told))]
                    row[at] += quantity
                    row[2 + at] += amount
    return bought, completed


def to_date(completed: Rows) -> set[tuple[Any, ...]]:
    """What agreements have come to, summed from January to the end of each month of their year."""
    found: Rows = defaultdict(lambda: [0, 0, Decimal(0), Decimal(0)])
    for (where, agreement, number), sums in completed.items():
        for later in range(number, number // 100 * 100 + 13):
            row = found[where, later, agreement]
            row[:] = [one + other for one, other in zip(row, sums, strict=True)]
    return {(*key, *row) for key, row in found.items()}


def _key(order: Told, number: int) -> tuple[Any, ...]:
    data = order["data"]
    names = ("hospital", "area", "product", "distributor")
    return data["jurisdiction"], number, *(data[name] for name in names)


def rolled_up(rows: Iterable[Sequence[Any]], keys: Sequence[int], sums: int) -> set[Any]:
    """Rows summed by some of their columns; the last `sums` columns are what is summed."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for row in rows:
        held = found.setdefault(tuple(row[at] for at in keys), [0] * sums)
        for at, value in enumerate(row[len(row) - sums :]):
            held[at] += value
    return {(*key, *held) for key, held in found.items() if any(held)}


def _covers(signed: Told, order: Told, when: date) -> bool:
    one, other = signed["data"], order["data"]
    same = all(one[name] == other[name] for name in ("jurisdiction", "product", "hospital"))
    return same and date.fromisoformat(one["start"]) <= when < date.fromisoformat(one["end"])

"""Which tellings are known at an instant, and which of several holds."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from tests.support.oracle.law import Policy

Found = TypeVar("Found")

SHANGHAI = ZoneInfo("Asia/Shanghai")


@lru_cache(maxsize=1 << 16)
def day_of(instant: datetime) -> date:
    """The Asia/Shanghai day in which an aware instant lies."""
    return instant.astimezone(SHANGHAI).date()


@lru_cache(maxsize=1 << 16)
def midnight_of(day: date | str) -> datetime:
    """The first instant of an Asia/Shanghai day, in UTC."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)


def instant_of(text: str) -> datetime:
    """An instant with offset, or a date taken as its first instant, in UTC."""
    is_date = "T" not in text
    return midnight_of(text) if is_date else datetime.fromisoformat(text).astimezone(UTC)


def text_of(instant: datetime) -> str:
    """An instant as findings write it: UTC, microseconds and Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


@dataclass(frozen=True)
class Telling:
    """One event as told; `kind` is the type without `vbp.` and `.v1`, `told` the later instant."""

    kind: str
    time: datetime
    told: datetime
    source: str
    id: str
    digest: str
    data: Mapping[str, Any]

    @property
    def rank(self) -> tuple[datetime, str, str, str]:
        """The place in the order of tellings."""
        return (self.time, self.source, self.id, self.digest)


def known(events: Iterable[dict[str, Any]], as_of: datetime) -> list[Telling]:
    """Every telling told until `as_of`, once each, in the order of tellings."""
    tellings: dict[tuple[Any, ...], Telling] = {}
    for event in events:
        telling = _telling(event)
        if telling.told > as_of:
            continue
        key = (telling.kind, *telling.rank)
        # The same telling may have been written down twice: it was told when first written.
        if key not in tellings or telling.told < tellings[key].told:
            tellings[key] = telling
    return sorted(tellings.values(), key=lambda telling: telling.rank)


def _telling(event: dict[str, Any]) -> Telling:
    time = instant_of(event["time"])
    recorded = event.get("recordedtime")
    text = json.dumps(event["data"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return Telling(
        kind=event["type"].removeprefix("vbp.").removesuffix(".v1"),
        time=time,
        told=time if recorded is None else max(time, instant_of(recorded)),
        source=event["source"],
        id=event["id"],
        digest=hashlib.sha256(text.encode()).hexdigest(),
        data=event["data"],
    )


@dataclass(frozen=True)
class Receipt:
    """One receipt: the instant of acceptance, of arrival, and what was accepted."""

    time: datetime
    arrived: datetime
    accepted: int


@dataclass(frozen=True)
class Order:
    """One order with everything told about it; instants aware, quantities in base units.

    `told` holds the tellings themselves: shipments, receipts, returns, invoices.
    """

    id: str
    placed: datetime
    day: date
    data: Mapping[str, Any]
    accepted: list[datetime]
    rejections: list[tuple[datetime, str]]
    cancelled: datetime | None
    shipped: list[datetime]
    receipts: list[Receipt]
    returns: list[tuple[datetime, int]]
    invoices: list[tuple[str, datetime, str]]
    told: Mapping[str, list[Telling]]

    def was_cancelled_by(self, instant: datetime) -> bool:
        """Whether it was cancelled at or before the instant."""
        return self.cancelled is not None and self.cancelled <= instant

    def was_rejected_by(self, instant: datetime) -> bool:
        """Whether it was rejected, for whatever reason, at or before the instant."""
        return any(time <= instant for time, _ in self.rejections)

    def was_shipped_by(self, instant: datetime) -> bool:
        """Whether anything was dispatched at or before the instant."""
        return any(time <= instant for time in self.shipped)

    def had_arrived_by(self, instant: datetime) -> bool:
        """Whether anything, accepted or not, had arrived at or before the instant."""
        return any(receipt.arrived <= instant for receipt in self.receipts)

    def quantity_there_at(self, instant: datetime) -> int:
        """The accepted quantity that had arrived at or before the instant."""
        return sum(receipt.accepted for receipt in self.receipts if receipt.arrived <= instant)


@dataclass
class World:
    """What is known of one jurisdiction at the moment of asking, `now`."""

    jurisdiction: str
    tellings: list[Telling]
    now: datetime
    policy: Policy
    unjudged: set[tuple[str, str]] = field(default_factory=set)
    _found: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def every(self, kind: str) -> list[Telling]:
        """All tellings of a kind, in the order of tellings."""
        return self.once(
            ("every", kind), lambda: [telling for telling in self.tellings if telling.kind == kind]
        )

    def first(self, kind: str, *identity: str) -> list[Telling]:
        """Of each thing, told apart by the fields of `identity`, the first telling."""
        return self.once(("first", kind), lambda: _one_each(self.every(kind)[::-1], identity))

    def last(self, kind: str, *identity: str) -> list[Telling]:
        """Of each thing, told apart by the fields of `identity`, the last telling."""
        return self.once(("last", kind), lambda: _one_each(self.every(kind), identity))

    @property
    def orders(self) -> list[Order]:
        """Every order placed."""
        placed = self.first("order.placed", "order")
        return self.once(("orders",), lambda: [_order(self, telling) for telling in placed])

    def once(self, key: tuple[str, ...], find: Callable[[], Found]) -> Found:
        """The answer to a question that is asked again and again while nothing changes."""
        if key not in self._found:
            self._found[key] = find()
        found: Found = self._found[key]
        return found


def _one_each(tellings: list[Telling], identity: tuple[str, ...]) -> list[Telling]:
    """Of each thing the telling that comes last in the list given, in the order of tellings."""
    held = {}
    for telling in tellings:
        held[tuple(telling.data[name] for name in identity)] = telling
    return sorted(held.values(), key=lambda telling: telling.rank)


def _order(world: World, placed: Telling) -> Order:
    order = placed.data["order"]

    def of(tellings: list[Telling]) -> list[Telling]:
        return [telling for telling in tellings if telling.data["order"] == order]

    cancelled = of(world.first("order.cancelled", "order"))
    rejected = of(world.every("order.rejected"))
    returned = of(world.first("goods.returned", "order", "return"))
    billed = of(world.first("invoice.issued", "order", "invoice"))
    return Order(
        id=order,
        placed=placed.time,
        day=day_of(placed.time),
        data=placed.data,
        accepted=[t.time for t in of(world.first("order.accepted", "order"))],
        rejections=[(t.time, t.data["reason"]) for t in rejected],
        cancelled=cancelled[0].time if cancelled else None,
        shipped=[t.time for t in of(world.first("shipment.dispatched", "order", "shipment"))],
        receipts=[_receipt(t) for t in of(world.first("delivery.received", "order", "receipt"))],
        returns=[(t.time, t.data["quantity"]) for t in returned],
        invoices=[(t.data["invoice"], t.time, t.data["unit_price"]) for t in billed],
        told={
            "shipments": of(world.first("shipment.dispatched", "order", "shipment")),
            "receipts": of(world.first("delivery.received", "order", "receipt")),
            "returns": returned,
            "invoices": billed,
        },
    )


def _receipt(telling: Telling) -> Receipt:
    arrived = telling.data.get("arrived_at")
    return Receipt(
        time=telling.time,
        arrived=telling.time if arrived is None else instant_of(arrived),
        accepted=telling.data["quantity_accepted"],
    )

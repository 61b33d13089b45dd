"""Shipments: what left, what of it was received, and what is missing, order by order."""

from datetime import datetime
from typing import NamedTuple

import msgspec
from msgspec import Struct

from services.delivery.scorecards import OWN_LINES, QUERIES
from shared.adapters.reading import Database
from shared.adapters.tenancy import Own, among
from shared.domain.calendar import LATEST
from shared.domain.records.order import Order

PAGE = 100
"""Orders of which one page tells."""

_record = msgspec.msgpack.Decoder(Order).decode


class ShipmentsAsked(NamedTuple):
    """What is asked for; `after` is the order behind which a page begins."""

    jurisdiction: str
    order: str | None = None
    month: int | None = None
    distributor: str | None = None
    product: str | None = None
    hospital: str | None = None
    after: str = ""


class Shipment(Struct, frozen=True):
    """Goods that left: when (UTC), how much, by whom; `source` and `id` name the event."""

    shipment: str
    shipped_at: datetime
    quantity: int
    distributor: str | None
    source: str
    id: str


class Receipt(Struct, frozen=True):
    """Goods that came: when they arrived, when they were checked (UTC), and what was rejected."""

    receipt: str
    arrived_at: datetime
    checked_at: datetime
    accepted: int
    rejected: int
    reason: str | None
    source: str
    id: str


class ShippedOrder(Struct, frozen=True):
    """An order with its shipments and receipts; `missing` is ordered less accepted, if any."""

    order: str
    product: str | None
    hospital: str | None
    area: str | None
    distributor: str | None
    ordered: int | None
    missing: int | None
    shipments: list[Shipment]
    receipts: list[Receipt]


class Shipments(Struct, frozen=True):
    """Orders in the order of their names; `next_after` begins the next page, null at the end."""

    jurisdiction: str
    orders: list[ShippedOrder]
    next_after: str | None


async def shipments(database: Database, asked: ShipmentsAsked, own: Own | None = None) -> Shipments:
    """Give a page; `own` says whose orders alone are shown, None: everybody's."""
    whose, values = among(own, OWN_LINES, len(asked) + 2)
    query = QUERIES["shipments"].format(own=whose)
    rows = await database.fetch(query, *asked, PAGE + 1, *values)
    shown = [
        _shown(row["order"], row["area"], _record(row["record"]).without_voided(LATEST))
        for row in rows[:PAGE]
    ]
    return Shipments(asked.jurisdiction, shown, shown[-1].order if len(rows) > PAGE else None)


def _shown(name: str, area: str | None, record: Order) -> ShippedOrder:
    order = record.without_voided(LATEST)
    placed = order.placed
    left = sorted(order.shipments.items(), key=lambda item: item[1].telling.order_key)
    come = sorted(order.receipts.items(), key=lambda item: item[1].telling.order_key)
    there = sum(fact.accepted for fact in order.receipts.values())
    return ShippedOrder(
        name,
        None if placed is None else placed.product,
        None if placed is None else placed.hospital,
        area,
        None if placed is None else placed.distributor,
        None if placed is None else placed.quantity,
        None if placed is None else max(0, placed.quantity - there),
        [
            Shipment(
                key,
                fact.telling.time,
                fact.quantity,
                fact.distributor,
                fact.telling.source,
                fact.telling.id,
            )
            for key, fact in left
        ],
        [
            Receipt(
                key,
                fact.arrived_at,
                fact.telling.time,
                fact.accepted,
                fact.rejected,
                fact.reason,
                fact.telling.source,
                fact.telling.id,
            )
            for key, fact in come
        ],
    )

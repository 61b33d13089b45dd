"""The life of one order: placed, answered, shipped, accepted, paid, each with its event."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from services.orders.payments import Paid, payment_of
from shared.adapters import postgres
from shared.adapters.reading import Database
from shared.domain.calendar import LATEST
from shared.domain.errors import InvalidArgumentError
from shared.domain.records.order import Order
from shared.domain.records.order_facts import (
    Cancelled,
    Invoiced,
    Placed,
    Received,
    Rejected,
    Returned,
    Shipped,
)
from shared.domain.records.telling import Fact

QUERIES = postgres.queries(Path(__file__).with_name("answers.sql"))

Step = Literal[
    "placed", "accepted", "rejected", "cancelled", "shipped", "received", "returned", "invoiced",
    "paid",
]  # fmt: skip

_record = msgspec.msgpack.Decoder(Order).decode

STEPS: dict[str, Step] = {
    "vbp.order.placed.v1": "placed",
    "vbp.order.accepted.v1": "accepted",
    "vbp.order.rejected.v1": "rejected",
    "vbp.order.cancelled.v1": "cancelled",
    "vbp.shipment.dispatched.v1": "shipped",
    "vbp.delivery.received.v1": "received",
    "vbp.goods.returned.v1": "returned",
    "vbp.invoice.issued.v1": "invoiced",
    "vbp.payment.made.v1": "paid",
}


class Event(Struct, frozen=True):
    """Which event tells a step: its type, source and id, and when it reached the bus (UTC)."""

    type: str
    source: str
    id: str
    told: datetime


class StepShown(Struct, frozen=True):
    """One step; `at` in UTC, quantities in base units, `reason` of a refusal or a rejection."""

    step: Step
    at: datetime
    event: Event
    quantity: int | None = None
    rejected: int | None = None
    reason: str | None = None
    amount: Decimal | None = None


class OrderShown(Struct, frozen=True):
    """An order as it stands: what was ordered, how far it has come, and every step of its life."""

    jurisdiction: str
    order: str
    status: str
    shipped: int
    accepted: int
    returned: int
    steps: list[StepShown]
    product: str | None = None
    hospital: str | None = None
    area: str | None = None
    distributor: str | None = None
    agreement: str | None = None
    quantity: int | None = None
    unit_price: Decimal | None = None
    urgent: bool | None = None


class Life(NamedTuple):
    """An order as it stands, and who makes its product as last told (None: nobody told)."""

    order: OrderShown
    manufacturer: str | None


async def life(
    database: Database, order: str, jurisdiction: str | None, seen: Collection[str] | None = None
) -> Life | None:
    """Give an order of one of the jurisdictions `seen` (None: all), None where nobody told of it.

    Raises InvalidArgumentError where several jurisdictions have one of that name.
    """
    rows = await database.fetch(QUERIES["life"], order, jurisdiction, seen)
    if not rows:
        return None
    if len(rows) > 1:
        names = ", ".join(sorted(row["jurisdiction"] for row in rows))
        raise InvalidArgumentError(f"several jurisdictions have this order: add one of {names}")
    where = rows[0]["jurisdiction"]
    paid = await database.fetch(QUERIES["payments"], where, order)
    held = [payment_of(row["body"]).holds for row in paid]
    record = _record(rows[0]["record"]).without_voided(LATEST)
    told = [one for one in held if one is not None]
    return Life(shown(where, order, record, told), rows[0]["manufacturer"])


def shown(where: str, name: str, order: Order, payments: Iterable[Paid]) -> OrderShown:
    """Show an order with the payments that name it."""
    paid, placed = list(payments), order.placed
    steps = sorted(_steps(order, paid), key=lambda step: (step.at, step.event.type, step.event.id))
    about = () if placed is None else _about(placed)
    return OrderShown(
        where,
        name,
        _status(order, paid),
        sum(fact.quantity for fact in order.shipments.values()),
        sum(fact.accepted for fact in order.receipts.values()),
        sum(fact.quantity for fact in order.returns.values()),
        steps,
        *about,
    )


def _about(placed: Placed) -> tuple[Any, ...]:
    return (
        placed.product,
        placed.hospital,
        placed.area,
        placed.distributor,
        placed.agreement,
        placed.quantity,
        placed.unit_price,
        placed.urgent,
    )


def _status(order: Order, paid: list[Paid]) -> str:
    """Give the furthest step: what is told of goods and money outweighs what was announced."""
    if paid:
        return "paid"
    if any(fact.accepted for fact in order.receipts.values()):
        wanted = None if order.placed is None else order.placed.quantity
        there = sum(fact.accepted for fact in order.receipts.values())
        return "accepted" if wanted is None or there >= wanted else "partly-accepted"
    if order.cancelled is not None:
        return "cancelled"
    if order.receipts or order.shipments:
        return "shipped"
    if order.rejections:
        return "rejected"
    return "answered" if order.accepted is not None else "placed"


def _steps(order: Order, paid: Iterable[Paid]) -> Iterator[StepShown]:
    for fact in (*order.facts(), *paid):
        telling = fact.telling
        event = Event(fact.says, telling.source, telling.id, telling.told)
        yield StepShown(STEPS[fact.says], telling.time, event, **_said(fact))


def _said(fact: Fact) -> dict[str, Any]:
    match fact:
        case Rejected():
            return {"reason": fact.reason}
        case Received():
            return {"quantity": fact.accepted, "rejected": fact.rejected, "reason": fact.reason}
        case Shipped() | Returned() | Invoiced():
            return {"quantity": fact.quantity}
        case Paid():
            return {"amount": fact.amount}
        case Cancelled():
            return {}
        case _:
            quantity = getattr(fact, "quantity", None)
            return {} if quantity is None else {"quantity": quantity}

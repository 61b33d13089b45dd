"""What was told of an order: all facts as they hold, and what contradicts them."""

from collections.abc import Callable, Iterator
from datetime import datetime
from decimal import Decimal
from itertools import chain
from typing import Any, TypeVar

from msgspec import Struct

from shared.domain import calendar
from shared.domain import events as say
from shared.domain.records.contested import Contested, Contradiction
from shared.domain.records.order_facts import (
    Accepted,
    Cancelled,
    Invoiced,
    Placed,
    Received,
    Rejected,
    Returned,
    Shipped,
)
from shared.domain.records.telling import Fact, Telling, all_told, first

F = TypeVar("F", bound=Fact)


class OrderTold(Struct, array_like=True):
    """The facts of one order; rejections are all kept, of all else the first telling."""

    placed: Placed | None = None
    accepted: Accepted | None = None
    cancelled: Cancelled | None = None
    rejections: list[Rejected] = []
    shipments: dict[str, Shipped] = {}
    receipts: dict[str, Received] = {}
    returns: dict[str, Returned] = {}
    invoices: dict[str, Invoiced] = {}
    latest: datetime = calendar.EPOCH
    contested: Contested | None = None

    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take a fact in; order and repetition of facts do not matter."""
        self.latest = max(self.latest, telling.time)
        _MERGE[type(data)](self, telling, data)

    def facts(self) -> Iterator[Fact]:
        """All facts, in no order."""
        single = (fact for fact in (self.placed, self.accepted, self.cancelled) if fact is not None)
        several = (self.shipments, self.receipts, self.returns, self.invoices)
        return chain(single, self.rejections, *(kept.values() for kept in several))

    def contradictions(self) -> Iterator[Contradiction]:
        """Give what was told otherwise or of another product; almost always nothing."""
        if self.contested is None:
            return iter(())
        holding = {thing: fact.telling for thing, fact in _by_thing(self)}
        placed = self.placed
        if placed is not None:
            holding[placed.says] = placed.telling
        return self.contested.contradictions(holding, None if placed is None else placed.telling)


def _by_thing(order: OrderTold) -> Iterator[tuple[str, Fact]]:
    """Give every fact that holds, but the order itself, by what it is about."""
    for single in (order.accepted, order.cancelled):
        if single is not None:
            yield single.says, single
    for rejection in reversed(order.rejections):
        yield _thing(rejection), rejection
    several: tuple[dict[str, Any], ...]
    several = (order.shipments, order.receipts, order.returns, order.invoices)
    for kept in several:
        for key, fact in kept.items():
            yield _thing(fact, key), fact


def _thing(fact: Fact, key: str = "") -> str:
    """Name what a fact is about; rejections are all kept, and told apart by their contents."""
    if isinstance(fact, Rejected):
        key = fact.telling.digest.hex()
    return f"{fact.says} {key}" if key else fact.says


def _holds(order: OrderTold, held: F | None, told: F, key: str = "") -> F:
    """Give which of two tellings of one thing holds, and note where they say different things."""
    if held is None:
        return told
    if held.telling.digest != told.telling.digest:
        order.contested = order.contested or Contested()
        order.contested.tell_otherwise(_thing(told, key), held.telling, told.telling)
    return first(held, told)


def _check_product(
    order: OrderTold, told: Fact, held: Fact | None, product: str, key: str = ""
) -> None:
    """Note a fact that holds and is on another product than its order's."""
    placed, contested = order.placed, order.contested
    if placed is not None and placed.product == product and contested is None:
        return
    if held is told:
        usual = placed.product if placed is not None else contested.product if contested else ""
        _note_products(order, {**_products(order, usual), _thing(told, key): product})


def _products(order: OrderTold, usual: str) -> dict[str, str]:
    """Give the product of each fact; what was told before any was noted is left out."""
    noted = {} if order.contested is None else order.contested.products
    products = {thing: noted.get(thing, usual) for thing, _ in _by_thing(order)}
    return {thing: product for thing, product in products.items() if product}


def _note_products(order: OrderTold, products: dict[str, str]) -> None:
    contested = order.contested or Contested()
    contested.tell_products(products, None if order.placed is None else order.placed.product)
    order.contested = None if contested.is_void else contested


def _place(order: OrderTold, telling: Telling, data: say.OrderPlaced) -> None:
    due = None if data.deliver_by is None else calendar.deadline(data.deliver_by)
    placed = Placed(
        telling,
        data.product,
        data.hospital,
        data.area,
        data.distributor,
        data.quantity,
        Decimal(data.unit_price),
        data.urgency == "urgent",
        due,
        data.agreement,
        data.channel,
    )
    before = order.placed
    order.placed = _holds(order, before, placed)
    if order.contested is not None or (before is not None and order.placed is placed):
        noted = "" if order.contested is None else order.contested.product
        _note_products(order, _products(order, noted if before is None else before.product))


def _accept(order: OrderTold, telling: Telling, data: say.OrderAccepted) -> None:
    accepted = Accepted(telling)
    order.accepted = _holds(order, order.accepted, accepted)
    _check_product(order, accepted, order.accepted, data.product)


def _reject(order: OrderTold, telling: Telling, data: say.OrderRejected) -> None:
    rejected = Rejected(telling, data.reason)
    order.rejections = all_told(order.rejections, rejected)
    _check_product(order, rejected, rejected, data.product)


def _cancel(order: OrderTold, telling: Telling, data: say.OrderCancelled) -> None:
    cancelled = Cancelled(telling)
    order.cancelled = _holds(order, order.cancelled, cancelled)
    _check_product(order, cancelled, order.cancelled, data.product)


def _take(order: OrderTold, kept: dict[str, F], key: str, told: F, product: str) -> None:
    held, placed = kept.get(key), order.placed
    if held is None and order.contested is None and placed and placed.product == product:
        # Almost every fact is the first telling of its thing, and on its order's product.
        kept[key] = told
        return
    kept[key] = _holds(order, held, told, key)
    _check_product(order, told, kept[key], product, key)


def _ship(order: OrderTold, telling: Telling, data: say.ShipmentDispatched) -> None:
    shipped = Shipped(telling, data.quantity, data.distributor)
    _take(order, order.shipments, data.shipment, shipped, data.product)


def _receive(order: OrderTold, telling: Telling, data: say.DeliveryReceived) -> None:
    arrived = telling.time if data.arrived_at is None else calendar.utc(data.arrived_at)
    order.latest = max(order.latest, arrived)
    received = Received(
        telling,
        data.quantity_accepted,
        arrived,
        data.quantity_rejected,
        # A reason is only asked for where something was rejected, and may be long.
        data.rejection_reason if data.quantity_rejected else None,
        data.product,
        data.hospital,
    )
    _take(order, order.receipts, data.receipt, received, data.product)


def _return(order: OrderTold, telling: Telling, data: say.GoodsReturned) -> None:
    returned = Returned(telling, data.quantity, data.receipt)
    _take(order, order.returns, data.return_, returned, data.product)


def _invoice(order: OrderTold, telling: Telling, data: say.InvoiceIssued) -> None:
    invoiced = Invoiced(
        telling,
        data.quantity,
        Decimal(data.unit_price),
        data.receipt,
        data.product,
        data.hospital,
    )
    _take(order, order.invoices, data.invoice, invoiced, data.product)


_MERGE: dict[type, Callable[[OrderTold, Telling, Any], None]] = {
    say.OrderPlaced: _place,
    say.OrderAccepted: _accept,
    say.OrderRejected: _reject,
    say.OrderCancelled: _cancel,
    say.ShipmentDispatched: _ship,
    say.DeliveryReceived: _receive,
    say.GoodsReturned: _return,
    say.InvoiceIssued: _invoice,
}

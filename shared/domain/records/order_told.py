"""What was told of an order: all facts as they hold, and what contradicts them.

Of what was told again, later than what holds, the first tellings are kept: they hold where those
before them are taken back (voids.py).
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import chain
from typing import Any, Self, TypeVar, cast

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
from shared.domain.records.told_again import Told, ToldAgain
from shared.domain.records.voids import VoidData, Voids, take_back, told_first

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
    again: dict[str, list[ToldAgain]] | None = None
    voids: Voids | None = None

    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take a fact in; order and repetition of facts do not matter."""
        self.latest = max(self.latest, telling.time)
        _MERGE[type(data)](self, telling, data)

    def tellings(self) -> Iterator[Fact]:
        """All facts, and those that hold where others are taken back."""
        return (told.fact for told in _all_told(self))

    def placings(self) -> list[Placed]:
        """Every telling of the order itself; the first holds unless it is taken back."""
        placings = [] if self.placed is None else [self.placed]
        if self.again is not None:
            later = self.again.get(Placed.says, ())
            placings += (cast(Placed, again.told().fact) for again in later)
        return placings

    def without_voided(self, now: datetime) -> Self:
        """Give the order as if nobody had told what is taken back at `now`."""
        if self.voids is None:
            return self
        standing = type(self)(latest=self.latest)
        for told in _all_told(self):
            if self.voids.of(told.fact, now) is None:
                _TAKE[type(told.fact)](standing, *told)
        return standing

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


def _all_told(order: OrderTold) -> Iterator[Told]:
    """Give all facts of an order: those that hold, then what was told again."""
    noted = order.contested
    products = {} if noted is None else noted.products
    usual = "" if noted is None else noted.product
    if order.placed is not None:
        usual = order.placed.product
        yield Told(order.placed, usual)
    for thing, fact in _by_thing(order):
        _, _, key = thing.partition(" ")
        yield Told(fact, products.get(thing, usual), key)
    for kept in (order.again or {}).values():
        for again in kept:
            yield again.told()


def _holds(order: OrderTold, held: F | None, told: F, product: str, key: str = "") -> F:
    """Give which of two tellings of one thing holds, `told` naming `product`.

    The other is kept, and noted where the two say different things.
    """
    if held is None:
        return told
    holds = first(held, told)
    if held.telling.order_key == told.telling.order_key:
        return holds
    thing = _thing(told, key)
    if holds is told:
        lost = ToldAgain.of(held, _product_of(order, held, thing), key)
    else:
        lost = ToldAgain.of(told, product, key)
    order.again = order.again or {}
    order.again[thing] = told_first(order.again.get(thing, []), lost)
    if held.telling.digest != told.telling.digest:
        order.contested = order.contested or Contested()
        order.contested.tell_otherwise(thing, held.telling, told.telling)
    return holds


def _product_of(order: OrderTold, held: Fact, thing: str) -> str:
    """Give the product that a fact which holds names."""
    if isinstance(held, Placed):
        return held.product
    usual = order.placed.product if order.placed is not None else ""
    if order.contested is None:
        return usual
    return order.contested.products.get(thing, usual or order.contested.product)


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


def _take_placed(order: OrderTold, placed: Placed) -> None:
    before = order.placed
    order.placed = _holds(order, before, placed, placed.product)
    if order.contested is not None or (before is not None and order.placed is placed):
        noted = "" if order.contested is None else order.contested.product
        _note_products(order, _products(order, noted if before is None else before.product))


def _take_accepted(order: OrderTold, accepted: Accepted, product: str) -> None:
    order.accepted = _holds(order, order.accepted, accepted, product)
    _check_product(order, accepted, order.accepted, product)


def _take_rejected(order: OrderTold, rejected: Rejected, product: str) -> None:
    order.rejections = all_told(order.rejections, rejected)
    _check_product(order, rejected, rejected, product)


def _take_cancelled(order: OrderTold, cancelled: Cancelled, product: str) -> None:
    order.cancelled = _holds(order, order.cancelled, cancelled, product)
    _check_product(order, cancelled, order.cancelled, product)


def _take(order: OrderTold, kept: dict[str, F], key: str, told: F, product: str) -> None:
    held, placed = kept.get(key), order.placed
    if held is None and order.contested is None and placed and placed.product == product:
        # Almost every fact is the first telling of its thing, and on its order's product.
        kept[key] = told
        return
    kept[key] = _holds(order, held, told, product, key)
    _check_product(order, told, kept[key], product, key)


def _take_received(order: OrderTold, received: Received, product: str, key: str) -> None:
    order.latest = max(order.latest, received.arrived_at)
    _take(order, order.receipts, key, received, product)


def _void(order: OrderTold, telling: Telling, data: VoidData) -> None:
    order.voids = take_back(order.voids, telling, data)


_MERGE: dict[type, Callable[[OrderTold, Telling, Any], None]] = {
    say.OrderPlaced: lambda order, telling, data: _take_placed(order, Placed.of(telling, data)),
    say.OrderAccepted: lambda order, telling, data: _take_accepted(
        order, Accepted(telling), data.product
    ),
    say.OrderRejected: lambda order, telling, data: _take_rejected(
        order, Rejected.of(telling, data), data.product
    ),
    say.OrderCancelled: lambda order, telling, data: _take_cancelled(
        order, Cancelled(telling), data.product
    ),
    say.ShipmentDispatched: lambda order, telling, data: _take(
        order, order.shipments, data.shipment, Shipped.of(telling, data), data.product
    ),
    say.DeliveryReceived: lambda order, telling, data: _take_received(
        order, Received.of(telling, data), data.product, data.receipt
    ),
    say.GoodsReturned: lambda order, telling, data: _take(
        order, order.returns, data.return_, Returned.of(telling, data), data.product
    ),
    say.InvoiceIssued: lambda order, telling, data: _take(
        order, order.invoices, data.invoice, Invoiced.of(telling, data), data.product
    ),
    say.OrderVoided: _void,
    say.DeliveryVoided: _void,
}

_TAKE: dict[type[Fact], Callable[[OrderTold, Any, str, str], None]] = {
    Placed: lambda order, fact, _product, _key: _take_placed(order, fact),
    Accepted: lambda order, fact, product, _key: _take_accepted(order, fact, product),
    Rejected: lambda order, fact, product, _key: _take_rejected(order, fact, product),
    Cancelled: lambda order, fact, product, _key: _take_cancelled(order, fact, product),
    Shipped: lambda order, fact, product, key: _take(order, order.shipments, key, fact, product),
    Received: _take_received,
    Returned: lambda order, fact, product, key: _take(order, order.returns, key, fact, product),
    Invoiced: lambda order, fact, product, key: _take(order, order.invoices, key, fact, product),
}
"""How an order takes in a fact that was kept: the fact, the product it names, and its key."""

MERGED = frozenset(_MERGE)
"""What data an order is told by."""

"""The orders of a long history, and what was shipped, received, returned and invoiced."""

from datetime import datetime, timedelta
from typing import Any

from tests.support.histories.journal import Event
from tests.support.histories.market import PRICES, Market
from tests.support.histories.orders import NEAR, REASONS
from tests.support.histories.register import AREAS

DISTRIBUTORS = ("D1", "D1", "D1", "D2", "M1")
WAYS = ("platform", "phone", "Platform", None, None, None, None)
FAULTS = ("quality", "质量不合格", "Quality ", "damaged", None)
TAKES = (2, 3, 20, 48, 48, 72, 96, 216, 216, 400, 800)


def order_goods(market: Market) -> None:
    """Tell of some orders, what became of them, and of goods that no order names."""
    for number in range(market.scene.chance.randint(2, 9)):
        order = _place(market, f"O{number}")
        for fate in (_answer, _ship, _receive):
            fate(market, order)
    if market.scene.is_so(0.5):
        _order_in_a_row(market)
    if market.scene.is_so(0.45):
        _receive_without_order(market)


def _order_in_a_row(market: Market) -> None:
    """Some orders of one month and product, from all hospitals; the first is served best."""
    first = market.at()
    for number in range(market.scene.chance.randint(3, 6)):
        order = _place(market, f"Q{number}", first + timedelta(hours=number))
        order["data"]["product"] = market.scene.products[0]
        is_first = order["data"]["hospital"] == market.scene.hospitals[0]
        if market.scene.is_so(0.8 if is_first else 0.3):
            got: dict[str, Any] = {
                "receipt": "R0",
                "quantity_accepted": 100,
                "quantity_rejected": 0,
            }
            at = first + timedelta(hours=number + 2)
            market.receipts.append(_tell(market, "delivery.received", at, order, **got))


def _place(market: Market, id_: str, at: datetime | None = None) -> Event:
    scene = market.scene
    at = market.at() if at is None else at
    by = (at + timedelta(hours=scene.one_of((0, 5, 30, 100)))).date().isoformat()
    agreements = [terms["agreement"] for terms in market.signed] or [None]
    order = scene.journal.say(
        "order.placed",
        at,
        {
            "deliver_by": market.maybe(0.12, by),
            "agreement": market.maybe(0.2, scene.one_of((*agreements, "A-unknown"))),
            "channel": scene.one_of(WAYS),
        },
        order=id_,
        product=scene.one_of((*scene.products, scene.products[0])),
        hospital=scene.one_of(scene.hospitals),
        area=scene.one_of(AREAS),
        distributor=scene.one_of(DISTRIBUTORS),
        quantity=scene.one_of((3, 10, 10, 20, 100)),
        unit_price=scene.one_of((*PRICES, "0", "2.00")),
        urgency=scene.one_of(("normal", "normal", "normal", "urgent")),
    )
    market.orders.append(order)
    return order


def _tell(
    market: Market,
    kind: str,
    time: datetime,
    order: Event,
    optional: dict[str, Any] | None = None,
    **said: Any,
) -> Event:
    of = {name: order["data"][name] for name in ("order", "product")}
    return market.scene.journal.say(kind, time, optional, **of, **said)


def _placed(order: Event) -> datetime:
    return datetime.fromisoformat(order["time"])


def _answer(market: Market, order: Event) -> None:
    scene, by = market.scene, {"distributor": order["data"]["distributor"]}
    after = timedelta(hours=scene.one_of((1, 2, 24, 48)))
    if scene.is_so(0.4):
        _tell(market, "order.accepted", _placed(order) + after + scene.one_of(NEAR), order, **by)
    if scene.is_so(0.25):
        (reason,) = scene.chance.choices(tuple(REASONS), tuple(REASONS.values()))
        at = _placed(order) + after + scene.one_of(NEAR)
        _tell(market, "order.rejected", at, order, reason=reason, **by)
    if scene.is_so(0.12):
        _tell(market, "order.cancelled", _placed(order) + after + scene.one_of(NEAR), order)


def _ship(market: Market, order: Event) -> None:
    scene = market.scene
    for number in range(scene.chance.choice((0, 1, 1, 2))):
        at = _placed(order) + timedelta(hours=scene.one_of(TAKES))
        whose = order["data"]["distributor"] if scene.is_so(0.7) else scene.one_of(DISTRIBUTORS)
        shipped: dict[str, Any] = {"shipment": f"S{number}", "distributor": whose, "quantity": 5}
        _tell(market, "shipment.dispatched", at, order, **shipped)


def _receive(market: Market, order: Event) -> None:
    scene = market.scene
    ordered = order["data"]["quantity"]
    for number in range(scene.chance.choice((0, 1, 1, 1, 2))):
        at = _placed(order) + timedelta(hours=scene.one_of(TAKES)) + scene.one_of(NEAR)
        arrived = at - timedelta(hours=scene.one_of((1, 48, 300)))
        accepted = scene.one_of((ordered, ordered, ordered, ordered - 1, ordered // 2, 0))
        receipt = _tell(
            market,
            "delivery.received",
            at,
            order,
            {
                "rejection_reason": scene.one_of(FAULTS),
                "arrived_at": market.maybe(0.25, scene.journal.text(arrived)),
                "hospital": market.maybe(0.1, order["data"]["hospital"]),
            },
            receipt=f"R{number}",
            quantity_accepted=accepted,
            quantity_rejected=scene.one_of((0, 0, 0, 1, 5)),
        )
        market.receipts.append(receipt)
        if scene.is_so(0.25):
            _return(market, order, at, accepted)
        if scene.is_so(0.3):
            _bill(market, order, at)


def _return(market: Market, order: Event, at: datetime, accepted: int) -> None:
    scene = market.scene
    back: dict[str, Any] = {
        "return": f"B{len(scene.journal.events)}",
        "quantity": scene.one_of((1, accepted)),
    }
    named = {"receipt": scene.one_of(("R0", "R1", None, None, "R9"))}
    after = timedelta(days=scene.one_of((0, 1, 10, 31, 60)))
    _tell(market, "goods.returned", at + after, order, named, **back)


def _bill(market: Market, order: Event, at: datetime) -> None:
    scene = market.scene
    billed: dict[str, Any] = {"invoice": f"I{len(scene.journal.events)}", "quantity": 3}
    billed["unit_price"] = scene.one_of((*PRICES, "0", "0.50"))
    named = {"receipt": scene.one_of(("R0", "R1", None))}
    _tell(
        market, "invoice.issued", at + timedelta(days=scene.one_of((0, 2))), order, named, **billed
    )


def _receive_without_order(market: Market) -> None:
    """Goods that came before their order, or without one."""
    scene, at = market.scene, market.at()
    told: dict[str, Any] = {"order": "O-none", "product": scene.products[0]}
    hospital = {"hospital": scene.one_of((None, "H1"))}
    if scene.is_so(0.7):
        got: dict[str, Any] = {
            "receipt": "R0",
            "quantity_accepted": scene.one_of((0, 5)),
            "quantity_rejected": 0,
        }
        scene.journal.say("delivery.received", at, hospital, **told, **got)
    if scene.is_so(0.5):
        billed: dict[str, Any] = {"invoice": "I0", "quantity": 5, "unit_price": "1.00"}
        scene.journal.say("invoice.issued", at, hospital, **told, **billed)
    if scene.is_so(0.4):
        late = _place(market, "O-none")
        days = timedelta(days=scene.one_of((-1, 1, 3, 3, 5)))
        late["time"] = scene.journal.text(at + days + scene.one_of(NEAR))
        late["data"]["product"] = told["product"]
        late.pop("recordedtime", None)

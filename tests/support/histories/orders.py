"""The orders of a random history and what became of them, close to every deadline."""

from datetime import datetime, timedelta
from typing import Any

from tests.support.histories.journal import Event
from tests.support.histories.register import Scene

NEAR = (
    timedelta(0),
    timedelta(0),
    timedelta(seconds=1),
    timedelta(seconds=-1),
    timedelta(microseconds=1),
    timedelta(microseconds=-1),
    timedelta(hours=3),
    timedelta(hours=-5),
)
WEEK = timedelta(days=7)
POLICY_HOURS = {"normal": (24, 48, 72), "urgent": (2, 8, 8)}
REASONS = {
    "out_of_stock": 30,
    "production_stopped": 14,
    "hospital_error": 18,
    "price": 10,
    "volume_exceeded": 10,
    "remote_area": 6,
    "hospital_in_arrears": 6,
    "other": 6,
}
PRICES = ("0.36", "0.36", "0.360", "0.35", "0.37", "0.3601", "0.40", "0.41", "0")


def place_orders(scene: Scene) -> None:
    """Tell of one to eight orders, most of them of one hospital and product."""
    first = (scene.hospitals[0], scene.products[0])
    if scene.is_so(0.65):
        _place_early(scene, *first)
    for number in range(scene.chance.randint(1, 7)):
        pair = first
        if scene.is_so(0.35):
            pair = (scene.one_of(scene.hospitals), scene.one_of(scene.products))
        placed = scene.instant(scene.day(-6, -2, -1, 0, 0, 1, 2, 5, 9))
        order = _place(scene, f"O{number + 1}", *pair, placed)
        if scene.is_so(0.82):
            _tell_fate(scene, order, placed)
        else:
            scene.stock_outs += [due + WEEK for due in _dues(scene, order, placed)[1:]]


def _place_early(scene: Scene, hospital: str, product: str) -> None:
    """An order long received, which may have used up the agreed quantity."""
    placed = scene.instant(scene.day(-14, -12, -9))
    order = _place(scene, "O0", hospital, product, placed)
    _tell(scene, "order.accepted", placed + timedelta(hours=1), order, distributor="D1")
    _receive(scene, order, placed + timedelta(days=scene.one_of((1, 2, 4))), 1, 10)


def _place(scene: Scene, id_: str, hospital: str, product: str, placed: datetime) -> Event:
    return scene.journal.say(
        "order.placed",
        placed,
        {
            "deliver_by": _deliver_by(scene, placed),
            "agreement": _named_agreement(scene, hospital, product),
            "channel": scene.one_of((None, "platform")),
        },
        order=id_,
        product=product,
        hospital=hospital,
        area=scene.areas[hospital] if scene.is_so(0.85) else "1403",
        distributor=scene.one_of(("D1", "D2", "M1")),
        quantity=scene.one_of((1, 4, 5, 10)),
        unit_price=scene.one_of(PRICES),
        urgency="urgent" if scene.is_so(0.2) else "normal",
    )


def _deliver_by(scene: Scene, placed: datetime) -> str | None:
    if scene.is_so(0.7):
        return None
    until = placed + scene.one_of((timedelta(0), timedelta(hours=30), timedelta(days=3), WEEK))
    return until.date().isoformat() if scene.is_so(0.5) else scene.journal.text(until)


def _named_agreement(scene: Scene, hospital: str, product: str) -> str | None:
    """Mostly none or its own, sometimes another's, sometimes one that nobody told."""
    if scene.is_so(0.6):
        return None
    if scene.is_so(0.1) or not scene.agreements:
        return "A-unknown"
    pair = {"hospital": hospital, "product": product}
    own = [id_ for id_, signed in scene.agreements.items() if pair.items() <= signed.items()]
    return scene.one_of(own if own and scene.is_so(0.8) else list(scene.agreements))


def _dues(scene: Scene, order: Event, placed: datetime) -> list[datetime]:
    """When an answer and the goods may have been due, whatever the terms turn out to be."""
    data = order["data"]
    hours = set(POLICY_HOURS[data["urgency"]])
    pair = {"hospital": data["hospital"], "product": data["product"]}
    for signed in scene.agreements.values():
        if pair.items() <= signed.items():
            hours |= {value for name, value in signed.items() if name.endswith("hours") and value}
    dues = [placed + timedelta(hours=hour) for hour in sorted(hours)]
    deliver_by = data.get("deliver_by")
    if deliver_by is not None:
        is_instant = "T" in deliver_by
        until = datetime.fromisoformat(deliver_by)
        dues.append(
            until if is_instant else until.replace(tzinfo=placed.tzinfo) + timedelta(days=1)
        )
    return dues


def _tell_fate(scene: Scene, order: Event, placed: datetime) -> None:
    dues = _dues(scene, order, placed)
    deadlines = [placed, placed, *dues, *dues, *(due + WEEK for due in dues)]
    scene.late = scene.one_of((0.05, 0.6))
    scene.stock_outs += [due + WEEK for due in dues[1:2]]
    if scene.is_so(0.2):
        _tell_one_thing(scene, order, scene.one_of(deadlines[2:]))
        return
    if scene.is_so(0.45):
        _tell(scene, "order.accepted", _near(scene, deadlines), order, distributor="D1")
    for _ in range(scene.chance.choices((0, 1, 2), (67, 25, 8))[0]):
        _reject(scene, order, _near(scene, deadlines))
    if scene.is_so(0.16):
        cancelled = _near(scene, deadlines)
        if scene.stock_outs and scene.is_so(0.3):
            cancelled = scene.stock_outs[-1]
        _tell(scene, "order.cancelled", cancelled, order)
    for number in range(scene.chance.choices((0, 1, 2), (65, 20, 15))[0]):
        _ship(scene, order, _near(scene, deadlines), number)
    for number in range(scene.chance.choices((0, 1, 2), (40, 30, 30))[0]):
        _receive(scene, order, _near(scene, deadlines), number, order["data"]["quantity"])
    if scene.is_so(0.3):
        _bill(scene, order, _near(scene, deadlines))


def _tell_one_thing(scene: Scene, order: Event, deadline: datetime) -> None:
    """All that is ever told of the order, right at one of its deadlines."""
    time = deadline + scene.one_of(NEAR[:4])
    kind = scene.chance.randrange(4)
    if kind == 0:
        _ship(scene, order, time, 0)
    elif kind == 1:
        _receive(scene, order, time, 0, order["data"]["quantity"])
    elif kind == 2:
        _reject(scene, order, time)
    else:
        _tell(scene, "order.cancelled", time, order)


def _near(scene: Scene, deadlines: list[datetime]) -> datetime:
    return scene.one_of(deadlines) + scene.one_of(NEAR)


def _reject(scene: Scene, order: Event, time: datetime) -> None:
    (reason,) = scene.chance.choices(list(REASONS), list(REASONS.values()))
    _tell(scene, "order.rejected", time, order, distributor="D1", reason=reason)
    scene.stock_outs.append(time)


def _ship(scene: Scene, order: Event, time: datetime, number: int) -> None:
    shipped: dict[str, Any] = {"shipment": f"S{number}", "distributor": "D1", "quantity": 1}
    _tell(scene, "shipment.dispatched", time, order, **shipped)


def _receive(scene: Scene, order: Event, time: datetime, number: int, ordered: int) -> None:
    accepted = scene.one_of((ordered, ordered, ordered, max(ordered // 2, 1), 1, 0))
    arrived = None
    if scene.is_so(0.3):
        earlier = scene.one_of((timedelta(seconds=1), timedelta(hours=6), timedelta(days=2)))
        arrived = scene.journal.text(time - earlier if scene.is_so(0.85) else time + earlier)
    _tell(
        scene,
        "delivery.received",
        time,
        order,
        {"arrived_at": arrived, "shipment": scene.one_of((None, "S0"))},
        receipt=f"R{number}",
        quantity_accepted=accepted,
        quantity_rejected=ordered - accepted if accepted < ordered else 0,
    )
    if scene.is_so(0.15) and accepted:
        back = time + scene.one_of((timedelta(0), timedelta(hours=20), timedelta(days=3)))
        returned: dict[str, Any] = {"return": f"B{number}", "quantity": scene.one_of((1, accepted))}
        _tell(scene, "goods.returned", back, order, **returned)


def _bill(scene: Scene, order: Event, time: datetime) -> None:
    for number in range(scene.chance.randint(1, 2)):
        billed: dict[str, Any] = {"invoice": f"I{number}", "quantity": 1}
        billed["unit_price"] = scene.one_of(PRICES)
        _tell(scene, "invoice.issued", time, order, **billed)


def _tell(
    scene: Scene,
    kind: str,
    time: datetime,
    order: Event,
    optional: dict[str, Any] | None = None,
    **said: Any,
) -> None:
    of = {name: order["data"][name] for name in ("order", "product")}
    if scene.is_so(0.01):
        of["order"] = "O-unknown"
    scene.journal.say(kind, time, optional, late=scene.late, **of, **said)

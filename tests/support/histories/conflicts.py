"""Events told twice, corrected, contradicted, or told by another jurisdiction."""

from collections.abc import Callable
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

from tests.support.histories.journal import LATE_BY, Event
from tests.support.histories.register import AREAS, Scene

SOURCES = ("/platforms/cn-sx", "/hospitals/H1", "/distributors/D 1", "/manufacturers/药厂")
APART = (
    timedelta(0),
    timedelta(0),
    timedelta(seconds=1),
    timedelta(seconds=-1),
    timedelta(hours=2),
    timedelta(hours=-2),
    timedelta(days=4),
)


def add_noise(scene: Scene) -> None:
    """Contradict and repeat some events; now and then another jurisdiction has the same ids."""
    for event in list(scene.journal.events):
        if scene.is_so(0.07):
            scene.journal.events.append(_told_otherwise(scene, event))
        if scene.is_so(0.03):
            scene.journal.events.append(deepcopy(event))
    if scene.is_so(0.05):
        other = "cn-tj" if scene.journal.jurisdiction == "cn-sx" else "cn-sx"
        for event in scene.chance.sample(scene.journal.events, len(scene.journal.events) // 2):
            copy = deepcopy(event)
            copy["id"] += "-other"
            copy["data"]["jurisdiction"] = other
            scene.journal.events.append(copy)


def _told_otherwise(scene: Scene, event: Event) -> Event:
    """The same thing told again, perhaps under the very same id."""
    copy = deepcopy(event)
    change = CHANGES.get(event["type"].removeprefix("vbp.").removesuffix(".v1"))
    if change is not None and scene.is_so(0.85):
        copy["data"] |= change(scene, copy["data"])
    if scene.is_so(0.25):
        return copy
    time = datetime.fromisoformat(event["time"]) + scene.one_of(APART)
    copy["time"] = scene.journal.text(time)
    copy["source"] = scene.one_of(SOURCES)
    copy["id"] = f"{scene.one_of('adfz')}{event['id']}"
    copy.pop("recordedtime", None)
    if scene.is_so(0.2):
        copy["recordedtime"] = scene.journal.text(time + scene.one_of(LATE_BY))
    return copy


def _moved(text: str | None, days: int) -> str | None:
    """A date or an instant some days later."""
    if text is None:
        return None
    later = datetime.fromisoformat(text) + timedelta(days=days)
    return later.isoformat() if "T" in text else later.date().isoformat()


def _order(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    return scene.one_of(
        (
            {"quantity": data["quantity"] + scene.one_of((1, 5))},
            {"unit_price": "0.39"},
            {"hospital": scene.one_of(scene.hospitals)},
            {"urgency": "urgent"},
            {"distributor": "D3"},
            {"deliver_by": _moved(data.get("deliver_by"), 1)},
        )
    )


def _receipt(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    accepted = scene.one_of((0, 1, 5, 10))
    arrived = _moved(data.get("arrived_at"), -1)
    return scene.one_of(({"quantity_accepted": accepted}, {"arrived_at": arrived}))


def _agreement(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    days = scene.one_of((-5, -1, 1, 30))
    return scene.one_of(
        (
            {"agreed_quantity": scene.one_of((1, 8, 30))},
            {"hospital": scene.one_of(scene.hospitals)},
            {"product": scene.one_of(scene.products)},
            {"start": _moved(data["start"], days)},
            {"end": _moved(data["end"], days)},
            {"delivery_hours": scene.one_of((None, 20)), "response_hours": scene.one_of((None, 3))},
        )
    )


def _cycle(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    return scene.one_of(
        (
            {"selected_price": scene.one_of(("0.35", "0.38"))},
            {"category": scene.one_of(("drug", "consumable"))},
            {"manufacturer": scene.one_of(("M1", "M2", "D1"))},
            {"cycle_end": _moved(data["cycle_end"], scene.one_of((3, 40)))},
        )
    )


def _appointment(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    return scene.one_of(
        (
            {"hospitals": scene.one_of((None, [], ["H1"], ["H2", "H1"]))},
            {"area": scene.one_of(AREAS)},
            {"distributor": scene.one_of(("D1", "D7", "M1"))},
            {"product": scene.one_of(scene.products)},
            {"start": _moved(data["start"], scene.one_of((-2, 1)))},
            {"end": scene.one_of((None, _moved(data["start"], 30)))},
        )
    )


def _report(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    return scene.one_of(
        (
            {"areas": scene.one_of((None, [], ["1401"], ["1402"]))},
            {"start": _moved(data["start"], scene.one_of((-5, -1, 1)))},
            {"expected_end": scene.one_of((None, _moved(data["start"], 3)))},
        )
    )


def _exemption(scene: Scene, data: dict[str, Any]) -> dict[str, Any]:
    return scene.one_of(
        (
            {"end": _moved(data["end"], scene.one_of((-1, 2)))},
            {"product": scene.one_of((None, "P1"))},
            {"area": scene.one_of((None, "1401"))},
        )
    )


CHANGES: dict[str, Callable[[Scene, dict[str, Any]], dict[str, Any]]] = {
    "order.placed": _order,
    "order.rejected": lambda scene, _: {
        "reason": scene.one_of(("out_of_stock", "hospital_error", "price"))
    },
    "shipment.dispatched": lambda scene, _: {"quantity": scene.one_of((2, 3))},
    "delivery.received": _receipt,
    "goods.returned": lambda scene, _: {"quantity": scene.one_of((1, 2, 6))},
    "invoice.issued": lambda scene, _: {"unit_price": scene.one_of(("0.30", "0.50"))},
    "agreement.signed": _agreement,
    "product.selected": _cycle,
    "product.deselected": lambda scene, data: {"on": _moved(data["on"], scene.one_of((-2, 3)))},
    "hospital.enrolled": lambda scene, _: {
        "area": scene.one_of(AREAS),
        "remote": scene.is_so(0.5),
    },
    "hospital.withdrawn": lambda _, data: {"withdrawn_on": _moved(data["withdrawn_on"], 2)},
    "distributor.appointed": _appointment,
    "distributor.released": lambda scene, data: {"end": _moved(data["end"], scene.one_of((-2, 3)))},
    "shortage.reported": _report,
    "shortage.ended": lambda scene, data: {"end": _moved(data["end"], scene.one_of((-2, 1)))},
    "production.stopping": lambda _, data: {"stop_on": _moved(data["stop_on"], -1)},
    "exemption.granted": _exemption,
    "product.listed": lambda scene, _: {"category": scene.one_of(("drug", "consumable"))},
    "price.listed": lambda scene, _: {"price": scene.one_of(("1.00", "1.10"))},
    "standard.set": lambda scene, _: {"standard_price": scene.one_of(("1.00", "1.10"))},
    "stock.reported": lambda scene, _: {"quantity": scene.one_of((0, 500))},
    "payment.made": lambda scene, _: {"amount": scene.one_of(("1.00", "40.00"))},
    "prepayment.made": lambda scene, _: {"amount": scene.one_of(("7.00", "400.00"))},
    "prepayment.returned": lambda scene, _: {"amount": scene.one_of(("2.00", "100.00"))},
}

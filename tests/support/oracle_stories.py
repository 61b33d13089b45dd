"""Short stories for the oracle: events of cn-sx with everything unsaid filled in."""

from datetime import datetime, timedelta
from typing import Any

from tests.support.events import envelope
from tests.support.histories import Event
from tests.support.oracle import judge

LATER = "2022-12-31T00:00"


def tell(kind: str, time: str, told: str | None = None, **data: Any) -> Event:
    """An event of cn-sx; instants without offset are Shanghai time."""
    return envelope(kind, time, {"jurisdiction": "cn-sx", "product": "P", **data}, told)


def cycle(start: str = "2022-01-01", end: str = "2023-01-01", **changed: Any) -> Event:
    told = {"category": "drug", "manufacturer": "M", "selected_price": "0.36", **changed}
    return tell("product.selected", "2020-01-01T00:00", cycle_start=start, cycle_end=end, **told)


def hospital(id_: str = "H", time: str = "2020-01-01T00:00", **changed: Any) -> Event:
    told = {"area": "1401", "remote": False, "enrolled_on": "2020-01-01", **changed}
    return tell("hospital.enrolled", time, hospital=id_, **told)


def agreement(id_: str = "A", **changed: Any) -> Event:
    told: dict[str, Any] = {
        "hospital": "H",
        "start": "2022-02-01",
        "end": "2023-01-01",
        "agreed_quantity": 10,
    }
    return tell("agreement.signed", "2020-01-01T00:00", agreement=id_, **{**told, **changed})


def appoint(distributor: str, start: str = "2021-01-01", **changed: Any) -> Event:
    told: dict[str, Any] = {
        "area": "1401",
        "hospitals": None,
        "appointment": distributor,
        "start": start,
    }
    told |= {"distributor": distributor, **changed}
    return tell("distributor.appointed", "2020-01-01T00:00", **told)


def order(time: str = "2022-03-01T09:00", id_: str = "O", **changed: Any) -> Event:
    told: dict[str, Any] = {"hospital": "H", "area": "1401", "distributor": "D1", "quantity": 10}
    told |= {"unit_price": "0.36", "urgency": "normal", **changed}
    return tell("order.placed", time, order=id_, **told)


def said(kind: str, time: str, id_: str = "O", told: str | None = None, **data: Any) -> Event:
    return tell(kind, time, told, order=id_, **data)


def received(time: str, accepted: int = 10, id_: str = "O", **more: Any) -> Event:
    return said("delivery.received", time, id_, receipt=time, quantity_accepted=accepted, **more)


def ask(
    rule: str, *events: Event, at: str = LATER, policies: dict[str, Any] | None = None
) -> list[dict[str, Any]]:
    """What is found under a rule; a cycle and a hospital are told unless the events tell them."""
    register = [hospital()]
    if not any(".product." in event["type"] for event in events):
        register.append(cycle())
    as_of = datetime.fromisoformat(f"{at}+08:00")
    return [v for v in judge([*register, *events], as_of, policies) if v["rule"] == rule]


def span(violation: dict[str, Any]) -> tuple[str, str | None]:
    """From when until when, in Shanghai time."""
    ends = [violation["occurred_at"], violation["cured_at"]]
    start, end = (_in_shanghai(text) if text else None for text in ends)
    return str(start), end


def _in_shanghai(text: str) -> str:
    return f"{datetime.fromisoformat(text) + timedelta(hours=8):%m-%dT%H:%M:%S}"

"""Exemptions that are told otherwise again and again: what they cover is always what is marked."""

import random
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from services.compliance.findings.violation import Violation
from services.compliance.register.exemption import Exemption, exemption_of
from shared.domain.calendar import parse_instant
from shared.domain.cloudevents import Event
from tests.support.events import an_event, instant
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

HOSPITALS = ("H1", "H2", "H3")
RULES = ("late-response", "supply-refusal")
BEGAN = instant("2022-05-01 00:00:00")
STANDING = "SELECT exempt, body FROM compliance.violation WHERE status <> 'withdrawn'"


def told() -> list[Event]:
    """Of each hospital an order that is refused for its price, and one that nobody answers."""
    events = [an_event("product.selected")]
    for hospital in HOSPITALS:
        own = {"hospital": hospital, "agreement": f"A-{hospital}"}
        events += [
            an_event("hospital.enrolled", hospital=hospital),
            an_event("agreement.signed", response_hours=24, **own),
        ]
        for number, kind in enumerate(("order.rejected", None)):
            order = f"{hospital}-{number}"
            placed = f"2022-03-0{number + 1} 09:00:00"
            events.append(an_event("order.placed", placed, order=order, **own))
            if kind is not None:
                events.append(an_event(kind, "2022-03-01 10:00:00", order=order, reason="price"))
    return events


def an_exemption(dice: random.Random, number: int) -> Event:
    """One of few, at an instant of its own among all tellings: some come late."""
    terms: dict[str, Any] = {
        "exemption": dice.choice(["X1", "X2", "X3"]),
        "rule": dice.choice(RULES),
        "hospital": dice.choice([None, *HOSPITALS, *HOSPITALS]),
        "product": dice.choice([None, None, "P1", "P2"]),
        "distributor": dice.choice([None, None, "D1"]),
        "start": dice.choice(["2022-01-01", "2022-03-02"]),
        "end": dice.choice(["2022-03-02", "2022-03-03", "2023-01-01"]),
    }
    at = BEGAN + timedelta(minutes=number - dice.choice([0, 0, 0, 5]))
    return an_event("exemption.granted", at, **terms)


async def test_what_is_marked_is_what_the_last_tellings_cover(desk: WorkerOnDatabase) -> None:
    dice = random.Random(5)
    await desk.handle(*told())
    await desk.sweep()
    last: dict[str, Exemption] = {}
    seen = set()
    for number in range(60):
        event = an_exemption(dice, number)
        again = [event] * dice.choice([1, 1, 2])
        await desk.handle(*again)
        await desk.sweep()
        data: Any = event.data
        one = exemption_of(event, data)
        held = last.get(one.exemption)
        if held is None or held.telling.time <= one.telling.time:
            last[one.exemption] = one
        rows = await desk.connection.fetch(STANDING)
        found = [(row["exempt"], msgspec.json.decode(row["body"], type=Violation)) for row in rows]
        assert {violation.rule for _, violation in found} >= set(RULES)
        for exempt, violation in found:
            at = parse_instant(violation.occurred_at)
            covers = [
                o for o in last.values() if o.rule == violation.rule and o.covers(at, violation)
            ]
            assert exempt == bool(covers), (number, violation.order, violation.rule)
        seen.add(sum(exempt for exempt, _ in found))
    assert len(seen) > 4

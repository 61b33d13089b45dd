"""The provinces that benchmarks measure by."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from typing import Any

import msgspec

from services.sources.province import Plan, simulate

IN_SMALL = 100
"""Orders of a province in which nothing is measured, and which only shows that all runs."""

OF_SMALL = 800
"""The events of it that are told: beside its orders it has some thousand of what is planted."""


def lines(orders: int, until: datetime) -> Iterator[bytes]:
    """Give the events of a province as lines; of one in small only the first."""
    if orders > IN_SMALL:
        return simulate(Plan(until=until, orders=orders)).events
    small = simulate(Plan(until=until, orders=orders, hospitals=8, days=60))
    return islice(small.events, OF_SMALL)


OWN = frozenset(
    {
        *("hospital", "agreement", "order", "shipment", "receipt", "return", "invoice"),
        *("payment", "prepayment"),
    }
)
"""The fields that name what is a hospital's own, and not its province's."""


def wide(orders: int, until: datetime, times: int) -> Iterator[bytes]:
    """Give the events of a province with so many times the hospitals, each as busy as before.

    What one hospital does, others of other names do at the same time: to simulate each of millions
    of events would take longer than to judge it.
    """
    for line in lines(orders, until):
        yield line
        event = msgspec.json.decode(line)
        if not OWN.isdisjoint(event["data"]):
            for other in range(1, times):
                yield msgspec.json.encode(_of_another(event, f"-{other}"))


def _of_another(event: dict[str, Any], name: str) -> dict[str, Any]:
    data = {
        field: value + name if field in OWN and value is not None else value
        for field, value in event["data"].items()
    }
    if data.get("leg") == "hospital_to_distributor":
        data["payer"] += name
    return {**event, "id": event["id"] + name, "subject": event["subject"] + name, "data": data}

"""From publishing an event to its violation in the API, while a stream passes.

`python -m benchmarks.latency`. Goals (design.md §10), at 5,000 events a second: p50 within 50 ms,
p99 within 250 ms. Every probe is an order above the selected price, which is a breach at once. Its
row is awaited in PostgreSQL, every few milliseconds, and then asked for in the API, whose answer
ends the time; asking the API all the while would measure the asking.
"""

import argparse
import asyncio
import json
import logging
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from benchmarks import provinces
from benchmarks.feeder import feeding, working
from benchmarks.worker import fresh
from deploy.local.stack import LocalStack
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from shared.adapters import kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain.cloudevents import Event, read_structured

EVERY = 0.1
"""Seconds between two probes."""

LOOK = 0.004
PATIENCE = 180.0
"""Seconds for one probe; the first also waits for the worker to start."""

GOALS = (0.05, 0.25)
"""Seconds, p50 and p99."""

SEEN = 'SELECT true FROM compliance.violation WHERE "order" = $1'
NUMBERS = count(1)
PROBE = {"jurisdiction": "cn-sx", "product": "PROBE", "hospital": "PROBE"}


async def run(orders: int, rate: float, warm: float) -> None:
    """Measure once, and print the figures."""
    until = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as data, LocalStack(Path(data)) as stack:
        settings = await fresh(stack, "latency")
        producer = await kafka.producer(settings.kafka)
        await _publish(producer, *_register(until))
        with working(settings), feeding(settings.kafka, until, orders, rate) as feeder:
            began = time.perf_counter()
            taken = await _probe(settings, producer, feeder.is_alive, warm)
            seconds = time.perf_counter() - began
        await producer.stop()
        await _tell(settings, taken, seconds)


async def _probe(
    settings: Settings, producer: AIOKafkaProducer, alive: Callable[[], bool], warm: float
) -> list[float]:
    """Send probes while the stream passes; gives the seconds of each, those of the start left out.

    Until the register has been read nothing else is, so the first violation tells that all is open.
    """
    app = create_app(settings.model_copy(update={"identity": "local"}), policy.load())
    connection = await postgres.connect(settings.database)
    taken: list[float] = []
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api") as api,
    ):
        await _once(producer, connection, api)
        await asyncio.sleep(warm)
        # Once a probe is not seen at all, the stream is faster than it is judged.
        while (not taken or alive()) and math.inf not in taken:
            taken.append(await _once(producer, connection, api))
            await asyncio.sleep(EVERY)
    await connection.close()
    return taken


async def _once(producer: AIOKafkaProducer, asked: Connection, api: httpx.AsyncClient) -> float:
    order = f"PROBE-{next(NUMBERS)}"
    began = time.perf_counter()
    await _publish(producer, _order(order))
    while not await asked.fetchval(SEEN, order):
        if time.perf_counter() - began > PATIENCE:
            return math.inf
        await asyncio.sleep(LOOK)
    answer = await api.get("/v1/violations", params={"order": order})
    answer.raise_for_status()
    if [item["rule"] for item in answer.json()["items"]] != ["selected-price"]:
        raise RuntimeError(f"the API does not show the breach of {order}: {answer.text}")
    return time.perf_counter() - began


async def _publish(producer: AIOKafkaProducer, *events: Event) -> None:
    await asyncio.gather(*await kafka.publish(producer, events))


def _register(now: datetime) -> Iterator[Event]:
    start, end = now.date() - timedelta(days=100), now.date() + timedelta(days=100)
    cycle = {"cycle_start": start.isoformat(), "cycle_end": end.isoformat()}
    agreed = {"agreed_quantity": 10**9, "start": start.isoformat(), "end": end.isoformat()}
    product = {"variety": "V", "name": "P", "category": "drug", "manufacturer": "M", "round": "1"}
    priced = {"selected_price": "0.36", "unit": "片"}
    known = {"name": "H", "area": "1401", "remote": False, "enrolled_on": start.isoformat()}
    then = now - timedelta(days=120)
    yield _event("product.selected", then, product | priced | cycle, drop="hospital")
    yield _event("hospital.enrolled", then, known, drop="product")
    yield _event("agreement.signed", then, agreed | {"agreement": "PROBE"})


def _order(order: str) -> Event:
    told = {"order": order, "area": "1401", "distributor": "D", "quantity": 1}
    priced = {"unit_price": "0.37", "urgency": "normal"}
    return _event("order.placed", datetime.now(UTC), told | priced)


def _event(kind: str, at: datetime, data: dict[str, Any], drop: str = "") -> Event:
    told = {name: value for name, value in (PROBE | data).items() if name != drop}
    return read_structured(
        json.dumps(
            {
                "specversion": "1.0",
                "id": f"probe-{next(NUMBERS)}",
                "source": "/platforms/cn-sx",
                "type": f"vbp.{kind}.v1",
                "subject": "probe",
                "time": at.isoformat(),
                "data": told,
            }
        ).encode()
    )


async def _tell(settings: Settings, taken: list[float], seconds: float) -> None:
    connection = await postgres.connect(settings.database)
    read = int(await connection.fetchval("SELECT sum(next_offset) FROM compliance.position"))
    await connection.close()
    ordered = sorted(taken)
    p99 = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
    median = statistics.median(ordered)
    sys.stdout.write(f"{read:,} events judged, {read / seconds:,.0f} a second\n")
    for name, figure, goal in zip(("p50", "p99"), (median, p99), GOALS, strict=True):
        met = "met" if figure <= goal else "NOT met"
        sys.stdout.write(
            f"published to visible, {name}: {_shown(figure)} "
            f"(goal {goal * 1000:.0f}: {met}, {len(taken)} probes)\n"
        )
    sys.stdout.write(f"published to visible, the longest: {_shown(ordered[-1])}\n")


def _shown(seconds: float) -> str:
    if seconds == math.inf:
        return f"over {PATIENCE:.0f} s: the stream is faster than it is judged"
    return f"{seconds * 1000:.0f} ms"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=40_000)
    parser.add_argument("--rate", type=float, default=5_000, help="events a second of the stream")
    parser.add_argument("--small", action="store_true", help="see once that it all runs")
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    given = parser.parse_args()
    orders, settles = (provinces.IN_SMALL, 0) if given.small else (given.orders, 5)
    asyncio.run(run(orders, given.rate, settles))

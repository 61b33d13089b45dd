"""A door as its clients and its readers see it: an HTTP client, and what arrives on the bus."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI

from services.orders.app import create_app
from services.orders.settings import Settings
from shared.adapters import kafka as bus
from shared.domain import cloudevents
from shared.domain.cloudevents import Event
from tests.support.events import an_example

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
LINES = {"content-type": "application/x-ndjson"}


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def as_lines(events: Iterable[Any]) -> bytes:
    return b"".join(as_json(event) + b"\n" for event in events)


ORDER = "vbp.order.placed.v1"
NOWHERE = {"jurisdiction": "cn-xx"}
FAR = (datetime.now(UTC) + timedelta(hours=25)).isoformat()
INVALID: list[tuple[str, dict[str, Any], str]] = [
    ("a missing attribute", an_example(ORDER, source=None), "#/source"),
    ("a missing field", an_example(ORDER, data={"hospital": None}), "#/data/hospital"),
    ("no data", {**an_example(ORDER, data=None), "data": None}, "#/data"),
    ("a text for a number", an_example(ORDER, data={"quantity": "600"}), "#/data/quantity"),
    ("a naive time", an_example(ORDER, time="2022-03-01T09:30:00"), "#/time"),
    ("a time far ahead", an_example(ORDER, time=FAR), "#/time"),
    ("an unknown type", an_example(ORDER, type="vbp.order.lost.v1"), "#/type"),
    ("a number for money", an_example(ORDER, data={"unit_price": 0.36}), "#/data/unit_price"),
    ("a bad decimal", an_example(ORDER, data={"unit_price": "0,36"}), "#/data/unit_price"),
    ("a negative quantity", an_example(ORDER, data={"quantity": -1}), "#/data/quantity"),
    ("nothing ordered", an_example(ORDER, data={"quantity": 0}), "#/data/quantity"),
    ("an unknown jurisdiction", an_example(ORDER, data=NOWHERE), "#/data/jurisdiction"),
    ("a bad deadline", an_example(ORDER, data={"deliver_by": "soon"}), "#/data/deliver_by"),
    ("an old specversion", an_example(ORDER, specversion="0.3"), "#/specversion"),
    ("a character NUL in an id", an_example(ORDER, id="a\0b"), "#"),
    ("a subject that is a number", an_example(ORDER, subject=5), "#/subject"),
    ("a number, not an object", 5, "#"),  # type: ignore[list-item]
]  # fmt: skip
"""What the door of the purchasing side refuses: its name, the event, the place of the fault."""


@asynccontextmanager
async def reached(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the running application."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://door", timeout=60
        ) as client,
    ):
        yield client


@asynccontextmanager
async def orders_door(kafka: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the door of the purchasing side on a real bus, whose topics are there."""
    await bus.create_topics(kafka)
    app = create_app(Settings(kafka=kafka), frozenset({"cn-sx", "cn-tj"}))
    async with reached(app) as client:
        yield client


async def post(door: httpx.AsyncClient, body: Any, headers: dict[str, str]) -> httpx.Response:
    """Post a body to the door, as JSON unless it is bytes."""
    content = body if isinstance(body, bytes) else as_json(body)
    return await door.post("/v1/events", content=content, headers=headers)


@dataclass
class Heard:
    """What arrives on topics from the offsets `begin` on."""

    consumer: AIOKafkaConsumer
    begin: dict[TopicPartition, int]

    async def events(self) -> list[Event]:
        """All that has arrived by now."""
        ends = await self.consumer.end_offsets(list(self.begin))
        for partition, offset in self.begin.items():
            self.consumer.seek(partition, offset)
        found: list[Event] = []
        while any([await self.consumer.position(tp) < end for tp, end in ends.items()]):
            batches = await self.consumer.getmany(timeout_ms=200)
            for tp, records in batches.items():
                found += [_read(record) for record in records if record.offset >= self.begin[tp]]
        return found

    async def ids(self) -> set[str]:
        return {event.id for event in await self.events()}


def _read(record: Any) -> Event:
    told = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    return cloudevents.read_message(
        record.value, record.headers, told, record.partition, record.offset
    )


@asynccontextmanager
async def listening(bootstrap: str, *topics: str) -> AsyncIterator[Heard]:
    """Listen to topics from now on."""
    consumer = bus.consumer(bootstrap)
    consumer.subscribe(topics)
    await consumer.start()
    try:
        yield Heard(consumer, await consumer.end_offsets(consumer.assignment()))
    finally:
        await consumer.stop()


def metric(text: str, name: str, **labels: str) -> float:
    """The value of one series in a Prometheus page; KeyError if the page lacks it."""
    for line in text.splitlines():
        series, _, value = line.rpartition(" ")
        wanted = all(f'{label}="{text}"' in series for label, text in labels.items())
        if series.partition("{")[0] == name and wanted:
            return float(value)
    raise KeyError(name, labels)

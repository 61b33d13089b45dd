"""A door as its clients and its readers see it: an HTTP client, and what arrives on the bus."""

import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from fastapi import FastAPI

from shared.adapters import kafka as bus
from shared.domain import cloudevents, examples
from shared.domain.cloudevents import Event

STRUCTURED = {"content-type": "application/cloudevents+json"}
BATCH = {"content-type": "application/cloudevents-batch+json"}
LINES = {"content-type": "application/x-ndjson"}


def an_event(kind: str, *, data: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """A valid structured event of its own id; `data` and attributes replace, None removes."""
    event = {**examples.example(kind), "id": uuid.uuid4().hex, **attributes}
    event["data"] = _without_none({**event["data"], **(data or {})})
    return _without_none(event)


def _without_none(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def as_json(value: Any) -> bytes:
    return msgspec.json.encode(value)


def as_lines(events: Iterable[Any]) -> bytes:
    return b"".join(as_json(event) + b"\n" for event in events)


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

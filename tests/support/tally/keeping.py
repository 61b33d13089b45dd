"""Histories taken into a tally's tables, batch by batch, as Faust would hand them over."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any, NamedTuple

import msgspec
from prometheus_client import CollectorRegistry

from shared.adapters import postgres
from shared.adapters.patience import Patience
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.tally.metrics import TallyMetrics
from shared.tally.tally import Subject, Tally
from tests.support.builders import POLICIES

STRUCTURED = [("content-type", b"application/cloudevents+json")]
TOLD = 1_900_000_000_000
"""When the broker took every message, in milliseconds: long after all histories."""


class Message(NamedTuple):
    """A message as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    value: bytes
    timestamp: int = TOLD
    headers: Sequence[tuple[str, bytes]] = STRUCTURED
    checksum: str | None = None


def messages(events: Iterable[Mapping[str, Any]], heard: tuple[str, ...]) -> list[Message]:
    """The events on the topics that are heard, each topic one partition, in the order given."""
    ends: dict[str, int] = {}
    found = []
    for event in events:
        topic = topics.TOPIC_OF[event["type"]]
        if topic in heard:
            offset = ends[topic] = ends.get(topic, -1) + 1
            found.append(Message(topic, 0, offset, msgspec.json.encode(event)))
    return found


def batches(chance: Random, found: list[Message]) -> list[list[Message]]:
    """The messages in batches of any size."""
    cut = []
    while found:
        size = chance.choice((1, 2, 3, 7, 50))
        cut.append(found[:size])
        found = found[size:]
    return cut


class Kept(NamedTuple):
    """A tally, and a connection to look at what it keeps."""

    tally: Tally
    connection: Connection
    patience: Patience

    async def take(self, batch: Sequence[Message]) -> None:
        await self.tally.take(batch, self.patience)

    async def table(self, name: str) -> set[tuple[Any, ...]]:
        """All rows of a table."""
        return {tuple(row) for row in await self.connection.fetch(f"SELECT * FROM {name}")}  # noqa: S608

    async def empty(self) -> None:
        """Forget everything, as before the first message."""
        own = ("line",) if self.tally._subject.book.columns else ()  # noqa: SLF001
        for name in ("position", "kept", "entry", "agreement", *own, *self.totals):
            await self.connection.execute(f"TRUNCATE {name}")
        self.tally.expected = {}

    @property
    def totals(self) -> tuple[str, ...]:
        """The names of the tables of totals."""
        totals = self.tally._subject.book.totals  # noqa: SLF001
        return tuple(table.name for total in totals for table in total.tables)


def tally_of(subject: Subject, dsn: str) -> tuple[Tally, Patience]:
    """A tally that writes to a database."""
    metrics = TallyMetrics(CollectorRegistry(), subject.service, subject.topics)
    return Tally(subject, dsn, POLICIES.jurisdictions, metrics), Patience("tallying", metrics)


@asynccontextmanager
async def keeping(subject: Subject, dsn: str) -> AsyncIterator[Kept]:
    """A tally on a database that has its schema."""
    await postgres.migrate(dsn, subject.migrations, subject.service)
    tally, patience = tally_of(subject, dsn)
    await tally.prepare()
    connection = await postgres.connect(dsn, search_path=subject.service)
    try:
        yield Kept(tally, connection, patience)
    finally:
        tally.close()
        await connection.close()

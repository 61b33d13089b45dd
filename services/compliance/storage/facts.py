"""Facts and dead letters: a batch as it was heard, kept, and read back."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from services.compliance.storage.positions import Span
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import cloudevents, topics
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError, SetupError

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

AT_ONCE = 10_000
"""Facts that are read back at once."""


class Letter(NamedTuple):
    """What could not be taken, unchanged, with the reason."""

    topic: str
    partition: int
    offset: int
    told: datetime
    field: str
    reason: str
    key: bytes | None
    value: bytes | None
    headers: bytes


class Batch(NamedTuple):
    """What was read at once: how far, the events, and the dead letters."""

    spans: list[Span]
    events: list[Event]
    letters: list[Letter]


async def save(connection: Connection, batch: Batch) -> None:
    """Keep every event and dead letter as it was heard."""
    if batch.events:
        await connection.copy_records_to_table(
            "fact", schema_name="compliance", records=map(fact_row, batch.events)
        )
    if batch.letters:
        await connection.copy_records_to_table(
            "dead_letter",
            schema_name="compliance",
            columns=Letter._fields,
            records=batch.letters,
        )


def fact_row(event: Event) -> tuple[Any, ...]:
    """Give an event as a row of the table of facts."""
    return (
        topics.NUMBER_OF[event.topic],
        event.partition,
        event.offset,
        event.told,
        event.type,
        event.source,
        event.id,
        event.time,
        event.recorded,
        event.raw,
    )


async def read_back(connection: Connection) -> AsyncIterator[list[Event]]:
    """Read all facts, the register's first; raises SetupError where one is not taken any more."""
    last: tuple[int, ...] = (-1, -1, -1)
    while rows := await connection.fetch(QUERIES["facts"], *last, AT_ONCE):
        yield [_event(row) for row in rows]
        last = tuple(rows[-1][:3])


def _event(row: Mapping[str, Any]) -> Event:
    # The topic, a number here, follows from the type.
    fact = {name: value for name, value in row.items() if name != "topic"}
    try:
        return cloudevents.read_fact(**fact)
    except InvalidEventError as error:
        place = f"partition {row['partition']}, offset {row['offset']} of {row['type']}"
        raise SetupError(f"this version does not take the fact at {place}: {error}") from error


def headers_of(letter: bytes) -> list[tuple[str, bytes | None]]:
    """Read the headers of a dead letter back."""
    return msgspec.msgpack.decode(letter, type=list[tuple[str, bytes | None]])

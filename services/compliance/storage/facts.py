"""Facts and dead letters: a batch as it was heard, kept, and read back."""

import contextlib
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from services.compliance.storage.positions import Span
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import cloudevents, refusals, topics
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError, UnstorableError

log = logging.getLogger(__name__)

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

_NAME = 4_096

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


class _Said(msgspec.Struct):
    """What a structured event says of itself."""

    source: str | None = None
    id: str | None = None


_said = msgspec.json.Decoder(_Said)


class Batch(NamedTuple):
    """What was read at once: how far, the events, and the dead letters."""

    spans: list[Span]
    events: list[Event]
    letters: list[Letter]


def apart(batch: Batch, error: UnstorableError) -> list[Batch]:
    """Give the halves of a batch of which something cannot be written, each with its positions.

    An event that is alone becomes a dead letter. Raises the error where no event is at fault.
    """
    if len(batch.spans) > 1:
        middle = len(batch.spans) // 2
        return [_within(batch, spans) for spans in (batch.spans[:middle], batch.spans[middle:])]
    if len(batch.events) > 1:
        (span,) = batch.spans
        middle = batch.events[len(batch.events) // 2].offset
        return [_within(batch, [half]) for half in (span.until(middle), span.since(middle))]
    if not batch.events:
        raise error
    log.error("an event cannot be stored, and becomes a dead letter", exc_info=error)
    return [Batch(batch.spans, [], [*batch.letters, _unstorable(batch.events[0], error)])]


def _within(batch: Batch, spans: list[Span]) -> Batch:
    """Give what a batch has within some spans."""
    return Batch(
        spans,
        [event for event in batch.events if _lies_in(spans, event)],
        [letter for letter in batch.letters if _lies_in(spans, letter)],
    )


def _lies_in(spans: list[Span], heard: Event | Letter) -> bool:
    place = (heard.topic, heard.partition)
    return any(place == span[:2] and span.first <= heard.offset < span.next for span in spans)


def _unstorable(event: Event, error: UnstorableError) -> Letter:
    reason = f"event: cannot be stored ({error}). Report it; it is kept as it came"
    headers = msgspec.msgpack.encode(cloudevents.headers_of(event))
    place = (event.topic, event.partition, event.offset, event.told)
    return Letter(*place, "event", reason.replace("\0", "�"), event.key, event.raw, headers)


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
            columns=(*Letter._fields, "source", "id"),
            records=[(*letter, *named_in(letter)) for letter in batch.letters],
        )


def named_in(letter: Letter) -> tuple[str | None, str | None]:
    """Give the `source` and `id` that a message says it has, as far as they can be read."""
    said = _Said()
    with contextlib.suppress(*refusals.UNREADABLE):
        said = _said.decode(letter.value or b"")
    attributes = dict(headers_of(letter.headers))
    told = [
        in_value if header is None else header.decode(errors="replace")
        for in_value, header in (
            (said.source, attributes.get("ce_source")),
            (said.id, attributes.get("ce_id")),
        )
    ]
    source, identity = (
        text if text and len(text) <= _NAME and "\0" not in text else None for text in told
    )
    return source, identity


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


class ReadBack(NamedTuple):
    """Facts as they were heard, and why those are none that an earlier version took."""

    events: list[Event]
    refused: list[str]


async def read_back(connection: Connection) -> AsyncIterator[ReadBack]:
    """Read all facts, the register's first.

    An event that an earlier version took and this one does not judges nothing, as if it had been
    told to this one; it stays kept.
    """
    last: tuple[int, ...] = (-1, -1, -1)
    while rows := await connection.fetch(QUERIES["facts"], *last, AT_ONCE):
        found = ReadBack([], [])
        for row in rows:
            _read(row, found)
        yield found
        last = tuple(rows[-1][:3])


def _read(row: Mapping[str, Any], found: ReadBack) -> None:
    # The topic, a number here, follows from the type.
    fact = {name: value for name, value in row.items() if name != "topic"}
    try:
        found.events.append(cloudevents.read_fact(**fact))
    except InvalidEventError as error:
        place = f"partition {row['partition']}, offset {row['offset']} of {row['type']}"
        found.refused.append(f"{place}: {error}")


def headers_of(letter: bytes) -> list[tuple[str, bytes | None]]:
    """Read the headers of a dead letter back."""
    return msgspec.msgpack.decode(letter, type=list[tuple[str, bytes | None]])

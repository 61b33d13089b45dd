"""Dead letters as they are kept: what could not be taken, unchanged, with the reason."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from services.compliance.storage.facts import headers_of
from shared.adapters import postgres
from shared.adapters.postgres import Connection

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


LetterKey = tuple[datetime, str, int, int]
"""What dead letters are ordered by: when they were told, topic, partition, offset."""


class LetterLine(NamedTuple):
    """A dead letter in a list; `told` is the broker's instant, `bytes` what the message weighed."""

    topic: str
    partition: int
    offset: int
    told: datetime
    field: str
    reason: str
    bytes: int


class KeptLetter(NamedTuple):
    """A dead letter, whole; `sent_at` says when it went to the topic of dead letters."""

    topic: str
    partition: int
    offset: int
    told: datetime
    field: str
    reason: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    sent_at: datetime | None


async def listed(connection: Connection, topic: str | None, at_most: int) -> list[LetterLine]:
    """Give the last dead letters, of one topic or of all."""
    rows = await connection.fetch(QUERIES["listed"], topic, at_most)
    return [LetterLine(*row.values()) for row in rows]


async def one(connection: Connection, topic: str, partition: int, offset: int) -> KeptLetter | None:
    """Give the dead letter at a place; None where there is none."""
    row = await connection.fetchrow(QUERIES["one"], topic, partition, offset)
    if row is None:
        return None
    return _kept(row)


async def to_redrive(
    connection: Connection, topic: str | None, behind: LetterKey, at_most: int
) -> list[KeptLetter]:
    """Give the next dead letters that were not sent again, of one topic or of all."""
    rows = await connection.fetch(QUERIES["to_redrive"], topic, *behind, at_most)
    return [_kept(row) for row in rows]


async def note_redriven(
    connection: Connection, places: Iterable[tuple[str, int, int]], at: datetime
) -> None:
    """Note that dead letters were sent to their topics again."""
    await connection.execute(QUERIES["note_redriven"], *postgres.columns(places), at)


def _kept(row: Mapping[str, Any]) -> KeptLetter:
    return KeptLetter(**dict(row) | {"headers": headers_of(row["headers"])})

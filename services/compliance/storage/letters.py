"""Dead letters as they are kept: what could not be taken, unchanged, with the reason."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from services.compliance.storage.facts import headers_of
from shared.adapters import postgres
from shared.adapters.postgres import Connection

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


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
    return KeptLetter(**dict(row) | {"headers": headers_of(row["headers"])})

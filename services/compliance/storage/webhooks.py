"""Subscriptions to changes, what waits to be told, and what became of it."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

from shared.adapters import postgres
from shared.adapters.postgres import Connection

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

MOST_OF_ONE: Final = 20
"""Subscriptions that one holder has at a time."""

FORMER_FOR: Final = timedelta(days=1)
"""How long the secret of before goes on to sign as well."""

KEPT_FOR: Final = timedelta(days=30)
"""How long the log says what became of a change."""

BACK_OFF: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1_800, 3_600, 7_200, 14_400, 28_800, 28_800)
)
"""After each try that failed, until the next: 23 hours and 43 minutes in all."""

PAUSED_FOR: Final = timedelta(minutes=5)
"""How long at most nothing is told to a receiver that is away."""

_SWEPT_AT_ONCE: Final = 10_000
_AWAY, _BUSY = 500, 429
"""Statuses: the first of a receiver that fails itself, and that of one that asks to wait."""


class Subscriber(NamedTuple):
    """A subscription: whose, what of, from when on."""

    id: UUID
    subject: str
    filter: Mapping[str, Any]
    created_at: datetime


class Sending(NamedTuple):
    """A change that is to be told now; `attempts` were made before."""

    id: int
    webhook: UUID
    subject: str
    message: str
    body: bytes
    attempts: int
    url: str
    secrets: tuple[bytes, ...]


class Tried(NamedTuple):
    """What became of a try; without a problem it was taken."""

    due: Sending
    status: int | None
    problem: str | None


async def create(  # noqa: PLR0913, PLR0917  # all that a subscription is
    connection: Connection,
    identity: UUID,
    subject: str,
    url: str,
    chosen: Mapping[str, Any],
    secret: bytes,
    now: datetime,
) -> bool:
    """Keep a subscription; False where its subject has as many as one may have."""
    async with connection.transaction():
        await connection.execute(QUERIES["hold"], subject)
        row = await connection.fetchval(
            QUERIES["create"],
            *(identity, subject, url, json.dumps(chosen), secret, now, MOST_OF_ONE),
        )
    return row is not None


async def live(connection: Connection) -> list[Subscriber]:
    """Give all subscriptions that have not ended."""
    rows = await connection.fetch(QUERIES["live"])
    return [
        Subscriber(row["id"], row["subject"], json.loads(row["filter"]), row["created_at"])
        for row in rows
    ]


async def become_the_one(connection: Connection) -> bool:
    """Say whether this connection is the one that tells; it is until it ends."""
    return bool(await connection.fetchval(QUERIES["alone"]))


async def of(connection: Connection, subject: str) -> list[Any]:
    """Give the rows of somebody's subscriptions that have not ended."""
    return list(await connection.fetch(QUERIES["of"], subject))


async def end(connection: Connection, webhook: UUID, subject: str, now: datetime) -> bool:
    """End a subscription; False where it is none of this subject."""
    return await connection.fetchval(QUERIES["end_one"], webhook, subject, now) is not None


async def renew(
    connection: Connection, webhook: UUID, subject: str, secret: bytes, now: datetime
) -> bool:
    """Sign with another secret; False where it is none of this subject."""
    until = now + FORMER_FOR
    row = await connection.fetchval(QUERIES["renew"], webhook, subject, secret, until)
    return row is not None


async def log(
    connection: Connection, webhook: UUID, subject: str, before: int, most: int
) -> list[Any]:
    """Give the rows of what became of changes, the last first."""
    return list(await connection.fetch(QUERIES["log"], webhook, subject, before, most))


async def belongs(connection: Connection, webhook: UUID, subject: str) -> bool:
    """Say whether a subscription is a subject's, ended or not."""
    return await connection.fetchval(QUERIES["belongs"], webhook, subject) is not None


async def again(
    connection: Connection, webhook: UUID, subject: str, delivery: int, now: datetime
) -> bool:
    """Have one told again; False where there is none such of this subject."""
    asked = (webhook, subject, delivery, now)
    return await connection.fetchval(QUERIES["again"], *asked) is not None


async def forget_places(connection: Connection) -> None:
    """Forget how far the topic was read, where nobody wants to be told."""
    await connection.execute(QUERIES["forget_places"])


async def places(connection: Connection) -> dict[int, int]:
    """Give the offset of the next change of each partition; empty where none was read."""
    rows = await connection.fetch(QUERIES["places"])
    return {row["partition"]: row["next_offset"] for row in rows}


async def queue(
    connection: Connection,
    told: Sequence[tuple[UUID, str, bytes]],
    read: Mapping[int, int],
    now: datetime,
) -> None:
    """Have changes told, and note how far the topic was read, of one transaction."""
    async with connection.transaction():
        if told:
            await connection.execute(QUERIES["queue"], *postgres.columns(told), now)
        await connection.execute(QUERIES["move"], list(read), list(read.values()))


async def due(connection: Connection, now: datetime, most: int) -> list[Sending]:
    """Give what is to be told now."""
    return [
        Sending(
            row["id"],
            row["webhook"],
            row["subject"],
            row["message"],
            row["body"],
            row["attempts"],
            row["url"],
            tuple(one for one in (row["secret"], row["former_secret"]) if one is not None),
        )
        for row in await connection.fetch(QUERIES["due"], now, most)
    ]


async def note(connection: Connection, tried: Sequence[Tried], now: datetime) -> None:
    """Note what became of tries: what failed is tried again later, for a day.

    While a receiver is away it is tried with nothing else; what it refuses holds up nothing.
    """
    rows = [(one.due.id, one.status, one.problem, _next(one, now)) for one in tried]
    pauses = {one.due.webhook: _pause(one, now) for one in sorted(tried, key=_is_there)}
    async with connection.transaction():
        await connection.execute(QUERIES["note"], now, *postgres.columns(rows))
        await connection.execute(QUERIES["pause"], list(pauses), list(pauses.values()))


async def sweep(connection: Connection, now: datetime) -> None:
    """Forget some of what was settled longer ago than the log reaches."""
    await connection.fetch(QUERIES["sweep"], now - KEPT_FOR, _SWEPT_AT_ONCE)


def _is_there(tried: Tried) -> bool:
    return tried.status is not None and tried.status < _AWAY and tried.status != _BUSY


def _pause(tried: Tried, now: datetime) -> datetime | None:
    again = _next(tried, now)
    return None if again is None or _is_there(tried) else min(again, now + PAUSED_FOR)


def _next(tried: Tried, now: datetime) -> datetime | None:
    if tried.problem is None or tried.due.attempts >= len(BACK_OFF):
        return None
    return now + BACK_OFF[tried.due.attempts]

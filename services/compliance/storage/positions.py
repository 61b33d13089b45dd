"""Where we stand in each partition, who owns it, and until when it was heard.

Epochs in PostgreSQL fence the partitions, so that a zombie can never write.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg

from services.compliance.judging.moment import Moment
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import calendar, topics
from shared.domain.errors import FencedError, TransientError
from shared.domain.topics import Place

log = logging.getLogger(__name__)

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

LOCK_WAIT = "5s"
"""How long a takeover waits for the last owner's transaction, which lasts milliseconds, and seconds
where the machine is busy; after that the owner is frozen inside a statement, and only ending its
backend frees the rows."""

TRIES = 5


class Hold(NamedTuple):
    """A partition of ours: the epoch that makes it ours, and the next offset to read.

    Offsets are ours: the broker's and `base`, which is what topics of this name held before they
    were made again. `topic_id` is None until the topic was first seen; `end` is where it ended at
    the last look.
    """

    epoch: int
    next: int
    base: int = 0
    topic_id: UUID | None = None
    end: int = 0

    @property
    def seek(self) -> int:
        """The next offset to read, as the broker counts."""
        return self.next - self.base


class Look(NamedTuple):
    """What the broker held of a partition at an instant; offsets are ours."""

    topic_id: UUID
    stable: int
    end: int


class Span(NamedTuple):
    """How far a batch reads in a partition: from `first` up to, not including, `next`."""

    topic: str
    partition: int
    epoch: int
    first: int
    next: int

    def until(self, offset: int) -> "Span":
        """Give the part before an offset."""
        return self._replace(next=offset)

    def since(self, offset: int) -> "Span":
        """Give the part from an offset on."""
        return self._replace(first=offset)


async def connect(dsn: str, owner: str) -> Connection:
    """Connect as an owner of partitions, whose backend can be found by the owner's name."""
    return await postgres.connect(
        dsn,
        application_name=owner,
        idle_in_transaction_session_timeout="10s",
        jit="off",
    )


async def create(connection: Connection, places: Iterable[Place] = topics.PLACES) -> None:
    """Make the rows of partitions that have none; nothing was heard of those yet."""
    await connection.execute(QUERIES["create"], *postgres.columns(places))


class Taker:
    """Takes partitions over for a worker, beside the connection that it writes over."""

    def __init__(self, dsn: str, owner: str, writer: Connection) -> None:
        self._dsn = dsn
        self._owner = owner
        self._writer = writer

    async def take(self, places: Iterable[Place]) -> dict[Place, Hold]:
        """Take partitions over; raises TransientError where that fails."""
        wanted = sorted(places)
        connection = await connect(self._dsn, self._owner)
        try:
            if self._writer.is_closed():
                raise TransientError("the worker's connection was lost while it took partitions")
            pid = self._writer.get_server_pid()
            held = await take(connection, wanted, self._owner, pid)
        except postgres.FAILURES as error:
            raise TransientError(f"could not take over {len(wanted)} partitions") from error
        finally:
            connection.terminate()
        if unknown := set(wanted) - held.keys():
            raise TransientError(f"no rows for partitions {sorted(unknown)}: run `vbp topics`")
        log.info("took over %d partitions", len(held))
        return held


async def take(
    connection: Connection, places: Iterable[Place], owner: str, writer_pid: int
) -> dict[Place, Hold]:
    """Become the owner of partitions; ends the backend of an owner that is frozen."""
    wanted = sorted(places)
    columns = postgres.columns(wanted) or [[], []]
    for tries in range(TRIES):
        try:
            async with connection.transaction():
                await connection.execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT}'")
                await lock(connection, wanted)
                rows = await connection.fetch(QUERIES["take"], *columns, owner, writer_pid)
            return {(row["topic"], row["partition"]): _hold(row) for row in rows}
        except asyncpg.LockNotAvailableError:
            if tries == TRIES - 1:
                raise
            for pid in await others(connection, wanted, owner):
                await connection.execute("SELECT pg_terminate_backend($1)", pid)
    raise AssertionError


async def lock(connection: Connection, places: Iterable[Place]) -> None:
    """Hold the rows of partitions until the transaction ends; nobody takes or advances them."""
    await connection.fetch(QUERIES["lock"], *(postgres.columns(sorted(places)) or [[], []]))


async def others(connection: Connection, places: Iterable[Place], owner: str) -> list[int]:
    """Give the backends of living owners other than `owner`."""
    columns = postgres.columns(sorted(places)) or [[], []]
    rows = await connection.fetch(QUERIES["owners"], *columns, owner)
    return [row["backend_pid"] for row in rows]


async def still_held(
    connection: Connection, holds: Mapping[Place, Hold]
) -> dict[Place, Hold] | None:
    """Read the places of our partitions again; None if one of them has another owner."""
    found = await _read(connection, sorted(holds))
    if any(found[place].epoch != hold.epoch for place, hold in holds.items()):
        return None
    return found


async def committed(connection: Connection, topic: str) -> dict[Place, int]:
    """Read how far a topic was committed as the broker counts, whoever reads its partitions."""
    try:
        rows = await connection.fetch(QUERIES["committed"], topic)
    except postgres.FAILURES as error:
        raise TransientError("PostgreSQL failed while places were read") from error
    return {(topic, row["partition"]): row["seek"] for row in rows}


async def _read(connection: Connection, places: list[Place]) -> dict[Place, Hold]:
    columns = postgres.columns(places) or [[], []]
    try:
        rows = await connection.fetch(QUERIES["read"], *columns)
    except postgres.FAILURES as error:
        raise TransientError("PostgreSQL failed while places were read") from error
    return {(row["topic"], row["partition"]): _hold(row) for row in rows}


def _hold(row: asyncpg.Record) -> Hold:
    return Hold(row["epoch"], row["next_offset"], row["base"], row["topic_id"], row["end_offset"])


async def advance(connection: Connection, spans: Iterable[Span], now: datetime) -> None:
    """Pass the fence, or raise FencedError: another owner, or not the place we believed."""
    rows = sorted(spans)
    done = await connection.execute(QUERIES["advance"], *postgres.columns(rows), now)
    if postgres.written(done) != len(rows):
        raise FencedError("a partition has another owner, or was read from another place")


async def passed(connection: Connection) -> int:
    """Count the messages that all partitions have passed, taken or not."""
    count: int = await connection.fetchval(QUERIES["passed"])
    return count


async def known(connection: Connection) -> set[Place]:
    """Give the partitions that have rows."""
    return {(row["topic"], row["partition"]) for row in await connection.fetch(QUERIES["known"])}


async def hear(
    connection: Connection,
    holds: Mapping[Place, Hold],
    looks: Mapping[Place, Look],
    asked: datetime | None,
) -> None:
    """Note where our partitions ended at an instant; those read to there were heard until then.

    Not heard is what lies behind an open transaction, and what was lost and not acknowledged.
    `asked` is None where our clock cannot be trusted: then nothing counts as heard.
    """
    rows = [
        (*place, holds[place].epoch, look.topic_id, look.stable, look.end)
        for place, look in sorted(looks.items())
    ]
    if rows:
        await connection.execute(QUERIES["hear"], *postgres.columns(rows), asked)


async def heard(connection: Connection, now: datetime) -> Moment:
    """Give the moment of asking: never before any moment that was judged at."""
    row = await connection.fetchrow(QUERIES["heard"])
    if row is None or row["heard_until"] is None:
        return Moment(now, calendar.EPOCH)
    return Moment(max(now, row["judged_at"]), row["heard_until"])

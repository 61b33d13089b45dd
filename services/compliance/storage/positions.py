"""Who owns a partition: epochs in PostgreSQL, so that a zombie can never write."""

import logging
from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

from services.compliance.storage.storage import QUERIES
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import TransientError
from shared.domain.topics import Place

log = logging.getLogger(__name__)

LOCK_WAIT = "1s"
"""How long a takeover waits for the last owner's transaction, which lasts milliseconds; after
that the owner is frozen inside a statement, and only ending its backend frees the rows."""

TRIES = 5


class Hold(NamedTuple):
    """A partition of ours: the epoch that makes it ours, and the next offset to read."""

    epoch: int
    next: int


async def connect(dsn: str, owner: str) -> Connection:
    """Connect as an owner of partitions, whose backend can be found by the owner's name."""
    return await postgres.connect(
        dsn,
        application_name=owner,
        idle_in_transaction_session_timeout="5s",
        jit="off",
    )


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
                await connection.fetch(QUERIES["lock_positions"], *columns)
                rows = await connection.fetch(
                    QUERIES["take_positions"], *columns, owner, writer_pid
                )
            return {(row["topic"], row["partition"]): _hold(row) for row in rows}
        except asyncpg.LockNotAvailableError:
            if tries == TRIES - 1:
                raise
            for row in await connection.fetch(QUERIES["owners"], *columns, owner):
                await connection.execute("SELECT pg_terminate_backend($1)", row["backend_pid"])
    raise AssertionError


async def still_held(connection: Connection, holds: dict[Place, Hold]) -> dict[Place, Hold] | None:
    """Read the places of our partitions again; None if one of them has another owner."""
    found = await _read(connection, sorted(holds))
    if any(found[place].epoch != hold.epoch for place, hold in holds.items()):
        return None
    return found


async def reached(connection: Connection, place: Place) -> int:
    """Read how far a partition was committed, whoever reads it."""
    found = await _read(connection, [place])
    return found[place].next if found else 0


async def _read(connection: Connection, places: list[Place]) -> dict[Place, Hold]:
    columns = postgres.columns(places) or [[], []]
    try:
        rows = await connection.fetch(QUERIES["positions"], *columns)
    except postgres.FAILURES as error:
        raise TransientError("PostgreSQL failed while places were read") from error
    return {(row["topic"], row["partition"]): _hold(row) for row in rows}


def _hold(row: asyncpg.Record) -> Hold:
    return Hold(row["epoch"], row["next_offset"])

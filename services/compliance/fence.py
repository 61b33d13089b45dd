"""Who owns a partition: epochs in PostgreSQL, so that a zombie can never write."""

from collections.abc import Iterable
from typing import NamedTuple

import asyncpg

from services.compliance.storage import QUERIES
from shared.adapters.postgres import Connection

Place = tuple[str, int]

LOCK_WAIT = "1s"
"""How long a takeover waits for the last owner's transaction, which lasts milliseconds; after
that the owner is frozen inside a statement, and only ending its backend frees the rows."""

TRIES = 5


class Hold(NamedTuple):
    """A partition of ours: the epoch that makes it ours, and the next offset to read."""

    epoch: int
    next: int


async def take(
    connection: Connection, places: Iterable[Place], owner: str, writer_pid: int
) -> dict[Place, Hold]:
    """Become the owner of partitions; ends the backend of an owner that is frozen."""
    wanted = sorted(places)
    columns = [list(column) for column in zip(*wanted, strict=True)] or [[], []]
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
    columns = [list(column) for column in zip(*sorted(holds), strict=True)] or [[], []]
    rows = await connection.fetch(QUERIES["positions"], *columns)
    found = {(row["topic"], row["partition"]): _hold(row) for row in rows}
    if any(found[place].epoch != hold.epoch for place, hold in holds.items()):
        return None
    return found


def _hold(row: asyncpg.Record) -> Hold:
    return Hold(row["epoch"], row["next_offset"])

"""What the broker lost before it was read: noticed, noted, and acknowledged by a person."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from services.compliance.storage.positions import Hold
from shared.adapters import postgres
from shared.adapters.lost import Cause, Loss
from shared.adapters.postgres import Connection
from shared.domain.errors import FencedError, InvalidArgumentError
from shared.domain.topics import Place

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


async def note(
    connection: Connection,
    holds: Mapping[Place, Hold],
    found: Mapping[Place, tuple[Loss, UUID]],
    now: datetime,
) -> None:
    """Note losses with the ids of the topics there now, and read on behind them.

    Raises FencedError where a partition has another owner or has moved on meanwhile; then nothing
    is written.
    """
    rows = [
        (*place, holds[place].epoch, holds[place].next, loss.base, loss.following, topic_id)
        for place, (loss, topic_id) in sorted(found.items())
    ]
    losses = [
        (*place, loss.cause, loss.first, loss.next, loss.topic_id)
        for place, (loss, _) in sorted(found.items())
    ]
    async with connection.transaction():
        done = await connection.execute(QUERIES["read_on"], *postgres.columns(rows))
        if postgres.written(done) != len(rows):
            raise FencedError("a partition moved while what it lost was noted")
        await connection.execute(QUERIES["note"], *postgres.columns(losses), now)


class Noted(NamedTuple):
    """A loss as it was noted, and as somebody acknowledged it."""

    id: int
    topic: str
    partition: int
    cause: Cause
    first_offset: int
    next_offset: int
    noticed_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    reason: str | None


async def listed(connection: Connection, *, all_of_them: bool, at_most: int) -> list[Noted]:
    """Give losses, the newest first; by default those that nobody has acknowledged."""
    rows = await connection.fetch(QUERIES["listed"], all_of_them, at_most)
    return [Noted(*row) for row in rows]


async def acknowledge(
    connection: Connection, ids: Iterable[int], by: str, reason: str, now: datetime
) -> None:
    """Note who takes a loss for final, and why; silence is judged again once all are.

    Raises InvalidArgumentError where an id is no loss, or one that was acknowledged.
    """
    wanted = sorted(set(ids))
    async with connection.transaction():
        rows = await connection.fetch(QUERIES["acknowledge"], wanted, by, reason, now)
        if unknown := sorted(set(wanted) - {row["id"] for row in rows}):
            numbers = ", ".join(map(str, unknown))
            raise InvalidArgumentError(
                f"{numbers}: no loss that waits to be acknowledged. `vbp losses list` lists those"
            )

"""What the broker lost before it was read: noticed, noted, and acknowledged by a person."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

from services.compliance.storage.positions import Hold
from shared.adapters import postgres
from shared.adapters.broker import Bounds
from shared.adapters.postgres import Connection
from shared.domain.errors import FencedError, InvalidArgumentError
from shared.domain.topics import Place

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

Cause = Literal["removed", "made_again", "cut_off"]
"""Retention or a person removed it; the topic was made again; the log ends before where we are."""


class Loss(NamedTuple):
    """Offsets `[first, next)` of a partition that nobody can read any more, as ours are counted.

    None may have been told there: of a topic made again nobody knows what came after the last look.
    `base` and `following` are from where the partition is read from now on.
    """

    cause: Cause
    first: int
    next: int
    topic_id: UUID | None
    base: int
    following: int


def lost(hold: Hold, topic_id: UUID, bounds: Bounds) -> Loss | None:
    """Compare where a partition was believed to stand with what the broker holds.

    A log that ends before where we are is `cut_off`: a broker that was no full replica has taken
    it over. It shows for a moment after each change of leaders, so whoever asks waits a little.
    """
    if hold.topic_id is not None and hold.topic_id != topic_id:
        base = max(hold.next, hold.end)
        following = base + bounds.begin
        return Loss("made_again", hold.next, following, hold.topic_id, base, following)
    begin, end = hold.base + bounds.begin, hold.base + bounds.end
    if end < hold.next:
        return Loss("cut_off", end, hold.next, topic_id, hold.next - bounds.end, hold.next)
    if begin > hold.next:
        return Loss("removed", hold.next, begin, topic_id, hold.base, begin)
    return None


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

"""How far each partition was taken in, kept with what it led to.

A place says that everything before it is in the figures. It needs no fence: what a worker writes
that has lost its partition was read all the same, and taking it in again changes nothing.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

from shared.adapters import postgres
from shared.adapters.lost import Loss
from shared.adapters.postgres import Connection
from shared.domain.topics import Place

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

Span = tuple[str, int, int, int]
"""Topic and partition, the first offset that was read of it, and the next one to read."""


class Reach:
    """What a batch has read of each partition; `expected` is where each was to be read next."""

    def __init__(self, expected: Mapping[Place, int]) -> None:
        self._expected = expected
        self._of: dict[Place, tuple[int, int]] = {}

    def read(self, place: Place, offset: int) -> None:
        """Note a message.

        Offsets have holes where a topic is transactional or compacted, so a batch begins where the
        last one ended. One that lies before all others was read after its partition was sought.
        """
        begins = self._expected.get(place, offset)
        first, following = self._of.get(place, (begins, begins))
        if offset >= following:
            self._of[place] = (first, offset + 1)
        elif offset < first:
            self._of[place] = (offset, offset + 1)

    def spans(self) -> Iterator[Span]:
        """Give what was read, in one order for every worker."""
        return ((*place, *span) for place, span in sorted(self._of.items()))


class Hold(NamedTuple):
    """Where a partition stands; offsets are ours, the broker's and `base`: adapters/lost.py."""

    next: int
    base: int
    topic_id: UUID | None
    end: int

    @property
    def seek(self) -> int:
        """The next offset to read, as the broker counts."""
        return self.next - self.base


class Look(NamedTuple):
    """What the broker holds of a partition: which topic, and where it ends in our offsets."""

    topic_id: UUID
    end: int


async def find(connection: Connection, places: Iterable[Place]) -> dict[Place, Hold]:
    """Give where partitions stand; at the beginning where nothing was read."""
    columns = postgres.columns(sorted(places)) or [[], []]
    await connection.execute(QUERIES["create"], *columns)
    rows = await connection.fetch(QUERIES["read"], *columns)
    return {
        (row["topic"], row["partition"]): Hold(
            row["next_offset"], row["base"], row["topic_id"], row["end_offset"]
        )
        for row in rows
    }


async def advance(connection: Connection, spans: Iterable[Span]) -> None:
    """Note that spans are in the figures, where all before them is too."""
    rows = list(spans)
    if rows:
        await connection.execute(QUERIES["advance"], *postgres.columns(rows))


async def note(
    connection: Connection,
    holds: Mapping[Place, Hold],
    looks: Mapping[Place, Look],
    losses: Mapping[Place, tuple[Loss, UUID]],
    asked: datetime,
) -> None:
    """Note what the broker held of partitions when it was asked, an instant (UTC).

    What it lost is counted, and read on behind.
    """
    seen = [(*place, *look) for place, look in sorted(looks.items())]
    if seen:
        await connection.execute(QUERIES["seen"], *postgres.columns(seen), asked)
    gone = [
        (*place, holds[place].next, loss.base, loss.following, loss.next - loss.first, topic_id)
        for place, (loss, topic_id) in sorted(losses.items())
    ]
    if gone:
        await connection.execute(QUERIES["read_on"], *postgres.columns(gone))


async def lost(connection: Connection) -> int:
    """Count the messages that the broker had lost before they were read, of all partitions."""
    count: int = await connection.fetchval(QUERIES["lost"])
    return count

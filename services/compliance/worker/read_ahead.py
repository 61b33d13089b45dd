"""Buffers in front of the batches, so that partitions are read side by side.

aiokafka empties one partition before it turns to the next. Then orders are judged long before
their deliveries are read, and again when they are. Records go on only up to a common horizon, the
oldest of the last timestamps buffered; a partition that is at its end holds nobody up. Nothing
depends on this but speed: whatever goes on in whatever order ends in the same violations.
"""

from collections import deque
from collections.abc import Collection, Iterable, Mapping
from itertools import islice
from math import ceil, inf
from typing import Any, NamedTuple

from shared.domain.topics import Place

FEW = 64
"""Records that are read at once of a partition that holds up the others: as many at most wait in
each of them for the rest."""

BYTES_TAKEN = 8 << 20
"""Bytes that go on at once, about: what is buffered may be large messages."""

PER_RECORD = 1_350
"""Bytes that a record takes beside key and value, as tracemalloc counts them: the objects that it
and its headers are read into."""


class Taken(NamedTuple):
    """Records that go on, by partition, and from where each of those partitions is read next."""

    records: dict[Place, list[Any]]
    next: dict[Place, int]


class ReadAhead:
    """Records read and not yet handed on, by partition."""

    def __init__(self) -> None:
        self._held: dict[Place, deque[Any]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return sum(len(held) for held in self._held.values())

    def clear(self) -> None:
        """Forget everything, because it will be read again from elsewhere."""
        self._held = {}
        self._bytes = 0

    def wants(self, places: Iterable[Place], at_end: Collection[Place]) -> list[Place]:
        """Give the partitions to read on in: those that hold up all others, or whoever has more.

        Each that is read on lets as many go on as it brings in, or more.
        """
        going_on = [place for place in places if place not in at_end]
        horizon = self._horizon(going_on)
        return [place for place in going_on if self._last(place) <= horizon] or list(places)

    def add(self, fetched: Mapping[Place, Iterable[Any]]) -> None:
        """Buffer what was read."""
        for place, records in fetched.items():
            held = self._held.setdefault(place, deque())
            before = len(held)
            held.extend(records)
            self._bytes += sum(map(_size, islice(held, before, None)))

    def ready(self, places: Collection[Place], at_end: Collection[Place], at_most: int) -> bool:
        """Say whether so many may go on."""
        return sum(self._ready(places, at_end).values()) >= self._most(at_most)

    def _ready(self, places: Collection[Place], at_end: Collection[Place]) -> dict[Place, int]:
        horizon = self._horizon(place for place in places if place not in at_end)
        return {place: _until(self._held.get(place, ()), horizon) for place in places}

    def take(
        self, stands_at: Mapping[Place, int], at_end: Collection[Place], at_most: int
    ) -> Taken:
        """Hand on what lies before the horizon, about `at_most` records.

        `stands_at` says where the consumer stands in each partition: what it has passed and nobody
        buffers (offsets may have holes) is done with.
        """
        ready = self._ready(stands_at, at_end)
        share = min(1.0, self._most(at_most) / max(1, sum(ready.values())))
        taken = Taken({}, {})
        for place, count in ready.items():
            held = self._held.get(place)
            if held:
                going = [held.popleft() for _ in range(ceil(count * share))]
                taken.records[place] = going
                self._bytes -= sum(map(_size, going))
            taken.next[place] = held[0].offset if held else stands_at[place]
        return taken

    def _most(self, at_most: int) -> int:
        """Give how many records go on at once, by how large the ones held are."""
        each = max(PER_RECORD, self._bytes // max(1, len(self)))
        return min(at_most, max(1, BYTES_TAKEN // each))

    def _horizon(self, going_on: Iterable[Place]) -> float:
        """Give the timestamp (milliseconds) up to which all partitions that go on were read."""
        return min(map(self._last, going_on), default=inf)

    def _last(self, place: Place) -> int:
        held = self._held.get(place)
        return held[-1].timestamp if held else 0


def _size(record: Any) -> int:
    return PER_RECORD + len(record.key or b"") + len(record.value or b"")


def _until(held: Iterable[Any], horizon: float) -> int:
    count = 0
    for record in held:
        if record.timestamp > horizon:
            break
        count += 1
    return count

"""Changes of violations as the bus tells them: the last of them, for whoever follows.

Read from `vbp.violations.v1` without a group, so that nothing is told that could be undone, and
order and places are the topic's. What is held is bounded; whoever was away for longer begins anew.
"""

import asyncio
import logging
import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError
from msgspec import Struct
from typing_extensions import override

from services.compliance.answers.service_shapes import ChangeShown
from shared.adapters import broker as brokers
from shared.adapters import kafka
from shared.adapters.background import Background
from shared.adapters.cluster import Bootstrap
from shared.domain import topics

log = logging.getLogger(__name__)

MOST_HELD: Final = 10_000
"""Changes that are held, and read again at the start: some 20 MB."""

AGAIN_AFTER: Final = 2.0
"""Seconds until the broker is asked again after it failed."""

_AT_ONCE: Final = 1_000
_WAIT_MS: Final = 1_000
_PLACE: Final = re.compile(r"p(\d{1,6})-(\d{1,18})", re.ASCII)
_MACHINE: Final = frozenset({"opened", "changed", "closed", "withdrawn"})

Places = dict[int, int]
"""The offset of the next change of each partition: all before it was heard."""


class ToldOnBus(Struct, frozen=True):
    """What a message says of a violation, as far as changes are chosen and shown by it."""

    id: str
    rule: str | None = None
    status: str | None = None
    exempt: bool | None = None
    severity: str | None = None
    jurisdiction: str | None = None
    area: str | None = None
    product: str | None = None
    hospital: str | None = None
    manufacturer: str | None = None
    distributor: str | None = None
    order: str | None = None
    occurred_at: str | None = None
    detected_at: str | None = None
    review: str | None = None
    stale: bool | None = None


class HeardChange(NamedTuple):
    """A change as the bus tells it: under which id and type, and when the broker heard it."""

    message: str
    type: str
    heard_at: datetime
    told: ToldOnBus
    shown: ChangeShown


class RecentChange(NamedTuple):
    """A change, its number among all that were read, and where the topic was after it."""

    number: int
    partition: int
    offset: int
    place: str
    told: ToldOnBus
    shown: ChangeShown

    @property
    def event(self) -> str:
        """The name under which it is told: the machine's change, or that people reviewed it."""
        return self.shown.change if self.shown.change in _MACHINE else "reviewed"


def read_places(text: str) -> Places | None:
    """Read where somebody was: p0-1234.p1-88; None for anything else."""
    found = [_PLACE.fullmatch(part) for part in text.split(".")]
    return {int(one[1]): int(one[2]) for one in found if one} if all(found) else None


def write_places(places: Mapping[int, int]) -> str:
    """Write where the topic is."""
    return ".".join(f"p{number}-{offset}" for number, offset in sorted(places.items()))


class RecentChanges:
    """The last changes, in the order in which they were read."""

    def __init__(self, most: int = MOST_HELD) -> None:
        self._held: deque[RecentChange] = deque()
        self._most = most
        self._floors: Places = {}
        self._next: Places = {}
        self._number = 0
        self._moved = asyncio.Event()
        self.closed = False

    @property
    def place(self) -> str:
        """Give where the topic is now."""
        return write_places(self._next)

    @property
    def number(self) -> int:
        """Give the number of the last change."""
        return self._number

    def begin(self, floors: Places) -> None:
        """Begin to hold what stands from some offsets on; what was held before is forgotten."""
        self._held.clear()
        self._floors = dict(floors)
        self._next = dict(floors)
        # Whoever follows sees by the gap in the numbers that they must begin anew.
        self._number += 1
        self._wake()

    def take(self, partition: int, offset: int, told: ToldOnBus, shown: ChangeShown) -> None:
        """Take the next change."""
        self._next[partition] = offset + 1
        self._number += 1
        self._held.append(RecentChange(self._number, partition, offset, self.place, told, shown))
        if len(self._held) > self._most:
            gone = self._held.popleft()
            self._floors[gone.partition] = gone.offset + 1
        self._wake()

    def since(self, places: Places) -> list[RecentChange] | None:
        """Give what somebody has missed; None where that is not known any more."""
        for partition, floor in self._floors.items():
            if not floor <= places.get(partition, 0) <= self._next[partition]:
                return None
        return [one for one in self._held if one.offset >= places.get(one.partition, 0)]

    def after(self, number: int) -> list[RecentChange] | None:
        """Give what came after a change; None where that is not known any more."""
        first = self._held[0].number if self._held else self._number + 1
        if number + 1 < first:
            return None
        return list(self._newest(number))[::-1]

    async def wait(self, number: int, seconds: float) -> None:
        """Wait until there is a change after some, for so long at most."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while self._number <= number and not self.closed:
                    await self._moved.wait()

    def close(self) -> None:
        """Have everybody who waits leave."""
        self.closed = True
        self._wake()

    def _newest(self, number: int) -> Iterator[RecentChange]:
        for one in reversed(self._held):
            if one.number <= number:
                return
            yield one

    def _wake(self) -> None:
        self._moved.set()
        self._moved = asyncio.Event()


class Follower(Background):
    """Reads the topic in the background while it is held; `up` once all of before was read."""

    def __init__(self, bootstrap: Bootstrap, changes: RecentChanges) -> None:
        super().__init__()
        self.up = False
        self._bootstrap = bootstrap
        self._changes = changes
        self._next: Places = {}

    @override
    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._changes.close()
        await super().__aexit__(kind, error, trace)

    @override
    async def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001  # else nobody would be told of changes any more
                if self.up or not isinstance(error, KafkaError | OSError):
                    log.warning("the changes cannot be followed, trying again: %r", error)
                self.up = False
            await self._pause(AGAIN_AFTER)

    async def _follow(self) -> None:
        async with brokers.asking(self._bootstrap) as broker:
            found = await broker.topics([topics.VIOLATIONS])
            if topics.VIOLATIONS not in found:
                return
            places = [(topics.VIOLATIONS, number) for number in found[topics.VIOLATIONS].leaders]
            bounds = await broker.bounds(found, places)
        ends = {number: bounds[topics.VIOLATIONS, number].stable for _, number in places}
        begins = {number: bounds[topics.VIOLATIONS, number].begin for _, number in places}
        self._continue(begins, ends)
        consumer = kafka.consumer(self._bootstrap)
        await consumer.start()
        try:
            partitions = [TopicPartition(*place) for place in places]
            consumer.assign(partitions)
            for one in partitions:
                consumer.seek(one, self._next[one.partition])
            while not self._ended.is_set():
                self.up = self.up or all(self._next[n] >= end for n, end in ends.items())
                read = await consumer.getmany(timeout_ms=_WAIT_MS, max_records=_AT_ONCE)
                for one in partitions:
                    for message in read.get(one, ()):
                        self._take(message)
                    # Markers of transactions and what was compacted away are passed over.
                    self._next[one.partition] = await consumer.position(one)
        finally:
            await consumer.stop()

    def _continue(self, begins: Places, ends: Places) -> None:
        """Go on where this left off; begin anew where the topic is not the one it was."""
        known = self._next.keys() == ends.keys() and all(
            begins[number] <= self._next[number] <= end for number, end in ends.items()
        )
        if not known:
            each = MOST_HELD // max(len(ends), 1)
            self._next = {n: max(begins[n], end - each) for n, end in ends.items()}
            self._changes.begin(self._next)

    def _take(self, message: Any) -> None:
        found = read_change(message)
        if found is not None:
            self._changes.take(message.partition, message.offset, found.told, found.shown)


def read_change(message: Any) -> HeardChange | None:
    """Read a message of the topic; None for one that cannot be read."""
    headers = {name: (value or b"").decode(errors="replace") for name, value in message.headers}
    try:
        told = msgspec.json.decode(message.value or b"", type=ToldOnBus)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        log.warning("a change at %d cannot be read: %s", message.offset, error)
        return None
    kind, identity = headers.get("ce_type", ""), headers.get("ce_id", "")
    _, _, change = kind.removesuffix(".v1").rpartition(".")
    seq = identity.partition(":")[2].partition(":")[0]
    shown = ChangeShown(
        told.id,
        int(seq) if seq.isdecimal() else None,
        change,
        told.rule,
        told.status,
        told.review,
        headers.get("ce_time"),
    )
    heard = datetime.fromtimestamp(message.timestamp / 1_000, UTC)
    return HeardChange(identity, kind, heard, told, shown)

"""Faust, kept to what can be trusted of it: membership, whole batches, supervision.

Four things it does are not used. It costs 60 microseconds a message; so what a fetch gave of a
partition is one message to it, whose value is the list. It acknowledges messages that no agent has
seen as soon as one raises, and commits past messages in flight; so nothing is acknowledged, and on
every assignment the consumer is sought to where PostgreSQL says. It reads uncommitted messages and
stops at a batch that is broken; so its consumer is made as all of ours are.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Any

from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from typing_extensions import override

from shared.adapters import records
from shared.adapters.cluster import Cluster
from shared.adapters.faust_client import HostedApp, member
from shared.domain.topics import REGISTER, Place

SESSION_SECONDS = 15.0
FETCHED_AT_ONCE = 2_000
"""Messages that one fetch gives at most, of all partitions together."""

TAKEN_AT_ONCE = 12
"""Lists of messages that are taken in at a time while there is a backlog: a fetch gives one of each
partition that has something, so the messages of one or two fetches."""

TIMES_AT_MOST = 12
"""Fetches that partitions of one number have before the next have their turn."""

WITHIN = 0.2
"""Seconds that a message may wait for others to come."""

BUFFERED = 12
"""Lists of messages that Faust reads ahead."""

Places = Callable[[Iterable[Place]], Awaitable[Mapping[Place, int]]]
"""Gives where partitions are to be read."""


class Turns:
    """Which partitions are read next: the register's, then those of one number after the other.

    aiokafka gives all that it has of one topic before it goes on to the next. After an outage each
    order would be counted over and over: topic by topic, and once more when the register comes
    last. Facts of one order stand in partitions of one number, so these are read together.
    """

    def __init__(self) -> None:
        self._number = 0
        self._times = 0

    def of(self, partitions: Iterable[TP]) -> Iterator[set[TP]]:
        """Give sets of some partitions in the order in which they have their turn."""
        numbers: dict[int, set[TP]] = defaultdict(set)
        for tp in partitions:
            numbers[_REGISTER if tp.topic == REGISTER.name else tp.partition].add(tp)
        turns = sorted(numbers, key=lambda number: (_REGISTER < number < self._number, number))
        return (numbers[number] for number in turns)

    def had(self, partitions: set[TP]) -> None:
        """Note which had something; after some times the next have their turn."""
        tp = next(iter(partitions))
        if tp.topic == REGISTER.name:
            return
        self._times = self._times + 1 if tp.partition == self._number else 1
        self._number = tp.partition
        if self._times == TIMES_AT_MOST:
            self._number, self._times = tp.partition + 1, 0


_REGISTER = -1
"""What stands for the number of the register's partitions."""


class _Thread(driver.AIOKafkaConsumerThread):
    """The thread in which the group's consumer lives."""

    @override
    def _create_worker_consumer(self, transport: Any) -> Any:
        # Partition i of all topics goes to one worker, where the facts of one order meet.
        self._assignor = RangePartitionAssignor
        return member(self.app, RangePartitionAssignor, fetch_max_wait_ms=100)

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self._turns = Turns()

    @override
    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: Any,
        timeout: float | None = None,
        max_records: int | None = None,
    ) -> Any:
        """Fetch as Faust does, in turns; each fetch has room of its own to unpack batches in."""
        records.Records.room = records.ROOM
        fetch = super()._fetch_records
        for some in self._turns.of(active_partitions or ()):
            if found := await fetch(consumer, some, 0, max_records):
                self._turns.had(some)
                return found
        return await fetch(consumer, active_partitions, timeout, max_records)


class Consumer(driver.Consumer):
    """A consumer that reads from where PostgreSQL says."""

    @override
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)

    @override
    async def getmany(self, timeout: float) -> AsyncIterator[tuple[Any, Any]]:
        """Give what a fetch gave, one message a partition; its offset is that of the last."""
        fetched: tuple[Any, Any] = await self._wait_next_records(timeout)
        records, active = fetched
        generation = self.app.consumer_generation_id
        if not records or self.should_stop:
            return
        if not self.flow_active:
            await self.perform_seek()
            return
        for tp, rows in records.items():
            if not self._still_reads(generation):
                return
            ours = active is None or tp in active or tp in self._buffered_partitions
            if rows and ours:
                message: Any = self._to_message(tp, rows[-1])
                message.value = rows
                yield tp, message

    def _still_reads(self, generation: int) -> bool:
        return bool(self.flow_active) and self.app.consumer_generation_id == generation

    @override
    async def perform_seek(self) -> None:
        """Seek every partition of ours; Faust calls it after each assignment, before it reads."""
        app: Any = self.app
        assigned = self.assignment()
        found = await app.find_places((tp.topic, tp.partition) for tp in assigned)
        offsets = {tp: found[tp.topic, tp.partition] for tp in assigned}
        if offsets:
            await self.seek_wait(offsets)
        self._read_offset.update({tp: offset or None for tp, offset in offsets.items()})
        self._committed_offset.update(dict(offsets))
        app.assigned = True


class Bus(HostedApp):
    """A Faust application whose one agent hands over whole batches, over and over."""

    def __init__(
        self, group: str, cluster: Cluster, topics: tuple[str, ...], find_places: Places
    ) -> None:
        self.find_places = find_places
        self.assigned = False
        super().__init__(
            group,
            cluster,
            Consumer,
            session=SESSION_SECONDS,
            buffered=BUFFERED,
            fetched=FETCHED_AT_ONCE,
        )
        self._topic = self.as_bytes(topics)

    def hand_over(self, take: Callable[[list[Any]], Awaitable[None]]) -> None:
        """Have an agent hand every batch over; what `take` raises ends the process."""

        async def tally(events: list[Any]) -> None:
            await take([row for event in events for row in event.message.value])

        self.have_taken(self._topic, "tally", tally, at_once=TAKEN_AT_ONCE, within=WITHIN)

    def behind(self, expected: Mapping[Place, int]) -> int:
        """Count the messages that wait to be read, as far as the last fetches told."""
        waiting = 0
        for tp in self.consumer.assignment():
            end = self.consumer.highwater(tp)
            if end is not None:
                waiting += max(0, end - expected.get((tp.topic, tp.partition), end))
        return waiting

"""Which partitions are ours: taken when the group assigns them, let go when it revokes them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor

from services.compliance.settings import WORKER, Settings
from services.compliance.storage.positions import Hold, Span, Taker
from shared.adapters import kafka
from shared.domain import topics
from shared.domain.topics import Place

READ_FIRST = (topics.REGISTER.name, topics.SUPPLY.name)
"""The topics by whose events orders are judged, the register and then the appointments: what they
tell late would have everything judged again, and batches in flight thrown away."""

SESSION_SECONDS = 15
"""How long the group waits for a silent worker: a worker that has a twentieth of a processor still
sends its heartbeats, and what a dead one held is read by others after a quarter of a minute."""

HEARTBEAT_SECONDS = 1

NEW_PARTITIONS_WITHIN = 10
"""Seconds until the group hears of partitions that were added, and shares them out."""

FETCHED_AT_ONCE = 128 << 10
"""Bytes of one partition that a fetch brings, and that wait raw beside what was read of them: of
all partitions together some 6 MiB. A message that is larger comes alone."""

LET_GO_WITHIN = 5
"""Seconds that a batch in flight has to commit when partitions are revoked."""


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions held, and where each is read next.

    `generation` grows whenever partitions come or go or are to be read from elsewhere: who finds
    that it has grown while waiting lets go of what was read. `taken` says whether what the group
    last assigned, be it nothing, has been taken over.
    """

    def __init__(
        self, consumer: AIOKafkaConsumer, taker: Taker, settle: Callable[[], Awaitable[None]]
    ) -> None:
        self.holds: dict[Place, Hold] = {}
        self.generation = 0
        self.taken = False
        self._consumer = consumer
        self._taker = taker
        self._settle = settle
        self._takeover: asyncio.Task[None] | None = None
        self._opened = 0
        self._ends: Mapping[Place, int] | None = None

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Let go of everything; the batch in flight still commits if nobody has taken over."""
        with suppress(Exception):
            await asyncio.wait_for(self._settle(), LET_GO_WITHIN)
        await self.let_go()

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Begin to take the partitions over.

        The consumer does not wait for a listener: it reads on, from where Kafka believes us. So
        every partition is paused before the first await, and read from nowhere but from where
        PostgreSQL says.

        Heartbeats begin when the listener returns, and what it raises is only logged, after which
        the worker would be idle for good. Taking over waits for locks and may fail; so it is a
        task of its own, whose error `check` raises.
        """
        for partition in assigned:
            self._consumer.seek(partition, 0)
            self._consumer.pause(partition)
        self._opened, self._ends = 0, None
        self._takeover = asyncio.create_task(self._take(assigned))

    async def _take(self, assigned: Iterable[TopicPartition]) -> None:
        """Take epochs, then go to where PostgreSQL says."""
        self.go_to(await self._taker.take((tp.topic, tp.partition) for tp in assigned))
        self.taken = True

    def check(self) -> None:
        """Raise what a takeover failed with."""
        if self._takeover is not None and self._takeover.done():
            self._takeover.result()
            self._takeover = None

    async def let_go(self) -> None:
        """Hold nothing any more; a takeover that goes on is ended before its partitions move."""
        takeover, self._takeover = self._takeover, None
        self.taken = False
        if takeover is not None:
            takeover.cancel()
            await asyncio.gather(takeover, return_exceptions=True)
        self.generation += 1
        self.holds = {}

    def go_to(self, held: dict[Place, Hold]) -> None:
        """Read from other places; no await stands between, so that nothing is read from elsewhere.

        The first topic is read at once, and the rest when `open_more` allows it.
        """
        for place, hold in held.items():
            self._consumer.seek(TopicPartition(*place), hold.seek)
        self._resume(topic for topic in READ_FIRST[: self._opened + 1])
        self.generation += 1
        self.holds = held

    def move_on(self, spans: Iterable[Span]) -> None:
        """Note that a batch that is being committed reads to the ends of its spans."""
        places = {(span.topic, span.partition): span.next for span in spans}
        moved = {place: self.holds[place]._replace(next=next_) for place, next_ in places.items()}
        self.holds = self.holds | moved

    @property
    def waits_for(self) -> str | None:
        """The topic before whose end partitions of ours are not read; None where all are."""
        return READ_FIRST[self._opened] if self.holds and self._consumer.paused() else None

    async def open_more(
        self,
        committed: Mapping[Place, int],
        ends_of: Callable[[str], Awaitable[Mapping[Place, int] | None]],
    ) -> None:
        """Read on once what is waited for, whoever reads it, has been committed to its end.

        Its ends are asked for once an assignment; a broker that does not answer is asked next time.
        """
        generation, topic = self.generation, READ_FIRST[self._opened]
        ends = await ends_of(topic) if self._ends is None else self._ends
        if generation != self.generation:
            return
        self._ends = ends
        if ends is None or any(committed.get(place, 0) < end for place, end in ends.items()):
            return
        self._ends = None
        if topic == READ_FIRST[-1]:
            self._consumer.resume(*self._consumer.paused())
        else:
            self._opened += 1
            self._resume([READ_FIRST[self._opened]])

    def _resume(self, names: Iterable[str]) -> None:
        read = set(names)
        self._consumer.resume(*(tp for tp in self._consumer.paused() if tp.topic in read))


def member(settings: Settings) -> AIOKafkaConsumer:
    """Make the consumer that takes part in the group."""
    # The range assignor keeps partition i of all topics with one worker, where the records of one
    # order and of one product meet; the others do not.
    return kafka.consumer(
        settings.cluster(WORKER),
        group=settings.group,
        partition_assignment_strategy=[RangePartitionAssignor],
        session_timeout_ms=SESSION_SECONDS * 1_000,
        heartbeat_interval_ms=HEARTBEAT_SECONDS * 1_000,
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=FETCHED_AT_ONCE,
        auto_offset_reset="none",
        metadata_max_age_ms=NEW_PARTITIONS_WITHIN * 1_000,
    )

"""One membership in the consumer group, from joining to leaving.

While one batch is committed the next is fetched and decoded. The traps that lose data are told
beside the lines that avoid them.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import chain
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, OffsetOutOfRangeError

from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.storage import facts, positions, schema
from services.compliance.storage.facts import Batch
from services.compliance.storage.positions import Span
from services.compliance.worker import clock as clocks
from services.compliance.worker.assignment import Assignment, member
from services.compliance.worker.clock import Clock
from services.compliance.worker.intake import Intake
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.read_ahead import FEW, ReadAhead
from services.compliance.worker.service import Compliance
from services.compliance.worker.sweeper import Sweeper
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.errors import FencedError, UnstorableError
from shared.domain.topics import Place

POLL_SECONDS = 0.1

COMMIT_EVERY = 5.0
"""Seconds between commits of offsets to Kafka, which only lag tools look at."""

TOUCHES_FIRST = 1.0
"""Seconds of a step that go into the register's touches while the rest waits for the register:
while few records are stored, hardly any need to be judged again."""


class Lines(NamedTuple):
    """What a session speaks over: to PostgreSQL, to Kafka, and beside both."""

    connection: Connection
    consumer: AIOKafkaConsumer
    clock: Clock
    taker: positions.Taker


class Session:
    """The partitions assigned to us, and the service that judges what is read of them."""

    def __init__(
        self, lines: Lines, policies: Policies, intake: Intake, metrics: WorkerMetrics
    ) -> None:
        self._connection, self._consumer, self._clock, taker = lines
        self._intake = intake
        self._metrics = metrics
        self._service = Compliance(self._connection, policies)
        self._sweeper = Sweeper(self._service, self._clock, metrics, intake.pace)
        self._assignment = Assignment(self._consumer, taker, self.settle)
        self._ahead = ReadAhead()
        self._ahead_of = self._assignment.generation
        self._pace = intake.pace
        self._ticking: asyncio.Task[None] | None = None
        self._flight: asyncio.Task[None] | None = None
        self._settling = asyncio.Lock()
        self._told_kafka = 0.0
        self._moved = self._clock.moves

    @property
    def assigned(self) -> bool:
        """Whether the group has given us our share, be it none, and we have taken it over."""
        return self._assignment.taken

    async def join(self) -> None:
        """Join the group, and begin to ask what has been heard."""
        names = [topic.name for topic in topics.INPUTS]
        self._consumer.subscribe(names, listener=self._assignment)
        await self._consumer.start()
        self._ticking = asyncio.create_task(self._clock.run(lambda: self._assignment.holds))

    async def leave(self) -> None:
        """Let the batch in flight finish, and leave the group."""
        with suppress(Exception):
            await self.settle()
        await self._assignment.let_go()
        if self._ticking is not None:
            self._ticking.cancel()
            await asyncio.gather(self._ticking, return_exceptions=True)
        with suppress(KafkaError, TimeoutError):
            await asyncio.wait_for(self._consumer.stop(), 10)
        # Until it had left, the group may have given us partitions once more.
        await self._assignment.let_go()

    async def step(self) -> None:
        """Fetch and decode while the last batch is committed; then commit this one."""
        self.check()
        if self._moved != self._clock.moves:
            await self._follow_the_clock()
        generation = self._assignment.generation
        if generation != self._ahead_of:
            # What was read of partitions that came back may begin elsewhere than they do now.
            self._ahead.clear()
            self._ahead_of = generation
        if (topic := self._assignment.waits_for) is not None:
            await self._open_more(topic)
        await self._fetch(generation)
        batch = await self._decode()
        await self.settle()
        if generation != self._assignment.generation:
            # While we waited, partitions were revoked, or a batch found that it had read from the
            # wrong place: what is decoded now would leave a gap or be written by two.
            return
        if batch.spans:
            self._assignment.move_on(batch.spans)
            self._flight = asyncio.create_task(self._commit(batch))
        await self._between_batches(idle=not batch.spans)

    def check(self) -> None:
        """Raise what went wrong in a rebalance or in the clock, which nobody awaits."""
        self._assignment.check()
        if self._ticking is not None and self._ticking.done():
            self._ticking.result()

    async def _follow_the_clock(self) -> None:
        """Read on behind what the broker lost, as the clock has noted it."""
        await self.settle()
        self._moved = self._clock.moves
        if not await self._find_places():
            raise FencedError("a partition that lost something has another owner")

    async def _open_more(self, topic: str) -> None:
        await self.settle()
        committed = await positions.committed(self._connection, topic)
        await self._sweeper.expand_touches(TOUCHES_FIRST)
        await self._assignment.open_more(committed, self._clock.ends_of)

    async def _fetch(self, generation: int) -> None:
        """Read on until the next batch is whole, or nothing more is there already."""
        stands_at, at_end = await self._standing()
        while await self._fetch_of(self._ahead.wants(stands_at, at_end), generation):
            # Here the batch in flight has its turn.
            await asyncio.sleep(0)
            stands_at, at_end = await self._standing()
            whole = self._ahead.ready(stands_at, at_end, self._pace.size)
            if whole or at_end >= stands_at.keys():
                return

    async def _fetch_of(self, wanted: list[Place], generation: int) -> bool:
        """Read on in some partitions, of which there may be none; gives whether anything came."""
        if not wanted:
            await asyncio.sleep(POLL_SECONDS)
            return False
        # `getmany` is never cancelled, since one cancellation disables max_poll_interval_ms for
        # good; nor asked with no time to wait, since a tight loop of that starves the event loop.
        # It empties one partition before it turns to the next, hence `ReadAhead`; a partition that
        # is ahead is left out rather than paused, which would throw away its fetch.
        try:
            fetched = await self._consumer.getmany(
                *(TopicPartition(*place) for place in wanted),
                timeout_ms=int(POLL_SECONDS * 1000),
                max_records=FEW,
            )
        except OffsetOutOfRangeError:
            # The broker lost what comes next. A consumer that resets itself would go on behind it
            # without a word; ours waits until the clock has noted what is missing.
            await asyncio.sleep(POLL_SECONDS)
            return False
        if generation != self._assignment.generation:
            # Partitions were sought while we waited, and what came may lie behind the new place:
            # the consumer has passed it, so the next batch would pass over it without a word.
            self._assignment.go_to(self._assignment.holds)
            return False
        self._ahead.add({(tp.topic, tp.partition): rows for tp, rows in fetched.items()})
        return bool(fetched)

    async def _standing(self) -> tuple[dict[Place, int], set[Place]]:
        """Give where the consumer stands in each partition of ours, and which are read to the end.

        Behind an open transaction nothing can be read: that partition is at its end too.
        """
        stands_at, at_end = {}, set()
        for place in self._assignment.holds.keys() & _places(self._consumer.assignment()):
            partition = TopicPartition(*place)
            stands_at[place] = await self._consumer.position(partition)
            end = self._consumer.last_stable_offset(partition)
            paused = partition in self._consumer.paused()
            if paused or (end is not None and stands_at[place] >= end):
                at_end.add(place)
        return stands_at, at_end

    async def _decode(self) -> Batch:
        """Decode what may go on.

        Offsets have holes where topics are compacted or transactional. So a batch does not begin
        at its first record but where the last one ended, and ends where the consumer stands.
        """
        holds = self._assignment.holds
        taken = self._ahead.take(*await self._standing(), self._pace.size)
        spans = [
            Span(*place, holds[place].epoch, holds[place].next, holds[place].base + following)
            for place, following in taken.next.items()
            if following > holds[place].seek
        ]
        records = chain.from_iterable(taken.records.values())
        bases = {place: hold.base for place, hold in holds.items() if hold.base}
        return self._intake.read(spans, records, self._clock.moment().now, bases)

    async def settle(self) -> None:
        """Wait for the batch in flight; a lost place is found again, a lost partition let go."""
        # A rebalance waits for the batch too: whoever comes second must not believe it settled and
        # begin the next one over the same connection.
        async with self._settling:
            flight, self._flight = self._flight, None
            if flight is not None:
                await self._land(flight)

    async def _land(self, flight: asyncio.Task[None]) -> None:
        try:
            await flight
        except FencedError:
            # No row moved: either another owner has the partition, and the session ends; or the
            # partition is ours and stands elsewhere, since a batch was dropped around a seek.
            # Then it must be sought, or it would stand still until the next rebalance.
            if not await self._find_places():
                raise

    async def _find_places(self) -> bool:
        """Seek to where PostgreSQL says; False if one of the partitions has another owner."""
        held = await positions.still_held(self._connection, self._assignment.holds)
        if held is not None:
            self._assignment.go_to(held)
        return held is not None

    async def _commit(self, batch: Batch) -> None:
        """Commit a batch; where a value of it cannot be written, all of it but that."""
        try:
            await self._handle(batch)
        except UnstorableError as error:
            for part in facts.apart(batch, error):
                await self._commit(part)

    async def _handle(self, batch: Batch) -> None:
        with self._pace.measuring() as measured:
            judged, conflicts = await self._service.handle(batch, self._clock.moment())
            measured.records = len(batch.events) + len(batch.letters)
            measured.loaded = judged.size
        self._metrics.batch(batch, judged, measured.lasted)
        self._metrics.conflicts(conflicts)

    async def _between_batches(self, *, idle: bool) -> None:
        if self._sweeper.is_time(idle=idle):
            await self.settle()
            await self._sweeper.sweep(idle=idle)
            await self._tell_kafka()

    async def _tell_kafka(self) -> None:
        holds = self._assignment.holds
        if time.monotonic() - self._told_kafka < COMMIT_EVERY or not holds:
            return
        self._told_kafka = time.monotonic()
        offsets = {TopicPartition(*place): hold.seek for place, hold in holds.items()}
        with suppress(KafkaError):
            await self._consumer.commit(offsets)


def _places(partitions: Iterable[TopicPartition]) -> set[Place]:
    return {(partition.topic, partition.partition) for partition in partitions}


@asynccontextmanager
async def joined(
    settings: Settings, policies: Policies, intake: Intake, metrics: WorkerMetrics, owner: str
) -> AsyncIterator[Session]:
    """Give a session that has joined the group, and leaves it whatever happens."""
    async with AsyncExitStack() as stack:
        connection = await positions.connect(settings.database, owner)
        stack.callback(connection.terminate)
        # Another version may have changed the schema while this one ran, and shut it out.
        await schema.check(connection)
        clock = await stack.enter_async_context(clocks.connected(settings, owner, metrics))
        taker = positions.Taker(settings.database, owner, connection)
        lines = Lines(connection, member(settings), clock, taker)
        session = Session(lines, policies, intake, metrics)
        stack.push_async_callback(session.leave)
        await session.join()
        yield session
        await session.settle()

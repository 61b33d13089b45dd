"""Reads whole batches from Kafka, fenced by PostgreSQL, and hands them to the service.

While one batch is committed the next is fetched and decoded. The traps that lose data, and how
they were found, are told beside the lines that avoid them.
"""

import asyncio
import gc
import logging
import time
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import chain

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaError

from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.storage import positions
from services.compliance.storage.facts import Batch
from services.compliance.storage.positions import Hold, Span
from services.compliance.worker.assignment import REGISTER, Assignment
from services.compliance.worker.clock import Clock
from services.compliance.worker.intake import Intake, Limit
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.read_ahead import ReadAhead
from services.compliance.worker.service import Compliance
from shared.adapters import kafka
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.errors import FencedError, SetupError, TransientError
from shared.domain.topics import Place

log = logging.getLogger(__name__)

AT_ONCE = 30_000
"""Records in a batch of a backlog: the more, the more often all of an order is judged at once."""

POLL_SECONDS = 0.1
SWEEP_EVERY = 0.5
"""Seconds between sweeps while events keep coming."""

BEHIND = timedelta(seconds=30)
SWEEP_BEHIND = 10.0
"""Seconds between sweeps while we are behind: nothing that rests on silence can open anyway."""

COMMIT_EVERY = 5.0
"""Seconds between commits of offsets to Kafka, which only lag tools look at."""

COLLECT_EVERY = 60.0
"""Seconds between collections of garbage while there is nothing else to do."""

RETRIES = 10
STEADY = 60.0
"""Seconds after which a session counts as having worked: faults before it are forgotten."""


class Reader:
    """One worker's hot path: batches and sweeps, until stopped."""

    def __init__(
        self, settings: Settings, policies: Policies, metrics: WorkerMetrics, owner: str
    ) -> None:
        self._settings = settings
        self._policies = policies
        self._metrics = metrics
        self._owner = owner
        self._intake = Intake(policies.jurisdictions, Limit(settings.accept_dead_letters))
        self._flight: asyncio.Task[None] | None = None
        self._stopping = False
        self._swept = 0.0
        self._told_kafka = 0.0
        self._ahead = ReadAhead()
        self._known: dict[Place, Hold] = {}
        self._collected = 0.0
        self._assignment: Assignment
        self._consumer: AIOKafkaConsumer
        self._connection: Connection
        self._service: Compliance
        self._clock: Clock

    def stop(self) -> None:
        """Finish the batch in flight, then leave."""
        self._stopping = True

    async def run(self) -> None:
        """Read until stopped; comes back after faults outside, gives up after several in a row."""
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            try:
                await self._session()
            except (TransientError, SetupError, KafkaError) as error:
                failures = 1 if time.monotonic() - began > STEADY else failures + 1
                if failures > RETRIES:
                    raise
                log.warning("starting again (%d of %d): %s", failures, RETRIES, error)
                await asyncio.sleep(min(0.2 * 2**failures, 15))

    async def _session(self) -> None:
        """Join the group, read, leave."""
        self._connection = await positions.connect(self._settings.database, self._owner)
        self._service = Compliance(self._connection, self._policies)
        self._clock = Clock(self._settings, self._owner, self._metrics)
        self._consumer = _consumer(self._settings)
        taker = positions.Taker(self._settings.database, self._owner, self._connection)
        self._assignment = Assignment(self._consumer, self._clock, taker, self._settle)
        names = [topic.name for topic in topics.INPUTS]
        self._consumer.subscribe(names, listener=self._assignment)
        try:
            await self._clock.start(lambda: self._assignment.holds)
            await self._consumer.start()
            _rest_collector()
            self._swept = time.monotonic()
            while not self._stopping:
                await self._turn()
            await self._settle()
        finally:
            await self._close()

    async def _close(self) -> None:
        with suppress(Exception):
            await self._settle()
        self._assignment.holds = {}
        await self._clock.stop()
        with suppress(KafkaError):
            await asyncio.wait_for(self._consumer.stop(), 10)
        self._connection.terminate()

    async def _turn(self) -> None:
        """Fetch and decode while the last batch is committed; then commit this one."""
        for trouble in (self._assignment.trouble, self._clock.trouble):
            if trouble is not None:
                raise trouble
        holds = self._assignment.holds
        if holds is not self._known:
            self._ahead.clear()
            self._known = holds
        if holds and self._consumer.paused():
            await self._open_the_rest(holds)
        await self._fetch(holds)
        batch = await self._read(holds)
        await self._settle()
        if holds is not self._assignment.holds:
            return
        if batch.spans:
            self._assignment.holds = self._known = holds | {
                (s.topic, s.partition): Hold(s.epoch, s.next) for s in batch.spans
            }
            self._flight = asyncio.create_task(self._commit(batch))
        await self._sweep(idle=not batch.spans)

    async def _open_the_rest(self, holds: dict[Place, Hold]) -> None:
        await self._settle()
        register = await positions.reached(self._connection, REGISTER)
        # While few records are stored, hardly any need to be judged again.
        await self._expand_touches(time.monotonic() + 1.0)
        if holds is self._assignment.holds:
            self._assignment.open_the_rest(register)

    async def _fetch(self, holds: dict[Place, Hold]) -> None:
        """Read into the buffers, of partitions that are ours and not far ahead of the rest."""
        wanted = [TopicPartition(*place) for place in self._ahead.wants_more(holds)]
        if not wanted:
            await asyncio.sleep(0 if holds else POLL_SECONDS)
            return
        fetched = await self._consumer.getmany(
            *wanted, timeout_ms=int(POLL_SECONDS * 1000), max_records=AT_ONCE
        )
        if holds is self._assignment.holds:
            self._ahead.add({(tp.topic, tp.partition): rows for tp, rows in fetched.items()})

    async def _read(self, holds: dict[Place, Hold]) -> Batch:
        """Decode what may go on; offsets may have holes, so the consumer says where it stands."""
        reached, at_end = {}, set()
        for place in holds.keys() & _places(self._consumer.assignment()):
            partition = TopicPartition(*place)
            reached[place] = await self._consumer.position(partition)
            end = self._consumer.highwater(partition)
            if partition in self._consumer.paused() or (end is not None and reached[place] >= end):
                at_end.add(place)
        taken = self._ahead.take(reached, at_end, AT_ONCE)
        spans = [
            Span(*place, holds[place].epoch, holds[place].next, following)
            for place, following in taken.next.items()
            if following > holds[place].next
        ]
        records = chain.from_iterable(taken.records.values())
        return self._intake.read(spans, records, datetime.now(UTC))

    async def _settle(self) -> None:
        """Wait for the batch in flight; a lost place is found again, a lost partition let go."""
        flight, self._flight = self._flight, None
        if flight is None:
            return
        try:
            await flight
        except FencedError:
            held = await positions.still_held(self._connection, self._assignment.holds)
            if held is None:
                raise
            log.info("reading again from where the last commit stands")
            self._assignment.go_to(held)

    async def _commit(self, batch: Batch) -> None:
        began = time.monotonic()
        judged, conflicts = await self._service.handle(batch, self._clock.moment())
        self._metrics.batch(batch, judged, time.monotonic() - began)
        self._metrics.conflicts(conflicts)

    async def _sweep(self, *, idle: bool) -> None:
        moment = self._clock.moment()
        behind = moment.now - moment.heard > BEHIND
        pause = SWEEP_BEHIND if behind else 0.0 if idle else SWEEP_EVERY
        if time.monotonic() - self._swept < pause:
            return
        await self._settle()
        until = time.monotonic() + (0.2 if idle else 1.0)
        # Touches come first: two of them that reach the same record have it judged once.
        await self._expand_touches(until)
        while not self._stopping and time.monotonic() < until:
            judged, conflicts = await self._service.sweep(moment)
            self._metrics.conflicts(conflicts)
            if judged is None:
                break
            self._metrics.swept(judged)
        self._swept = time.monotonic()
        await self._tell_kafka()
        if idle and self._swept - self._collected > COLLECT_EVERY:
            self._collected = self._swept
            gc.collect()

    async def _expand_touches(self, until: float) -> None:
        while not self._stopping and time.monotonic() < until:
            marked, conflicts = await self._service.expand_touches()
            self._metrics.conflicts(conflicts)
            if not marked:
                return

    async def _tell_kafka(self) -> None:
        holds = self._assignment.holds
        if time.monotonic() - self._told_kafka < COMMIT_EVERY or not holds:
            return
        self._told_kafka = time.monotonic()
        offsets = {TopicPartition(*place): hold.next for place, hold in holds.items()}
        with suppress(KafkaError):
            await self._consumer.commit(offsets)


def _places(partitions: Iterable[TopicPartition]) -> set[Place]:
    return {(partition.topic, partition.partition) for partition in partitions}


def _rest_collector() -> None:
    """Let the collector rest: a batch makes a hundred thousand objects and no cycles among them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 20, 100)


def _consumer(settings: Settings) -> AIOKafkaConsumer:
    return kafka.consumer(
        settings.kafka,
        group=settings.group,
        partition_assignment_strategy=[RangePartitionAssignor],
        session_timeout_ms=6_000,
        heartbeat_interval_ms=500,
        fetch_max_wait_ms=100,
    )

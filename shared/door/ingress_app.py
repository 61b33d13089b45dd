"""Hosts a door on the bus: a Faust application of its own, once there is a topic to read."""

import asyncio
import logging
import tempfile
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final, Protocol

import faust
from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from mode import Service
from prometheus_client import CollectorRegistry
from typing_extensions import override

from shared.adapters import kafka
from shared.adapters.cluster import Cluster, options
from shared.adapters.faust_client import credentials
from shared.adapters.identity.publishers import Publishers
from shared.adapters.turns import Turns
from shared.domain import topics
from shared.door.ingress import BusDoor, Wanted
from shared.door.metrics import DoorMetrics
from shared.door.publisher import Publisher

log = logging.getLogger(__name__)

LOOK_EVERY: Final = 10.0
"""Seconds after which a publisher's new topic is found."""

TAKEN_AT_ONCE: Final = 1_000
WITHIN: Final = 0.1
"""Seconds that a message may wait for others to come."""

BROKER_SECONDS: Final = 10.0
"""How long the broker may take before a batch is sent again."""

SESSION_SECONDS: Final = 15.0


class Reached(Protocol):
    """The settings that say where a worker reaches what it needs."""

    @property
    def database(self) -> str:
        """The DSN of PostgreSQL."""

    @property
    def group(self) -> str:
        """How the names of consumer groups begin."""

    def cluster(self, usual: str) -> Cluster:
        """Give the brokers to a user."""


class _Thread(driver.AIOKafkaConsumerThread):
    """The thread in which the group's consumer lives."""

    @override
    def _create_worker_consumer(self, transport: Any) -> Any:
        app: Any = self.app
        self._assignor = RoundRobinPartitionAssignor
        return kafka.consumer(
            app.cluster,
            group=app.conf.id,
            partition_assignment_strategy=[RoundRobinPartitionAssignor],
            session_timeout_ms=int(SESSION_SECONDS * 1_000),
            rebalance_timeout_ms=int(SESSION_SECONDS * 1_000),
            heartbeat_interval_ms=1_000,
            # A batch waits for the broker and for PostgreSQL: this thread sends heartbeats.
            max_poll_interval_ms=3_600_000,
            max_poll_records=TAKEN_AT_ONCE,
            metadata_max_age_ms=10_000,
        )

    async def note(self, offsets: dict[TopicPartition, OffsetAndMetadata]) -> None:
        """Note where partitions that are still ours are read on; the broker may be away."""
        consumer = self._ensure_consumer()
        ours = {tp: at for tp, at in offsets.items() if tp in consumer.assignment()}
        try:
            await consumer.commit(ours)
        except KafkaError as error:
            # It is noted with the next batch; or somebody else reads it, and sends it on again.
            log.warning("could not note what was sent on: %r", error)


class _Consumer(driver.Consumer):
    """Faust's consumer, made as all of ours are."""

    @override
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


class IngressApp(faust.App):
    """A Faust application whose one agent has a door take what publishers tell.

    Faust acknowledges nothing here: it would go on to do so behind an agent that failed.
    """

    def __init__(self, group: str, cluster: Cluster, names: Collection[str], door: BusDoor) -> None:
        self.cluster = cluster
        super().__init__(
            group,
            broker=f"kafka://{cluster.servers}",
            broker_credentials=credentials(cluster),
            datadir=str(Path(tempfile.gettempdir()) / "vbp-faust"),
            web_enabled=False,
            autodiscover=False,
            topic_disable_leader=True,
            topic_allow_declare=False,
            table_standby_replicas=0,
            stream_buffer_maxsize=TAKEN_AT_ONCE,
            stream_wait_empty=False,
            key_serializer="raw",
            value_serializer="raw",
            broker_session_timeout=SESSION_SECONDS,
            broker_rebalance_timeout=SESSION_SECONDS,
            broker_heartbeat_interval=1.0,
            broker_max_poll_interval=3_600.0,
            broker_max_poll_records=TAKEN_AT_ONCE,
        )
        transport: Any = self.transport
        transport.Consumer = _Consumer
        conductor: Any = self.topics
        conductor._resubscribe_sleep_lock_seconds = 0.5  # noqa: SLF001  # as Faust's own tests do
        self._names = self.topic(
            *sorted(names), key_serializer="raw", value_serializer="raw", acks=False
        )
        self.agent(self._names, name="admit", concurrency=1)(self._agent(door))

    def read_also(self, names: Collection[str]) -> None:
        """Read topics that have come to be."""
        self._names.topics = [*self._names.topics, *sorted(names)]
        conductor: Any = self.topics
        conductor._subscription_changed.set()  # noqa: SLF001  # what adding an agent would do

    def _agent(self, door: BusDoor) -> Callable[[Any], Any]:
        async def admit(stream: Any) -> None:
            # Only this pair acknowledges nothing whatever happens: `noack_take` alone goes on to
            # acknowledge once its loop has been left.
            async for events in stream.noack().noack_take(TAKEN_AT_ONCE, within=WITHIN):
                try:
                    await self._admit(door, [event.message for event in events])
                except asyncio.CancelledError:
                    raise
                except Exception as error:
                    log.critical("%s", error, exc_info=error)
                    await self.crash(error)
                    # What comes after is not taken: the next process reads it again.
                    await asyncio.Event().wait()

        return admit

    async def _admit(self, door: BusDoor, messages: list[Any]) -> None:
        await door.take([_Arrived(message) for message in messages])
        ends = {message.tp: message.offset + 1 for message in messages}
        offsets = {TopicPartition(*tp): OffsetAndMetadata(end, "") for tp, end in ends.items()}
        consumer: Any = self.consumer
        thread: _Thread = consumer._thread  # noqa: SLF001  # where Faust keeps it
        await thread.call_thread(thread.note, offsets)


class _Arrived:
    """A message as Faust gives it, as the door reads it."""

    def __init__(self, message: Any) -> None:
        self.topic: str = message.topic
        self.partition: int = message.partition
        self.offset: int = message.offset
        self.timestamp = int(message.timestamp * 1_000)
        self.key: bytes | None = message.key
        self.value: bytes | None = message.value
        headers = message.headers
        self.headers = list(headers.items() if hasattr(headers, "items") else headers or ())


class Ingress(Service):
    """Looks for topics of publishers, and has a door read them."""

    def __init__(
        self, wanted: Wanted, cluster: Cluster, dsn: str, group: str, registry: CollectorRegistry
    ) -> None:
        super().__init__()
        self._cluster = cluster
        self._group = group
        self._app: IngressApp | None = None
        self._read: frozenset[str] = frozenset()
        self._publishers = Publishers(dsn)
        self._publisher = Publisher(cluster, BROKER_SECONDS, Turns())
        metrics = DoorMetrics(registry, wanted.types)
        self._door = BusDoor(wanted, self._publishers, self._publisher, metrics)

    @Service.task
    async def _look(self) -> None:
        while not self.should_stop:
            try:
                there = {topics.ingress(one) for one in await _publishers(self._cluster)}
            except (KafkaError, OSError) as error:
                log.warning("could not look for topics of publishers: %r", error)
                there = set()
            if new := there - self._read:
                await self._read_also(new)
                self._read |= new
            await self.sleep(LOOK_EVERY)

    async def _read_also(self, new: Collection[str]) -> None:
        log.info("taking what is told on %s", ", ".join(sorted(new)))
        if self._app is None:
            await self.async_exit_stack.enter_async_context(self._publisher.running())
            self._app = IngressApp(self._group, self._cluster, new, self._door)
            await self.add_runtime_dependency(self._app)
        else:
            self._app.read_also(new)

    @override
    async def on_shutdown(self) -> None:
        """Let go of the database, once nobody asks it any more."""
        self._publishers.close()


def ingress_of(
    service: str, wanted: Wanted, settings: Reached
) -> Callable[[CollectorRegistry], Service]:
    """Give what makes the door on the bus of a service, for its worker to host."""
    cluster = settings.cluster(f"{service}-worker")
    group = f"{settings.group}-{service}-door"
    return lambda registry: Ingress(wanted, cluster, settings.database, group, registry)


async def _publishers(cluster: Cluster) -> frozenset[str]:
    client = AIOKafkaClient(**options(cluster))
    try:
        await client.bootstrap()
        return topics.publishers((await client.fetch_all_metadata()).topics())
    finally:
        await client.close()

"""Hosts a door on the bus: a Faust application of its own, once there is a topic to read."""

import logging
from collections.abc import Callable, Collection
from typing import Any, Final, Protocol

from aiokafka.client import AIOKafkaClient
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.transport.drivers import aiokafka as driver
from mode import Service
from prometheus_client import CollectorRegistry
from typing_extensions import override

from shared.adapters.cluster import Cluster, options
from shared.adapters.faust_client import HostedApp, member
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
        self._assignor = RoundRobinPartitionAssignor
        return member(self.app, RoundRobinPartitionAssignor)

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


class IngressApp(HostedApp):
    """A Faust application whose one agent has a door take what publishers tell."""

    def __init__(self, group: str, cluster: Cluster, names: Collection[str], door: BusDoor) -> None:
        super().__init__(
            group,
            cluster,
            _Consumer,
            session=SESSION_SECONDS,
            buffered=TAKEN_AT_ONCE,
            fetched=TAKEN_AT_ONCE,
        )
        conductor: Any = self.topics
        conductor._resubscribe_sleep_lock_seconds = 0.5  # noqa: SLF001  # as Faust's own tests do
        self._door = door
        self._names = self.as_bytes(sorted(names))
        self.have_taken(self._names, "admit", self._admit, at_once=TAKEN_AT_ONCE, within=WITHIN)

    def read_also(self, names: Collection[str]) -> None:
        """Read topics that have come to be."""
        self._names.topics = [*self._names.topics, *sorted(names)]
        conductor: Any = self.topics
        conductor._subscription_changed.set()  # noqa: SLF001  # what adding an agent would do

    async def _admit(self, events: list[Any]) -> None:
        messages = [event.message for event in events]
        await self._door.take([_Arrived(message) for message in messages])
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

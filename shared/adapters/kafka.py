"""Apache Kafka: topics, producer and consumer, made in one place with the settings of a ledger."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from aiokafka.errors import (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaError,
    NodeNotReadyError,
    SaslAuthenticationFailed,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
)

from shared.adapters import records
from shared.adapters.cluster import Bootstrap, Cluster, options
from shared.domain import topics
from shared.domain.cloudevents import Event, headers_of
from shared.domain.errors import UnreachableError
from shared.domain.topics import Place

MAX_MESSAGE = 8 << 20
"""Broker, topics, producers and fetches allow 8 MiB, so that an event over our limit of 1 MiB
arrives and is dead-lettered instead of blocking its partition."""

READY_WITHIN = 15.0
"""Seconds that a broker which answers may take to be one of its cluster again."""

_REFUSALS = (
    AuthenticationFailedError,
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
)

FOR_EVER = "-1"
HOUR = str(3600 * 1000)
YEAR = str(365 * 24 * 3600 * 1000)
"""Inputs are kept by time, longer than any deadline that a rule waits for."""

INGRESS_PARTITIONS = 3


def wanted_topics() -> dict[str, tuple[int, dict[str, str]]]:
    """Give every topic with its partitions and configuration."""
    size = {"max.message.bytes": str(MAX_MESSAGE)}
    told = {**size, "message.timestamp.type": "LogAppendTime", "retention.ms": YEAR}
    wanted = {topic.name: (topic.partitions, dict(told)) for topic in topics.INPUTS}
    wanted[topics.REGISTER.name][1]["retention.ms"] = FOR_EVER
    wanted[topics.VIOLATIONS] = (8, {**size, "cleanup.policy": "compact"})
    wanted[topics.DEAD_LETTERS] = (1, {**size, "retention.ms": FOR_EVER})
    wanted[topics.ANCHORS] = (1, {"retention.ms": FOR_EVER})
    wanted[topics.CLOCK] = (1, {"message.timestamp.type": "LogAppendTime", "retention.ms": HOUR})
    return wanted


def ingress_topics(publisher: str) -> dict[str, tuple[int, dict[str, str]]]:
    """Give the topics of a publisher that tells on the bus, as `wanted_topics` gives all others."""
    kept = {"max.message.bytes": str(MAX_MESSAGE), "message.timestamp.type": "LogAppendTime"}
    return {
        topics.ingress(publisher): (INGRESS_PARTITIONS, {**kept, "retention.ms": YEAR}),
        topics.refused(publisher): (1, {**kept, "retention.ms": YEAR}),
    }


async def create_ingress(bootstrap: Bootstrap, publisher: str, *, replication: int) -> list[str]:
    """Create the topics of a publisher that are missing, as `create_topics` does the others."""
    return await _create(bootstrap, replication, (), ingress_topics(publisher))


async def create_topics(
    bootstrap: Bootstrap, *, replication: int = 1, known: Iterable[Place] = ()
) -> list[str]:
    """Create the topics and partitions that are missing; gives the names of those topics.

    A topic that has fewer partitions than are wanted gains the rest; one that has more keeps them.
    Wanted are also those that were `known` before: one that was lost would be waited for for ever.
    A broker that has just come back is waited for, and afterwards until it tells what was created:
    its controller says so before. Raises UnreachableError where it does not answer.
    """
    return await _create(bootstrap, replication, tuple(known), wanted_topics())


async def _create(
    bootstrap: Bootstrap,
    replication: int,
    known: Sequence[Place],
    wanted: Mapping[str, tuple[int, dict[str, str]]],
) -> list[str]:
    admin = AIOKafkaAdminClient(**options(bootstrap))
    least = {
        name: max(fewest, *(number + 1 for topic, number in known if topic == name), 0)
        for name, (fewest, _) in wanted.items()
    }
    try:
        await admin.start()
        async with asyncio.timeout(READY_WITHIN):
            while True:
                with suppress(NodeNotReadyError):
                    changed = await _create_missing(admin, replication, least, wanted)
                    break
                await asyncio.sleep(0.5)
            while True:
                told = await _partitions(admin)
                if all(told.get(name, 0) >= fewest for name, fewest in least.items()):
                    return changed
                await asyncio.sleep(0.05)
    except (KafkaError, TimeoutError) as error:
        raise UnreachableError(unreachable(bootstrap, error)) from error
    finally:
        await admin.close()


async def _partitions(admin: AIOKafkaAdminClient) -> dict[str, int]:
    return {topic["topic"]: len(topic["partitions"]) for topic in await admin.describe_topics()}


async def _create_missing(
    admin: AIOKafkaAdminClient,
    replication: int,
    least: Mapping[str, int],
    wanted: Mapping[str, tuple[int, dict[str, str]]],
) -> list[str]:
    created: list[str] = []
    grown: list[str] = []
    found = await _partitions(admin)
    for name, (_, configuration) in wanted.items():
        if name in found:
            if found[name] < least[name]:
                await admin.create_partitions({name: NewPartitions(least[name])})
                grown.append(name)
            continue
        new = NewTopic(name, least[name], replication, topic_configs=configuration)
        try:
            await admin.create_topics([new])
        except TopicAlreadyExistsError:
            continue
        created.append(name)
    return created + grown


def unreachable(bootstrap: Bootstrap, error: Exception) -> str:
    """Say that the broker does not answer, or lets us not in, and what to do."""
    if isinstance(error, _REFUSALS):
        return (
            f"Apache Kafka at {bootstrap} refuses: {error!r}. See that VBP_KAFKA_USER and its "
            "password in VBP_KAFKA_SECRETS are known there, and may do this: vbp bus apply"
        )
    silent = f"Apache Kafka at {bootstrap} does not answer: {error!r}. Start it, or set VBP_KAFKA"
    if isinstance(bootstrap, Cluster) and bootstrap.secrets is not None:
        # Whom it does not let in aiokafka takes for a broker that is not there.
        return (
            f"{silent}; or it refuses {bootstrap.user} by what {bootstrap.secrets} holds: "
            "vbp bus users"
        )
    return silent


async def producer(bootstrap: Bootstrap, *, once: bool = True) -> AIOKafkaProducer:
    """Start a producer that waits for all replicas.

    One that tells each message `once` (idempotent) is of no use any more after one of its batches
    has failed for good: that has used up its sequence numbers, and all later ones are refused as
    out of order. Who holds it makes a new one.
    """
    made = AIOKafkaProducer(
        **options(bootstrap),
        enable_idempotence=once,
        acks="all",
        compression_type="lz4",
        linger_ms=5,
        max_request_size=MAX_MESSAGE,
    )
    try:
        await made.start()
    except BaseException as error:
        await made.stop()
        if isinstance(error, KafkaError):
            raise UnreachableError(unreachable(bootstrap, error)) from error
        raise
    return made


class Consumer(AIOKafkaConsumer):  # type: ignore[misc]  # aiokafka tells no types
    """A consumer that reads whatever bytes a publisher put on a topic, within bounds."""

    async def getmany(self, *partitions: TopicPartition, **asked: Any) -> Any:
        """Fetch as aiokafka does; each fetch has room of its own to unpack batches in."""
        records.Records.room = records.ROOM
        return await super().getmany(*partitions, **asked)

    async def stop(self) -> None:
        """Leave the group and close; only who cancels the caller has this cancelled.

        aiokafka awaits a fetch that it has cancelled itself, and where that one pauses after a
        failure its cancellation comes out of here: the caller would end without a word, and the
        connections would stay open.
        """
        stopping = asyncio.ensure_future(super().stop())
        try:
            await asyncio.wait([stopping])
            if not stopping.cancelled():
                stopping.result()
        finally:
            stopping.cancel()
            await self._client.close()


def consumer(bootstrap: Bootstrap, *, group: str | None = None, **settings: Any) -> Consumer:
    """Make a consumer that starts at the beginning, commits nothing by itself, reads anything."""
    records.install()
    return Consumer(
        **options(bootstrap),
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_committed",
        **({"auto_offset_reset": "earliest"} | settings),
    )


class Message(NamedTuple):
    """What is put on a topic."""

    topic: str
    value: bytes | None
    key: bytes | None
    headers: Sequence[tuple[str, bytes]]


def message_of(event: Event) -> Message:
    """Give an event as it is put on its topic, in binary mode."""
    return Message(event.topic, event.raw, event.key, headers_of(event))


async def put(sender: AIOKafkaProducer, message: Message) -> asyncio.Future[Any]:
    """Hand a message to the producer; the future is done once the broker has it."""
    future: asyncio.Future[Any] = await sender.send(
        message.topic, value=message.value, key=message.key, headers=list(message.headers)
    )
    return future


async def send(sender: AIOKafkaProducer, event: Event) -> asyncio.Future[Any]:
    """Hand an event to the producer as `put` does a message."""
    return await put(sender, message_of(event))


async def publish(sender: AIOKafkaProducer, events: Iterable[Event]) -> list[asyncio.Future[Any]]:
    """Hand events to the producer as `send` does; gives the future of each."""
    return [await send(sender, event) for event in events]

"""What the broker says of itself: which topics there are, where they begin and end, its time.

A topic's name outlives the topic: whoever deletes one and makes it again has another of the same
name. Only its id tells them apart, which aiokafka does not ask for, so that question (version 12
of Kafka's Metadata request) is written here.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from typing import Any, NamedTuple
from uuid import UUID

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import NodeNotReadyError, for_code
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Schema,
    TaggedFields,
)
from typing_extensions import override

from shared.adapters.cluster import Bootstrap, options
from shared.domain.topics import Place

LATEST, EARLIEST = -1, -2
"""The instants by which Kafka means the end and the beginning of a partition."""

UNCOMMITTED, COMMITTED = 0, 1
"""Kafka's isolation levels: to the high watermark, or to the first open transaction."""


class TopicFound(NamedTuple):
    """A topic as it is now: its id, and the leader of each partition."""

    id: UUID
    leaders: dict[int, int]


class Bounds(NamedTuple):
    """Offsets of a partition: the first one kept, and the next ones to be given.

    `stable` is where the first open transaction begins (what lies behind it cannot be read yet),
    `end` the high watermark; without an open transaction they are the same.
    """

    begin: int
    stable: int
    end: int


class Broker:
    """Asks a cluster of brokers, over a connection of its own; raises KafkaError."""

    def __init__(self, client: AIOKafkaClient) -> None:
        self._client = client

    async def topics(self, names: Iterable[str]) -> dict[str, TopicFound]:
        """Give those of some topics that exist."""
        node = self._client.get_random_node()
        if node is None:
            raise NodeNotReadyError("no broker is known")
        found = await self._client.send(node, _MetadataRequest(sorted(names)))
        return {
            name: TopicFound(identity, {number: leader for _, number, leader, *_ in partitions})
            for error, name, identity, _, partitions, *_ in found.topics
            if error == 0
        }

    async def bounds(
        self, topics: Mapping[str, TopicFound], places: Iterable[Place]
    ) -> dict[Place, Bounds]:
        """Give where partitions begin and end now; `topics` says who leads them."""
        leaders = {place: topics[place[0]].leaders[place[1]] for place in places}
        begin, stable, end = await asyncio.gather(
            self._offsets(leaders, EARLIEST, UNCOMMITTED),
            self._offsets(leaders, LATEST, COMMITTED),
            self._offsets(leaders, LATEST, UNCOMMITTED),
        )
        return {place: Bounds(begin[place], stable[place], end[place]) for place in leaders}

    async def _offsets(
        self, leaders: Mapping[Place, int], instant: int, isolation: int
    ) -> dict[Place, int]:
        asked: dict[int, dict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
        for (topic, partition), leader in leaders.items():
            asked[leader][topic].append((partition, instant))
        answers = await asyncio.gather(
            *(
                self._client.send(leader, OffsetRequest(-1, isolation, list(topics.items())))
                for leader, topics in asked.items()
            )
        )
        offsets = {}
        for topic, partitions in (item for answer in answers for item in answer.topics):
            for partition, error, _, offset in partitions:
                if error:
                    raise for_code(error)(f"{topic}, partition {partition}")
                offsets[topic, partition] = offset
        return offsets


@asynccontextmanager
async def asking(bootstrap: Bootstrap) -> AsyncIterator[Broker]:
    """Connect to ask; raises KafkaError where nobody answers."""
    client = AIOKafkaClient(**options(bootstrap))
    try:
        await client.bootstrap()
        yield Broker(client)
    finally:
        await client.close()


class _Uuid(AbstractType[UUID]):  # type: ignore[misc]
    @classmethod
    @override
    def encode(cls, value: UUID) -> bytes:
        return value.bytes

    @classmethod
    @override
    def decode(cls, data: BytesIO) -> UUID:
        return UUID(bytes=data.read(16))


class _MetadataResponse(Response):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            CompactArray(
                ("node", Int32),
                ("host", CompactString()),
                ("port", Int32),
                ("rack", CompactString()),
                ("tags", TaggedFields),
            ),
        ),
        ("cluster", CompactString()),
        ("controller", Int32),
        (
            "topics",
            CompactArray(
                ("error", Int16),
                ("name", CompactString()),
                ("id", _Uuid),
                ("internal", Boolean),
                (
                    "partitions",
                    CompactArray(
                        ("error", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", CompactArray(Int32)),
                        ("in_sync", CompactArray(Int32)),
                        ("offline", CompactArray(Int32)),
                        ("tags", TaggedFields),
                    ),
                ),
                ("operations", Int32),
                ("tags", TaggedFields),
            ),
        ),
        ("tags", TaggedFields),
    )


class _MetadataRequestV12(RequestStruct):  # type: ignore[misc]
    API_KEY = 3
    API_VERSION = 12
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("id", _Uuid), ("name", CompactString()), ("tags", TaggedFields)),
        ),
        ("create", Boolean),
        ("operations", Boolean),
        ("tags", TaggedFields),
    )


class _MetadataRequest(Request[_MetadataRequestV12]):  # type: ignore[misc]
    API_KEY = 3

    def __init__(self, names: list[str]) -> None:
        self._names = names

    @override
    def build(self, request_struct_class: type[_MetadataRequestV12]) -> _MetadataRequestV12:
        asked: list[Any] = [(UUID(int=0), name, {}) for name in self._names]
        return request_struct_class(topics=asked, create=False, operations=False, tags={})

"""What the broker says of its topics, asked of the real one."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.structs import TopicPartition

from shared.adapters import kafka as adapter
from shared.adapters.broker import Bounds, Broker, TopicFound, asking

pytestmark = pytest.mark.integration


@asynccontextmanager
async def administered(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def found(broker: Broker, name: str, partitions: int) -> TopicFound:
    """Wait until the broker knows a topic with so many partitions that have leaders."""
    for _ in range(200):
        topic = (await broker.topics([name])).get(name)
        if topic is not None and len([x for x in topic.leaders.values() if x >= 0]) == partitions:
            return topic
        await asyncio.sleep(0.05)
    raise AssertionError(f"{name} never had {partitions} partitions")


async def test_a_topic_made_again_under_its_name_has_another_id(kafka: str) -> None:
    name = f"again-{uuid.uuid4().hex}"
    async with administered(kafka) as admin, asking(kafka) as broker:
        assert await broker.topics([name]) == {}
        await admin.create_topics([NewTopic(name, 2, 1)])
        first = await found(broker, name, 2)
        assert (await found(broker, name, 2)).id == first.id
        await admin.delete_topics([name])
        while name in await broker.topics([name]):  # noqa: ASYNC110  # the broker sends no word
            await asyncio.sleep(0.05)
        await admin.create_topics([NewTopic(name, 2, 1)])
        assert (await found(broker, name, 2)).id != first.id


async def test_partitions_that_are_added_show_and_leave_the_id(kafka: str) -> None:
    name = f"more-{uuid.uuid4().hex}"
    async with administered(kafka) as admin, asking(kafka) as broker:
        await admin.create_topics([NewTopic(name, 2, 1)])
        before = await found(broker, name, 2)
        await admin.create_partitions({name: NewPartitions(3)})
        after = await found(broker, name, 3)
        assert after.id == before.id
        assert sorted(after.leaders) == [0, 1, 2]


async def test_the_end_lies_behind_an_open_transaction_and_the_beginning_moves_with_retention(
    kafka: str,
) -> None:
    name = f"bounds-{uuid.uuid4().hex}"
    place = (name, 0)
    async with administered(kafka) as admin, asking(kafka) as broker:
        await admin.create_topics([NewTopic(name, 1, 1)])
        topics = {name: await found(broker, name, 1)}
        assert (await broker.bounds(topics, [place]))[place] == Bounds(0, 0, 0)

        producer = await adapter.producer(kafka)
        for _ in range(5):
            await producer.send_and_wait(name, b"told")
        assert (await broker.bounds(topics, [place]))[place] == Bounds(0, 5, 5)

        hanging = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=name)
        await hanging.start()
        async with hanging.transaction():
            await hanging.send_and_wait(name, b"not yet told")
            await producer.send_and_wait(name, b"told behind it")
            assert (await broker.bounds(topics, [place]))[place] == Bounds(0, 5, 7)
        await hanging.stop()
        await producer.stop()

        await admin.delete_records({TopicPartition(*place): RecordsToDelete(3)})
        assert (await broker.bounds(topics, [place]))[place].begin == 3

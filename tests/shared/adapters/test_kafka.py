"""Consumers as the project makes them, on the real broker."""

import asyncio
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.adapters import kafka as adapter
from shared.adapters import records
from tests.support.workers.in_process import eventually

pytestmark = pytest.mark.integration


async def made(kafka: str, name: str) -> str:
    topic = f"{name}-{uuid4()}"
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(topic, 1, 1)])
    await admin.close()
    return topic


async def test_a_consumer_has_room_anew_for_each_fetch(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "ROOM", 2_500)
    topic = await made(kafka, "much")
    producer = await adapter.producer(kafka)
    consumer = adapter.consumer(kafka)
    try:
        for number in range(20):
            await producer.send_and_wait(topic, bytes([number]) * 1_000)
        consumer.subscribe([topic])
        await consumer.start()
        read: list[int] = []
        async with asyncio.timeout(30):
            while len(read) < 20:
                for fetched in (await consumer.getmany(timeout_ms=200)).values():
                    read += [record.value[0] for record in fetched]
        assert read == list(range(20))
    finally:
        await producer.stop()
        await consumer.stop()


async def test_a_consumer_whose_fetch_pauses_after_a_failure_stops_without_cancelling_its_caller(
    kafka: str, caplog: pytest.LogCaptureFixture
) -> None:
    topic = await made(kafka, "read")
    consumer = adapter.consumer(kafka, retry_backoff_ms=60_000)
    consumer.subscribe([topic])
    await consumer.start()
    await consumer.position(TopicPartition(topic, 0))
    waiting = asyncio.create_task(consumer.getone())

    async def fetch_has_failed() -> bool:
        for connection in list(consumer._client._conns.values()):  # noqa: SLF001  # nothing closes it
            connection.close()
        return "Failed fetch messages" in caplog.text

    await eventually(fetch_has_failed, within=30)
    stopping = asyncio.create_task(consumer.stop())
    await asyncio.wait([stopping])
    waiting.cancel()
    assert not stopping.cancelled()
    assert stopping.exception() is None
    assert consumer._client._sync_task is None  # noqa: SLF001  # nothing public tells


async def test_partitions_that_were_known_are_made_again_with_their_topic(
    kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, grown = (f"{name}-{uuid4()}" for name in ("lost", "grown"))
    monkeypatch.setattr(adapter, "wanted_topics", lambda: {lost: (2, {}), grown: (2, {})})
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()

    async def told() -> dict[str, int]:
        found = await admin.describe_topics([lost, grown])
        return {topic["topic"]: len(topic["partitions"]) for topic in found}

    assert await adapter.create_topics(kafka, known=[(lost, 4), (lost, 0)]) == [lost, grown]
    assert await told() == {lost: 5, grown: 2}
    assert await adapter.create_topics(kafka, known=[(lost, 4), (grown, 2)]) == [grown]
    assert await told() == {lost: 5, grown: 3}
    await admin.close()
    assert await adapter.create_topics(kafka, known=[(lost, 4), (grown, 2)]) == []
    assert await adapter.create_topics(kafka) == []

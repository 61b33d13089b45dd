"""What the relay tells on vbp.violations.v1, read from the real Kafka."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from services.compliance.register.names import with_names
from services.compliance.storage import outbox
from services.compliance.worker.relay import message_id, send_violations
from shared.adapters import kafka as bus
from shared.adapters.postgres import Connection
from shared.domain import topics
from tests.support.events import an_event
from tests.support.kept import TOLD, a_violation, an_api, read, tell
from tests.support.workers.in_process import publishing
from tests.support.workers.on_database import WorkerOnDatabase

pytestmark = pytest.mark.integration

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]
LATE = [
    an_event("order.placed", "2022-03-01 09:00:00"),
    an_event("order.accepted", "2022-03-05 09:00:00"),
]


@asynccontextmanager
async def reading_from_now(bootstrap: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Read the topic of violations from where it ends now."""
    partitions, _ = bus.wanted_topics()[topics.VIOLATIONS]
    places = [TopicPartition(topics.VIOLATIONS, number) for number in range(partitions)]
    consumer = bus.consumer(bootstrap)
    await consumer.start()
    try:
        consumer.assign(places)
        for place, end in (await consumer.end_offsets(places)).items():
            consumer.seek(place, end)
        yield consumer
    finally:
        await consumer.stop()


async def taken(consumer: AIOKafkaConsumer, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    """Read so many messages."""
    messages: list[ConsumerRecord[bytes, bytes]] = []
    while len(messages) < count:
        messages.append(await consumer.getone())
    return messages


async def served(api: httpx.AsyncClient) -> dict[str, dict[str, Any]]:
    """Give the violations as the API lists them, by their keys on the bus."""
    page = read(await api.get("/v1/violations"))
    return {item["id"]: item for item in page["items"]}


def shown(item: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """Give a violation as it is told, with the names that the API looks up when it shows one."""
    called = {item[party]: name for party, name in names.items()}
    zh = with_names(item["message_zh"], called, ("（", "）"))
    en = with_names(item["message_en"], called, ("(", ")"))
    return {**item, "message_zh": zh, "message_en": en, "names": names}


async def test_a_message_is_field_by_field_the_violation_that_the_api_answers(
    desk: WorkerOnDatabase, database: str, kafka: str
) -> None:
    async with (
        reading_from_now(kafka) as consumer,
        an_api(database) as api,
        publishing(kafka) as producer,
    ):
        await desk.handle(*REGISTER, *LATE)
        await desk.sweep()
        told = await send_violations(desk.connection, producer)
        opened = await served(api)
        assert told == len(opened) > 1
        for message in await taken(consumer, told):
            answered = opened[message.key.decode()]
            assert shown(msgspec.json.decode(message.value), answered["names"]) == answered

        # An answer that was given in time after all: what rested on its lateness never was.
        await desk.handle(an_event("order.accepted", "2022-03-01 10:00:00"))
        told = await send_violations(desk.connection, producer)
        assert told > 0
        withdrawn = await served(api)
        changed = set()
        for message in await taken(consumer, told):
            item = msgspec.json.decode(message.value)
            answered = withdrawn[message.key.decode()]
            assert shown(item, answered["names"]) == answered
            assert [*item, "names"] == list(answered)
            headers = dict(message.headers)
            assert headers["ce_subject"] == message.key
            assert headers["ce_time"].decode() == item["recorded_at"]
            changed.add((headers["ce_type"].decode(), item["status"]))
        assert ("vbp.violation.withdrawn.v1", "withdrawn") in changed


async def ids(connection: Connection) -> list[str]:
    claimed = await outbox.claim(connection, 10)
    return [message_id(dict(row)) for row in await outbox.outgoing(connection, claimed)]


async def test_a_change_is_told_under_one_id_and_another_one_after_a_restore_under_another(
    connection: Connection,
) -> None:
    lost = connection.transaction()
    await lost.start()
    await tell(connection, "opened", [a_violation()])
    (before,) = await ids(connection)
    await connection.execute("UPDATE compliance.outbox SET claimed_at = NULL")
    assert await ids(connection) == [before]
    # What a restored dump does not hold is as if it had never been written.
    await lost.rollback()

    await tell(connection, "opened", [a_violation()], at=TOLD + timedelta(minutes=5))
    (after,) = await ids(connection)

    assert before != after
    assert before.split(":")[:2] == after.split(":")[:2]

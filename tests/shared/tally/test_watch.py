"""A topic that was deleted and made again, as a worker that counts finds it."""

import asyncio
import uuid

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from services.orders.worker import SUBJECT
from shared.adapters import kafka as bus
from shared.adapters import postgres
from shared.tally import places
from shared.tally.watch import Watch

pytestmark = pytest.mark.integration


async def made(admin: AIOKafkaAdminClient, bootstrap: str, topic: str, messages: int) -> None:
    """Make a topic that holds messages."""
    await admin.create_topics([NewTopic(topic, 1, 1)])
    sender = await bus.producer(bootstrap)
    for _ in range(messages):
        await sender.send_and_wait(topic, b"{}")
    await sender.stop()


async def test_a_topic_made_again_is_read_from_its_beginning_and_what_was_unread_is_counted(
    kafka: str, database: str
) -> None:
    await postgres.migrate(database, SUBJECT.migrations, SUBJECT.service)
    place = (f"test-{uuid.uuid4().hex}", 0)
    watch = Watch(kafka, database, SUBJECT.service)
    connection = await postgres.connect(database, search_path=SUBJECT.service)
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    try:
        await made(admin, kafka, place[0], 5)
        assert not await watch.moved({place})
        await places.advance(connection, [(*place, 0, 3)])
        assert not await watch.moved({place})
        assert (await places.find(connection, [place]))[place].seek == 3
        await admin.delete_topics([place[0]])
        await asyncio.sleep(1)
        await made(admin, kafka, place[0], 4)
        assert await watch.moved({place})
        hold = (await places.find(connection, [place]))[place]
        assert (hold.seek, hold.next) == (0, 5)
        assert (
            await connection.fetchval("SELECT lost FROM position WHERE topic = $1", place[0]) == 2
        )
        assert not await watch.moved({place})
        assert watch.lost == 2
    finally:
        await admin.close()
        await connection.close()


async def test_where_nobody_answers_nothing_is_noted_and_the_worker_goes_on(database: str) -> None:
    watch = Watch("127.0.0.1:9", database, SUBJECT.service)
    assert not await watch.moved({("vbp.orders.v1", 0)})

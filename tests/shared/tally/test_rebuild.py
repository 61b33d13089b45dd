"""Figures made anew from the topics are those that were there; workers notice that they are."""

import uuid
from collections.abc import Callable
from random import Random

import pytest
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.structs import TopicPartition

from services.commands import promises
from services.commands.rebuild import HEARD
from services.delivery.worker import subject
from services.orders.worker import SUBJECT
from shared.adapters import postgres
from shared.domain.errors import SetupError, UnreachableError
from shared.tally import places
from shared.tally.rebuild import rebuild
from shared.tally.tally import Subject
from shared.tally.watch import Watch
from tests.shared.tally.test_watch import made
from tests.support.builders import POLICIES
from tests.support.histories import history
from tests.support.tally.keeping import batches, keeping, messages

pytestmark = pytest.mark.integration

SUBJECTS: dict[str, Callable[[], Subject]] = {
    "orders": lambda: SUBJECT,
    "delivery": lambda: subject(*promises.of(POLICIES)),
}


@pytest.mark.parametrize("service", SUBJECTS)
async def test_replaying_the_topics_from_the_start_makes_the_same_tables(
    kafka: str, database: str, service: str
) -> None:
    counted = SUBJECTS[service]()
    assert counted.topics == tuple(topic.name for topic in HEARD[service])
    events = [event for seed in range(5) for event in history(Random(seed))]
    found = messages(events, counted.topics)
    async with keeping(counted, database) as kept:
        names = [row[0] for row in await kept.connection.fetch(ALL, service)]
        read = {(message.topic, message.partition) for message in found}
        await kept.tally.places(read)
        for batch in batches(Random(1), found):
            await kept.take(batch)
        first = {name: await kept.table(name) for name in names}
        assert first["kept"] != set() != first["position"]
        await rebuild(database, service, kafka, [], cut=False)
        empty = {name: await kept.table(name) for name in names}
        assert {name for name, rows in empty.items() if rows} == {"edition"}
        await kept.tally.places(read)
        for batch in batches(Random(2), found):
            await kept.take(batch)
        assert {name: await kept.table(name) for name in names} == first


ALL = "SELECT tablename FROM pg_tables WHERE schemaname = $1"


async def test_a_worker_that_runs_sees_that_figures_are_made_anew(
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
        await places.find(connection, [place])
        await places.advance(connection, [(*place, 0, 3)])
        assert not await watch.moved({place}, {place: 3})
        await rebuild(database, "orders", kafka, [place[0]], cut=False)
        assert await watch.moved({place}, {place: 3})
        assert not await watch.moved({place}, {place: 0})
        await admin.delete_records({TopicPartition(*place): RecordsToDelete(2)})
        await places.advance(connection, [(*place, 0, 3)])
        with pytest.raises(SetupError, match="lack 2 messages"):
            await rebuild(database, "orders", kafka, [place[0]], cut=False)
        assert (await places.find(connection, [place]))[place].next == 3
        await rebuild(database, "orders", kafka, [place[0]], cut=True)
        assert (await places.find(connection, [place]))[place].next == 0
    finally:
        await admin.close()
        await connection.close()


async def test_without_kafka_nothing_is_emptied(database: str) -> None:
    await postgres.migrate(database, SUBJECT.migrations, SUBJECT.service)
    connection = await postgres.connect(database, search_path=SUBJECT.service)
    await places.find(connection, [("vbp.orders.v1", 0)])
    with pytest.raises(UnreachableError, match="VBP_KAFKA"):
        await rebuild(database, "orders", "127.0.0.1:9", ["vbp.orders.v1"], cut=False)
    assert await connection.fetchval("SELECT count(*) FROM position") == 1
    await connection.close()

"""What the broker loses or adds while nobody looks, on a broker of these tests' own."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, RecordsToDelete

from deploy.local.stack import LocalStack
from services.compliance.storage import losses
from services.sources.province import Plan, simulate
from shared.adapters import kafka as adapter
from shared.domain import topics
from shared.domain.cloudevents import Event, headers_of
from tests.support.workers.in_process import WorkerProcess, compared, eventually, live, read

pytestmark = pytest.mark.integration

RUNS = Path(__file__).parents[2] / ".vbp" / "test"
RESTS_ON_SILENCE = ("late-response", "late-delivery", "coverage-gap", "unreported-shortage")
HEARD = "SELECT min(heard_until) FROM compliance.position"
OPEN_LOSSES = "SELECT count(*) FROM compliance.loss WHERE acknowledged_at IS NULL"


@pytest.fixture(scope="module")
def broker() -> Iterator[str]:
    """A broker whose topics these tests may delete."""
    RUNS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=RUNS, prefix="lost-") as data,
        LocalStack(Path(data)) as started,
    ):
        yield started.kafka


@asynccontextmanager
async def administered(bootstrap: str) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def a_province() -> tuple[list[Event], set[tuple[Any, ...]]]:
    province = simulate(Plan(until=datetime.now(UTC), orders=120, hospitals=8, days=60))
    return read(province.events), compared(province.truth)


async def settled_without_silence(bus: WorkerProcess, count: int) -> None:
    async def done() -> bool:
        return await bus.read() >= count

    await eventually(done, within=120)


async def acknowledged(bus: WorkerProcess) -> None:
    rows = await losses.listed(bus.connection, all_of_them=False, at_most=100)
    ids = [row.id for row in rows]
    await losses.acknowledge(bus.connection, ids, "Li Wei", "told again", datetime.now(UTC))


async def false_accusations(
    bus: WorkerProcess, truth: set[tuple[Any, ...]]
) -> set[tuple[Any, ...]]:
    """What stands accused, and whom nothing in the whole history accuses."""
    names = {(rule, subject, anchor) for rule, subject, anchor, *_ in truth}
    return {one for one in compared(await bus.violations()) if one[:3] not in names}


async def truth_is_found(bus: WorkerProcess, truth: set[tuple[Any, ...]]) -> None:
    async def same() -> bool:
        return compared(await bus.violations()) == truth

    await eventually(same, within=120, every=0.5)


async def test_a_topic_made_again_under_its_name_is_noticed_and_read_from_its_beginning(
    broker: str, database: str
) -> None:
    events, truth = a_province()
    orders = [event for event in events if event.topic == topics.ORDERS.name]

    async with live(broker, database) as bus, administered(broker) as admin:
        with bus.worker() as worker:
            await bus.publish(events)
            await settled_without_silence(bus, len(events) // 2)
            await admin.delete_topics([topics.ORDERS.name])
            await asyncio.sleep(1)
            await adapter.create_topics(broker)

            async def noticed() -> bool:
                return bool(await bus.connection.fetchval(OPEN_LOSSES) == topics.ORDERS.partitions)

            await eventually(noticed, within=60)
            stands = await bus.connection.fetchval(HEARD)
            await bus.publish(orders)
            await asyncio.sleep(5)
            assert await bus.connection.fetchval(HEARD) == stands
            assert await false_accusations(bus, truth) == set()

            await acknowledged(bus)
            await truth_is_found(bus, truth)
            assert worker.is_running()


async def test_what_retention_removed_unread_is_told_and_accuses_nobody(
    broker: str, database: str
) -> None:
    events, truth = a_province()
    places = [TopicPartition(topics.DELIVERIES.name, n) for n in range(12)]

    async with live(broker, database) as bus, administered(broker) as admin:
        await bus.publish(events)
        ends = {place: bus.began[place.topic, place.partition] for place in places}
        removed = {place: RecordsToDelete(end + 20) for place, end in ends.items()}
        counts: dict[TopicPartition, int] = {}
        for place, offset in removed.items():
            try:
                counts |= {
                    key: value - ends[place]
                    for key, value in (await admin.delete_records({place: offset})).items()
                }
            except Exception:  # noqa: BLE001, S112  # a partition that has fewer than twenty
                continue
        assert counts
        with bus.worker() as worker:

            async def noticed() -> bool:
                return bool(await bus.connection.fetchval(OPEN_LOSSES) == len(counts))

            await eventually(noticed, within=60)
            await asyncio.sleep(12)
            lost = await losses.listed(bus.connection, all_of_them=False, at_most=100)
            assert {(row.partition, row.next_offset - row.first_offset) for row in lost} == {
                (place.partition, count) for place, count in counts.items()
            }
            found = await bus.violations()
            assert not [one for one in found if one["rule"] in RESTS_ON_SILENCE]

            await bus.publish([event for event in events if event.topic == topics.DELIVERIES.name])
            await acknowledged(bus)
            await truth_is_found(bus, truth)
            assert worker.is_running()


async def test_partitions_added_under_load_are_read_and_accuse_nobody(
    broker: str, database: str
) -> None:
    events, truth = a_province()
    half = len(events) // 2
    grown = topics.DELIVERIES.partitions + 6

    async with live(broker, database) as bus, administered(broker) as admin:
        with bus.worker():
            await bus.publish(events[:half])
            await admin.create_partitions({topics.DELIVERIES.name: NewPartitions(grown)})
            await bus.publish(events[half:])
            for _ in range(10):
                assert await false_accusations(bus, truth) == set()
                await asyncio.sleep(1)
            await bus.settled(len(events), silence=True)
        query = "SELECT count(*) FROM compliance.position WHERE topic = $1"
        assert await bus.connection.fetchval(query, topics.DELIVERIES.name) == grown
        assert compared(await bus.violations()) == truth


async def test_what_lies_behind_an_open_transaction_is_not_yet_heard(
    broker: str, database: str
) -> None:
    events, truth = a_province()
    receipts = [event for event in events if event.type == "vbp.delivery.received.v1"]
    held_back = receipts[:50]
    others = [event for event in events if event not in held_back]

    async with live(broker, database) as bus:
        hanging = AIOKafkaProducer(bootstrap_servers=broker, transactional_id=database[-40:])
        await hanging.start()
        try:
            with bus.worker():
                async with hanging.transaction():
                    for event in held_back:
                        await hanging.send_and_wait(
                            event.topic, event.raw, key=event.key, headers=headers_of(event)
                        )
                    await bus.publish(others)
                    await asyncio.sleep(15)
                    assert await false_accusations(bus, truth) == set()

                    async def most_is_read() -> bool:
                        return await bus.read() > len(others) // 2

                    # Or one partition holds up all. The broker ends a transaction after a minute.
                    await eventually(most_is_read, within=40)
                await truth_is_found(bus, truth)
        finally:
            await hanging.stop()

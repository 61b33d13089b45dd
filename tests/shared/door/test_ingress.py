"""The doors on the bus take what the HTTP doors take, say why of all else, and lose nothing."""

import asyncio
import os
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from services.commands.setup import migrate_all
from services.compliance.settings import Settings
from services.delivery.taken import ANSWERS
from services.delivery.taken import TAKEN as OF_DELIVERY
from services.orders.taken import TAKEN as OF_ORDERS
from shared.adapters import kafka as bus
from shared.adapters.identity.publishers import Publishers
from shared.adapters.turns import Turns
from shared.domain import topics
from shared.domain.cloudevents import MAX_BYTES, STRUCTURED, headers_of, read_structured
from shared.domain.principal import Party, Role
from shared.door.ingress import BusDoor, Wanted
from shared.door.metrics import DoorMetrics
from shared.door.publisher import Publisher
from tests.support.doors import as_json, listening
from tests.support.events import an_example
from tests.support.keys import a_key

pytestmark = pytest.mark.integration

ORDER, SHIPPED = "vbp.order.cancelled.v1", "vbp.shipment.dispatched.v1"
PLACED = "vbp.order.placed.v1"
CN_SX = frozenset({"cn-sx"})
STRUCTURED_MODE = [("content-type", STRUCTURED.encode())]


@pytest_asyncio.fixture
async def publisher(kafka: str, database: str) -> str:
    """A publisher that is hospital H1, with topics of its own."""
    name = f"hospital-{uuid.uuid4().hex[:12]}"
    await a_key(
        database,
        Role.PUBLISHER,
        holder=name,
        parties=[Party("hospital", "H1")],
        sources=["/hospitals/H1"],
    )
    await bus.create_topics(kafka)
    await bus.create_ingress(kafka, name, replication=1)
    return name


def arrived(publisher: str, value: bytes | None, headers: Any, offset: int = 0) -> Any:
    """A message of a publisher's own topic."""
    return SimpleNamespace(
        topic=topics.ingress(publisher),
        partition=0,
        offset=offset,
        timestamp=1_700_000_000_000,
        key=None,
        value=value,
        headers=headers,
    )


def structured(publisher: str, event: Mapping[str, Any]) -> Any:
    return arrived(publisher, as_json(event), STRUCTURED_MODE)


def placed(identity: str, hospital: str = "H1", **attributes: Any) -> dict[str, Any]:
    told = {"id": identity, "source": "/hospitals/H1", "data": {"hospital": hospital}}
    return an_example(PLACED, **(told | attributes))


@asynccontextmanager
async def a_door(kafka: str, database: str, wanted: Wanted) -> AsyncIterator[BusDoor]:
    publishers = Publishers(database)
    sender = Publisher(kafka, 10, Turns())
    metrics = DoorMetrics(CollectorRegistry(), wanted.types)
    async with sender.running():
        yield BusDoor(wanted, publishers, sender, metrics)
    publishers.close()


@asynccontextmanager
async def refusals(kafka: str, publisher: str) -> AsyncIterator["Refusals"]:
    consumer = bus.consumer(kafka)
    consumer.subscribe([topics.refused(publisher)])
    await consumer.start()
    try:
        yield Refusals(consumer)
    finally:
        await consumer.stop()


class Refusals:
    """What was sent back to a publisher, from the first message on."""

    def __init__(self, consumer: Any) -> None:
        self._consumer = consumer

    async def all(self) -> list[Any]:
        place = _only(self._consumer.assignment())
        end = (await self._consumer.end_offsets([place]))[place]
        self._consumer.seek(place, 0)
        found: list[Any] = []
        while len(found) < end:
            for rows in (await self._consumer.getmany(timeout_ms=200)).values():
                found += rows
        return found

    async def count(self) -> int:
        """How many there are in a moment."""
        await asyncio.sleep(0.05)
        return len(await self.all())


def _only(found: Any) -> Any:
    (one,) = found
    return one


async def test_what_a_publisher_may_tell_is_sent_on_and_all_else_sent_back_with_the_reason(
    kafka: str, database: str, publisher: str
) -> None:
    good = read_structured(as_json(placed("binary")))
    large = b"x" * (MAX_BYTES + 1)
    messages = [
        structured(publisher, placed("structured")),
        arrived(publisher, good.raw, headers_of(good)),
        structured(publisher, an_example(SHIPPED, source="/hospitals/H1")),
        structured(publisher, placed("posing", source="/platforms/cn-sx")),
        structured(publisher, placed("anothers", hospital="H2")),
        arrived(publisher, b"nonsense", [("mine", b"kept")]),
        arrived(publisher, None, []),
        arrived(publisher, large, STRUCTURED_MODE),
    ]
    async with (
        listening(kafka, topics.ORDERS.name) as heard,
        refusals(kafka, publisher) as back,
        a_door(kafka, database, Wanted(OF_ORDERS, CN_SX, first=True)) as door,
    ):
        await door.take(messages)
        assert await heard.ids() == {"structured", "binary"}
        sent_back = await back.all()
    reasons = [dict(row.headers)["dlq.reason"].decode() for row in sent_back]
    expected = ["source: is not one of", "data.hospital: is not", "ce_type: ", "value: is empty"]
    assert len(reasons) == 5
    for reason, beginning in zip(reasons, [*expected, "event: is larger"], strict=True):
        assert reason.startswith(beginning), reasons
    assert sent_back[2].value == b"nonsense"
    assert dict(sent_back[2].headers)["mine"] == b"kept"
    assert dict(sent_back[0].headers)["dlq.topic"] == topics.ingress(publisher).encode()
    last = dict(sent_back[4].headers)
    assert len(sent_back[4].value) < MAX_BYTES < int(last["dlq.bytes"])


async def test_of_each_event_one_door_alone_decides(
    kafka: str, database: str, publisher: str
) -> None:
    other = Wanted(OF_DELIVERY - ANSWERS, CN_SX, first=False)
    assert not other.types & OF_ORDERS
    assert other.types | OF_ORDERS == topics.DATA_OF.keys()
    messages = [arrived(publisher, b"nonsense", []), structured(publisher, placed("theirs"))]
    async with (
        listening(kafka, topics.ORDERS.name) as heard,
        refusals(kafka, publisher) as back,
        a_door(kafka, database, other) as door,
    ):
        await door.take(messages)
        assert await heard.ids() == set()
        assert await back.all() == []


async def test_on_a_topic_whose_publisher_holds_no_key_nothing_is_taken(
    kafka: str, database: str, publisher: str
) -> None:
    await bus.create_ingress(kafka, f"{publisher}-gone", replication=1)
    async with (
        listening(kafka, topics.ORDERS.name) as heard,
        refusals(kafka, f"{publisher}-gone") as back,
        a_door(kafka, database, Wanted(OF_ORDERS, CN_SX, first=True)) as door,
    ):
        await door.take([structured(f"{publisher}-gone", placed("of-nobody"))])
        assert await heard.ids() == set()
        (row,) = await back.all()
    assert b"vbp keys create" in dict(row.headers)["dlq.reason"]


WORKER = """
import sys
from shared.door import ingress_app
# A killed member of a group is waited for so long.
ingress_app.SESSION_SECONDS = 2.0
ingress_app.LOOK_EVERY = 0.5
from services.cli import main
main(sys.argv[1:])
"""
EVENTS = 600
KILLS = 2


@contextmanager
def working(environment: Mapping[str, str]) -> Any:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    command = [sys.executable, "-c", WORKER, "worker", "orders", "--metrics-port", port]
    process = subprocess.Popen(command, env=dict(environment))  # noqa: S603  # our own command
    try:
        yield process
    finally:
        process.kill()
        process.wait()


async def tell(kafka: str, publisher: str, events: Iterable[Mapping[str, Any]]) -> None:
    sender = await bus.producer(kafka)
    try:
        for event in events:
            await sender.send(topics.ingress(publisher), as_json(event), headers=STRUCTURED_MODE)
        await sender.flush()
    finally:
        await sender.stop()


@pytest.mark.timeout(400)
async def test_a_worker_that_is_killed_loses_nothing_of_what_publishers_told(
    kafka: str, database: str, publisher: str
) -> None:
    await migrate_all(Settings(kafka=kafka, database=database))
    good = [placed(f"{publisher}-{number}") for number in range(EVENTS)]
    bad = [placed(f"{publisher}-not-{number}", hospital="H2") for number in range(EVENTS // 10)]
    environment = os.environ | {
        "VBP_KAFKA": kafka,
        "VBP_DATABASE": database,
        "VBP_GROUP": publisher,
        "VBP_LOG_LEVEL": "warning",
    }
    wanted, refused = {event["id"] for event in good}, {event["id"] for event in bad}
    told = [*good, *bad]
    async with (
        listening(kafka, topics.ORDERS.name) as heard,
        refusals(kafka, publisher) as back,
    ):
        for life in range(KILLS + 1):
            part = told[life :: KILLS + 1]
            with working(environment) as worker:
                before = len(await heard.ids())
                await tell(kafka, publisher, part)
                # The last life may finish; the others end as soon as they have begun to send on.
                while not (found := await heard.ids()) >= wanted and (
                    life == KILLS or len(found) == before
                ):
                    assert worker.poll() is None
                    await asyncio.sleep(0.02)
                while life == KILLS and await back.count() < len(bad):
                    assert worker.poll() is None
        assert await heard.ids() == wanted
        letters = [row.value for row in await back.all()]
    assert {read_structured(raw).id for raw in letters} == refused

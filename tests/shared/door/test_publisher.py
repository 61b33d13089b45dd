import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.stack import LocalStack
from shared.adapters import kafka as bus
from shared.adapters.turns import Turns
from shared.domain import cloudevents
from shared.domain.cloudevents import Event
from shared.domain.errors import SetupError, TransientError
from shared.door.publisher import Publisher
from tests.support.doors import as_json, listening
from tests.support.events import an_example

pytestmark = pytest.mark.integration


def _events(count: int) -> list[Event]:
    return [
        cloudevents.read_structured(as_json(an_example("vbp.order.placed.v1")))
        for _ in range(count)
    ]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, psutil.Process]]:
    """A broker of these tests alone, which they may freeze, and its process."""
    path = tmp_path_factory.mktemp("stack")
    with LocalStack(path) as stack:
        broker = next(
            process
            for process in psutil.process_iter(["name", "cmdline"])
            if process.info["name"] == "java" and str(path) in " ".join(process.info["cmdline"])
        )
        yield stack.kafka, broker


@pytest.fixture(autouse=True)
def thawed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let a frozen broker go on for the next test, however this one ends."""
    yield
    if "own" in request.fixturenames:
        request.getfixturevalue("own")[1].resume()


def freeze(broker: psutil.Process) -> None:
    """Stop every thread of a broker: a busy machine lets some of them go on for a moment."""
    broker.suspend()
    threads = list(Path(f"/proc/{broker.pid}/task").glob("*/stat"))
    while any(stat.read_text().rpartition(") ")[2][0] != "T" for stat in threads):
        time.sleep(0.01)


async def test_a_frozen_broker_takes_nothing_and_a_thawed_one_everything(
    own: tuple[str, psutil.Process],
) -> None:
    kafka, broker = own
    await bus.create_topics(kafka)
    publisher = Publisher(kafka, patience=3, turns=Turns())
    early, frozen, late = _events(3), _events(2000), _events(3)
    async with listening(kafka, "vbp.orders.v1") as heard:
        async with publisher.running():
            await publisher.check({"vbp.orders.v1"})
            assert await publisher.publish(early) == [None] * 3
            freeze(broker)
            reasons = await publisher.publish(frozen)
            assert set(reasons) == {"did not take the event within 3 s"}
            with pytest.raises(TransientError, match="does not answer"):
                await publisher.check({"vbp.orders.v1"})
            broker.resume()
            async with asyncio.timeout(60):
                while any(await publisher.publish(late)):
                    pass
        arrived = await heard.ids()
    assert {event.id for event in early + late} <= arrived


async def test_a_publisher_stops_although_its_broker_is_frozen(
    own: tuple[str, psutil.Process],
) -> None:
    kafka, broker = own
    await bus.create_topics(kafka)
    publisher = Publisher(kafka, patience=3, turns=Turns())
    async with asyncio.timeout(60):
        async with publisher.running():
            assert await publisher.publish(_events(1)) == [None]
            freeze(broker)
            assert await publisher.publish(_events(1)) != [None]
    mine = {asyncio.current_task()}
    assert asyncio.all_tasks() == mine


async def test_a_publisher_waits_for_a_broker_that_is_not_there_yet() -> None:
    publisher = Publisher("127.0.0.1:1", patience=0.2, turns=Turns())
    async with publisher.running():
        assert await publisher.publish(_events(1)) == ["did not take the event within 0.2 s"]


async def test_a_missing_topic_is_told_with_the_command_that_makes_it(kafka: str) -> None:
    await bus.create_topics(kafka)
    publisher = Publisher(kafka, patience=5, turns=Turns())
    async with publisher.running():
        with pytest.raises(SetupError, match=r"lacks the topics vbp\.nothing\.v1\. .*vbp topics"):
            await publisher.check({"vbp.orders.v1", "vbp.nothing.v1"})

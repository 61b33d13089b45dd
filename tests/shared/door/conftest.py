"""The door of the purchasing side on a real bus, and what arrives there."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import pytest_asyncio

from tests.support.door_process import DoorProcess, door_process
from tests.support.doors import Heard, listening, orders_door


@pytest_asyncio.fixture
async def door(kafka: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the door."""
    async with orders_door(kafka) as client:
        yield client


@pytest_asyncio.fixture
async def heard(door: httpx.AsyncClient, kafka: str) -> AsyncIterator[Heard]:
    """What arrives from now on where the purchasing side tells."""
    assert door, "the topics are made with the door"
    async with listening(kafka, "vbp.orders.v1", "vbp.register.v1", "vbp.funds.v1") as reader:
        yield reader


@pytest.fixture(scope="module")
def attacked(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DoorProcess]:
    """A door as a process of its own; at the end its log holds no trace of a bug."""
    log = tmp_path_factory.mktemp("door") / "log"
    with door_process(kafka, log, {"VBP_BODY_SECONDS": "6"}) as door:
        yield door
    assert "Traceback" not in door.text()
    assert '"level":"error"' not in door.text()

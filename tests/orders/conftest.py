"""The door of the purchasing side on a real bus, and what arrives there."""

from collections.abc import AsyncIterator

import httpx
import pytest_asyncio

from services.orders.app import create_app
from services.orders.settings import Settings
from shared.adapters import kafka as bus
from tests.support.doors import Heard, listening, reached


@pytest_asyncio.fixture
async def door(kafka: str) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the door, whose topics are there."""
    await bus.create_topics(kafka)
    app = create_app(Settings(kafka=kafka), frozenset({"cn-sx", "cn-tj"}))
    async with reached(app) as client:
        yield client


@pytest_asyncio.fixture
async def heard(door: httpx.AsyncClient, kafka: str) -> AsyncIterator[Heard]:
    """What arrives from now on where the purchasing side tells."""
    assert door, "the topics are made with the door"
    async with listening(kafka, "vbp.orders.v1", "vbp.register.v1", "vbp.funds.v1") as reader:
        yield reader

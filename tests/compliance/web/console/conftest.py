from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.events import heard
from tests.support.kept import served
from tests.support.tally.figures import answering, count
from tests.support.two_months import told
from tests.support.workers.on_database import WorkerOnDatabase


@pytest_asyncio.fixture
async def address(desk: WorkerOnDatabase, kafka: str, database: str) -> AsyncIterator[str]:
    """A console over what a worker found of D01 in two months, and of others, all being heard."""
    events = told()
    await desk.handle(*map(heard, events))
    await desk.sweep()
    await desk.connection.execute("UPDATE compliance.position SET heard_until = now()")
    await count(database, events)
    async with (
        answering(kafka, database) as figures,
        served(database, orders_url=figures.orders, delivery_url=figures.delivery) as at,
    ):
        yield at

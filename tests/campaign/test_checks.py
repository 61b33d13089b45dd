"""The checks of the campaign must be able to fail."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from services.compliance.settings import Settings
from services.compliance.storage import positions, schema
from tests.campaign import checks
from tests.support.events import an_event
from tests.support.kept import POLICIES, a_connection
from tests.support.workers.on_database import NOW, WorkerOnDatabase, at_work

pytestmark = pytest.mark.integration

REGISTER = (
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
)
ORDER = an_event("order.placed", "2022-03-01 09:00:00")
ACCEPTED = an_event("order.accepted", "2022-03-01 10:00:00")
TOLD_LATER = "UPDATE compliance.fact SET told = $1 WHERE type = 'vbp.order.accepted.v1'"


@pytest_asyncio.fixture
async def desk(database: str) -> AsyncIterator[WorkerOnDatabase]:
    settings = Settings(database=database)
    await schema.migrate(settings)
    await schema.prepare(settings, POLICIES)
    async with a_connection(database) as connection:
        await positions.create(connection)
    async with at_work(database) as made:
        yield made


async def accused_and_cleared(desk: WorkerOnDatabase) -> None:
    await desk.handle(*REGISTER)
    await desk.sweep()
    await desk.handle(ORDER)
    await desk.sweep()
    assert "late-response" in await desk.rules()
    await desk.handle(ACCEPTED)
    assert "late-response" not in await desk.rules()


async def test_an_accusation_is_explained_by_a_late_telling_and_by_nothing_else(
    desk: WorkerOnDatabase,
) -> None:
    await accused_and_cleared(desk)
    count, problems = await checks.accusations_explained(desk.connection)
    assert (count, len(problems)) == (1, 1)
    assert "late-response O1 response" in problems[0]

    await desk.connection.execute(TOLD_LATER, NOW + timedelta(hours=1))
    assert await checks.accusations_explained(desk.connection) == (1, [])


async def test_an_event_that_is_no_fact_and_a_row_that_was_changed_are_noticed(
    desk: WorkerOnDatabase, database: str
) -> None:
    await accused_and_cleared(desk)
    told = [*REGISTER, ORDER, ACCEPTED]
    assert await checks.right_ones_taken(desk.connection, told) == []
    assert await checks.nothing_tampered(database) == []

    unread = an_event("order.placed", order="O2")
    (problem,) = await checks.right_ones_taken(desk.connection, [*told, unread])
    assert unread.id in problem
    await desk.connection.execute("UPDATE compliance.violation SET cured_at = now()")
    assert await checks.nothing_tampered(database)

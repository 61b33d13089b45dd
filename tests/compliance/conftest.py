from collections.abc import AsyncIterator

import httpx
import pytest

from services.compliance.settings import Settings
from shared.adapters.postgres import Connection
from tests.support.kept import a_connection, an_api
from tests.support.workers.in_process import prepared
from tests.support.workers.on_database import WorkerOnDatabase, at_work


@pytest.fixture
async def desk(kafka: str, database: str) -> AsyncIterator[WorkerOnDatabase]:
    """A service that owns the first partition of every topic."""
    await prepared(Settings(database=database, kafka=kafka))
    async with at_work(database) as desk:
        yield desk


@pytest.fixture
async def api(database: str) -> AsyncIterator[httpx.AsyncClient]:
    """The API, from a database of its own that has the schema and nothing in it."""
    async with an_api(database) as client:
        yield client


@pytest.fixture
async def connection(
    database: str,
    api: httpx.AsyncClient,  # noqa: ARG001 - it migrates the database
) -> AsyncIterator[Connection]:
    """A connection beside the API's."""
    async with a_connection(database) as connection:
        yield connection

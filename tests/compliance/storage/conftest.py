from collections.abc import AsyncIterator

import pytest

from services.compliance.storage import schema
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from tests.support.kept import a_connection


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    """A connection to a database that has the schema and nothing in it."""
    await postgres.migrate(database, schema.MIGRATIONS, "compliance")
    async with a_connection(database) as connection:
        yield connection

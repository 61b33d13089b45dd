"""One piece of work on the database, for a command."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg

from services.compliance.settings import Settings
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import SetupError

T = TypeVar("T")


def on_database(settings: Settings, work: Callable[[Connection], Awaitable[T]]) -> T:
    """Connect, work, and let go; raises SetupError where PostgreSQL is away or has no schema."""

    async def connected() -> T:
        connection = await postgres.connect(settings.database)
        try:
            return await work(connection)
        except asyncpg.UndefinedTableError as error:
            raise SetupError(postgres.NO_SCHEMA) from error
        finally:
            await connection.close()

    return asyncio.run(connected())

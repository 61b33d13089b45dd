"""The way to PostgreSQL for what people do: a small pool of its own, which waits for the disk."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import asyncpg

from shared.adapters import reading
from shared.adapters.postgres import Connection
from shared.domain.errors import TransientError

_MIGRATIONS = Path(__file__).parent / "migrations"


class Desk(reading.Database):
    """PostgreSQL as people write it.

    A commit is told once it is on disk: what the worker loses Kafka tells it again, and nobody
    tells a decision again.
    """

    session: ClassVar[Mapping[str, str]] = {
        "default_transaction_read_only": "off",
        "synchronous_commit": "on",
        "lock_timeout": "2s",
        "application_name": "vbp-compliance-desk",
    }

    def __init__(self, dsn: str, *, size: int = 4) -> None:
        super().__init__(dsn, "compliance", _MIGRATIONS, size=size)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Connection]:
        """Give a connection; raises TransientError where a worker holds what is to be written."""
        try:
            async with self.lent() as connection:
                yield connection
        except (asyncpg.LockNotAvailableError, asyncpg.TransactionRollbackError) as error:
            raise TransientError("a worker writes this just now; try again") from error

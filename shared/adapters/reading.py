"""The way to PostgreSQL for whoever only reads: a pool that opens itself, and what can fail."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from shared.adapters import postgres
from shared.adapters.postgres import Connection, Pool
from shared.domain.errors import ForbiddenError, SetupError, TransientError

_log = logging.getLogger(__name__)

_APPLIED = "SELECT file FROM public.vbp_migration WHERE service = $1"
_PATIENCE = 2.0
"""Seconds that a question waits for a free connection before it is told to come again."""
_SESSION = {
    "default_transaction_read_only": "on",
    "statement_timeout": "5s",
    # A list's best plan depends on the values asked for: one plan for all of them fits none.
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
    # Sums of a year by agreement are sorted on the disk with the usual 4 MB.
    "work_mem": "32MB",
}
_OTHERS = "This shows what concerns others too. Ask somebody who oversees all jurisdictions"
_UNREACHABLE = "the database does not answer; see that PostgreSQL runs, and try again"
_FAILURES = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""What passes, or is mended at the database; anything else that PostgreSQL says is a bug here."""

Row = Mapping[str, Any]


class Database:
    """PostgreSQL as the answers of a service read it, its own schema first.

    It connects when first asked, so it may come up later. All raise TransientError if PostgreSQL
    is away, SetupError where it has no schema.
    """

    session: ClassVar[Mapping[str, str]] = {}
    """What differs in the settings of its connections."""

    def __init__(self, dsn: str, service: str, migrations: Path, *, size: int = 8) -> None:
        self._dsn = dsn
        self._service = service
        self._migrations = migrations
        self._size = size
        self._pool: Pool | None = None
        self._opening = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections, whatever they are at; the next question opens new ones."""
        if self._pool is not None:
            self._pool.terminate()
            self._pool = None

    async def ready(self) -> None:
        """Raise SetupError unless the database has just the migrations that this version has."""
        applied = {row["file"] for row in await self.fetch(_APPLIED, self._service)}
        lacking = sorted({path.name for path in self._migrations.glob("*.sql")} ^ applied)
        if lacking:
            remedy = "Run `vbp migrate`, or the version that the database was made for"
            raise SetupError(f"database and program differ by {', '.join(lacking)}. {remedy}")

    async def fetch(self, query: str, *values: object) -> list[Row]:
        """Give the rows of a query."""
        async with self._connection() as connection:
            rows: list[Row] = await connection.fetch(query, *values)
        return rows

    async def row(self, query: str, *values: object) -> Row:
        """Give the only row of a query."""
        (row,) = await self.fetch(query, *values)
        return row

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Give a connection on which all queries see the database as of one moment."""
        async with (
            self.lent() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection

    @asynccontextmanager
    async def lent(self) -> AsyncIterator[Connection]:
        """Give a connection for some work."""
        async with self._connection() as connection:
            # What the pool lends is no subclass of a connection, but has all its methods.
            lent: Any = connection
            yield lent

    @property
    def confined(self) -> bool:
        """Whether who asks sees only some of what is read here."""
        return False

    async def prepare(self, connection: "PoolConnectionProxy[Any]") -> None:
        """Make a connection fit for who asks; it is made as it was before when it is given back."""

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["PoolConnectionProxy[Any]"]:
        try:
            pool = await self._opened()
            async with pool.acquire(timeout=_PATIENCE) as connection:
                await self.prepare(connection)
                yield connection
        except asyncpg.InsufficientPrivilegeError as error:
            if not self.confined:
                raise
            raise ForbiddenError(_OTHERS) from error
        except asyncpg.QueryCanceledError as error:
            remedy = "add a filter, such as product or occurred_from"
            raise TransientError(f"the database needs more than 5 s for this; {remedy}") from error
        except asyncpg.UndefinedTableError as error:
            raise SetupError(postgres.NO_SCHEMA) from error
        except _FAILURES as error:
            _log.warning("PostgreSQL failed: %r", error)
            raise TransientError(_UNREACHABLE) from error

    async def _opened(self) -> Pool:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._size,
                    timeout=_PATIENCE,
                    command_timeout=6,
                    server_settings={
                        **_SESSION,
                        "application_name": f"vbp-{self._service}-api",
                        "search_path": self._service,
                        **self.session,
                    },
                )
            return self._pool

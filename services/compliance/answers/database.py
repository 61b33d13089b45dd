"""The way to PostgreSQL for the answers of compliance, which only read."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from typing_extensions import override

from shared.adapters import reading
from shared.adapters.identity.asker import confined
from shared.adapters.reading import Row
from shared.domain.errors import SetupError

__all__ = ["Database", "Row"]

_MIGRATIONS = Path(__file__).parents[1] / "storage" / "migrations"

_SEES = "SELECT set_config('vbp.places', $1, false), set_config('vbp.parties', $2, false)"

_NO_ROLE = (
    "the role vbp_reader, by which parties and single jurisdictions read, cannot be used. See "
    "docs/security.md for what a superuser of PostgreSQL must run once"
)


class _Confined(reading.Database):
    """PostgreSQL for who sees only some rows: which, PostgreSQL decides (0070_tenancy.sql).

    A connection that is given back forgets what it may see; its role alone sees nothing.
    """

    session: ClassVar[Mapping[str, str]] = {"role": "vbp_reader"}

    @property
    @override
    def confined(self) -> bool:
        return True

    @override
    async def prepare(self, connection: "PoolConnectionProxy[Any]") -> None:
        asker = confined()
        if asker is None:
            return
        places = "*" if asker.jurisdictions is None else _array(asker.jurisdictions)
        own = (f"{party.kind}:{party.code}" for party in asker.parties)
        await connection.execute(_SEES, places, "*" if asker.oversees else _array(own))

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["PoolConnectionProxy[Any]"]:
        """Give a connection; raises as `fetch` does."""
        try:
            async with self._connection() as connection:
                yield connection
        except asyncpg.InvalidParameterValueError as error:
            raise SetupError(_NO_ROLE) from error


class Database(reading.Database):
    """PostgreSQL as the answers of compliance read it, as much of it as who asks may see."""

    def __init__(self, dsn: str, *, size: int = 8) -> None:
        super().__init__(dsn, "compliance", _MIGRATIONS, size=size)
        self._some = _Confined(dsn, "compliance", _MIGRATIONS, size=size)

    @property
    @override
    def confined(self) -> bool:
        return confined() is not None

    @override
    def close(self) -> None:
        super().close()
        self._some.close()

    @asynccontextmanager
    @override
    async def _connection(self) -> AsyncIterator["PoolConnectionProxy[Any]"]:
        whole = super()._connection
        async with self._some.connected() if self.confined else whole() as connection:
            yield connection


def _array(names: Iterable[str]) -> str:
    """Write an array as PostgreSQL reads it."""
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in sorted(names))
    return "{" + ",".join(quoted) + "}"

"""The way to PostgreSQL for answers of which each who asks may see a part: PostgreSQL says which.

The migrations of a service give its tables row-level security, and the role `vbp_reader` what it
may read; docs/security.md tells who sees what.
"""

from collections.abc import AsyncIterator, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from typing_extensions import override

from shared.adapters import reading
from shared.adapters.identity.asker import confined
from shared.domain.errors import SetupError
from shared.domain.principal import Party, Principal

_SEES = (
    "SELECT set_config('vbp.places', $1, false), set_config('vbp.parties', $2, false), "
    "set_config('vbp.subject', $3, false)"
)

_NO_ROLE = (
    "the role vbp_reader, by which parties and single jurisdictions read, cannot be used. See "
    "docs/security.md for what a superuser of PostgreSQL must run once"
)


class _Confined(reading.Database):
    """PostgreSQL for who sees only some rows.

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
        parties = "*" if asker.oversees else _array(own)
        await connection.execute(_SEES, places, parties, asker.subject)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["PoolConnectionProxy[Any]"]:
        """Give a connection; raises as `fetch` does."""
        try:
            async with self._connection() as connection:
                yield connection
        except asyncpg.InvalidParameterValueError as error:
            raise SetupError(_NO_ROLE) from error


class Database(reading.Database):
    """PostgreSQL as the answers of a service read it, as much of it as who asks may see."""

    def __init__(self, dsn: str, service: str, migrations: Path, *, size: int = 8) -> None:
        super().__init__(dsn, service, migrations, size=size)
        self._some = _Confined(dsn, service, migrations, size=size)

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


class Own(NamedTuple):
    """Whose deals a party asks for: the codes that it has as each of those who take part in one.

    A manufacturer that delivers its product itself stands as a distributor in orders.
    """

    hospitals: list[str]
    distributors: list[str]
    manufacturers: list[str]


def own_of(asker: Principal) -> Own | None:
    """Give what a party may ask for; None for those who oversee all parties."""
    if asker.oversees:
        return None
    made = _codes(asker.parties, "manufacturer")
    delivered = sorted({*_codes(asker.parties, "distributor"), *made})
    return Own(_codes(asker.parties, "hospital"), delivered, made)


def among(own: Own | None, tests: Mapping[str, str], first: int) -> tuple[str, list[list[str]]]:
    """Give the condition that rows are of one's own, and its values, numbered from `first` on.

    It begins with a space, since it stands behind conditions that end with a number.
    `tests` say, by the names of `Own`, how a table tells it: `hospital = ANY ({})`. PostgreSQL
    keeps back what is another's without it; by it, it finds what is one's own by an index.
    """
    if own is None:
        return "", []
    asked = (test.format(f"${at}::text[]") for at, test in enumerate(tests.values(), first))
    return f" AND ({' OR '.join(asked)})", [getattr(own, name) for name in tests]


def _codes(parties: Collection[Party], kind: str) -> list[str]:
    return sorted(party.code for party in parties if party.kind == kind)


def _array(names: Iterable[str]) -> str:
    """Write an array as PostgreSQL reads it."""
    quoted = ('"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"' for name in sorted(names))
    return "{" + ",".join(quoted) + "}"

"""API keys: how they look, what is kept of them, and whose they are.

A key is `vbp_ID_SECRET`: the id finds it, the secret is 256 random bits. Only a hash is kept.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import InvalidArgumentError, SetupError
from shared.domain.principal import Party, Principal, Role, party_of

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))
MIGRATIONS = Path(__file__).parent / "migrations"

LIVE_AT_MOST = 2
"""Keys of one holder that are taken at a time: the one in use, and the one that follows it."""

_KEY = re.compile(r"vbp_([0-9a-f]{16})_([A-Za-z0-9_-]{43})", re.ASCII)


class Wanted(NamedTuple):
    """What a new key shall be; `expires_at` is an instant. No `jurisdictions`: all of them."""

    holder: str
    roles: frozenset[Role]
    jurisdictions: frozenset[str] | None
    parties: frozenset[Party]
    sources: frozenset[str]
    expires_at: datetime


class Key(NamedTuple):
    """A key as it is kept; `used_on` is the last day (UTC) on which it was used."""

    id: str
    digest: bytes
    principal: Principal
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    used_on: date | None

    def live(self, now: datetime) -> bool:
        """Whether it is taken at a moment."""
        return self.revoked_at is None and now < self.expires_at


class Shown(NamedTuple):
    """A key as somebody shows it."""

    id: str
    secret: str

    def opens(self, key: Key) -> bool:
        """Whether the secret is that of a key; how long this takes says nothing of it."""
        return hmac.compare_digest(digest_of(self.secret), key.digest)


def read(text: str) -> Shown | None:
    """Read a key; None for what is none."""
    found = _KEY.fullmatch(text)
    return None if found is None else Shown(found[1], found[2])


def digest_of(secret: str) -> bytes:
    """Give what is kept of a secret."""
    return hashlib.sha256(secret.encode()).digest()


def key_of(row: Mapping[str, Any]) -> Key:
    """Read a row."""
    return Key(
        row["id"],
        row["digest"],
        principal_from(row, f"key:{row['holder']}"),
        row["created_at"],
        row["expires_at"],
        row["revoked_at"],
        row["used_on"],
    )


def principal_from(row: Mapping[str, Any], subject: str) -> Principal:
    """Read whom a row tells of; a role that this version does not know is left out."""
    known = {role.value for role in Role}
    places = row["jurisdictions"]
    return Principal(
        subject,
        frozenset(Role(name) for name in row["roles"] if name in known),
        None if places is None else frozenset(places),
        frozenset(party_of(text) for text in row["parties"]),
        frozenset(row["sources"]),
    )


def parts_of(told: Wanted | Principal) -> tuple[list[str], list[str] | None, list[str], list[str]]:
    """Give roles, jurisdictions, parties and sources as rows hold them."""
    return (
        sorted(told.roles),
        None if told.jurisdictions is None else sorted(told.jurisdictions),
        [f"{party.kind}:{party.code}" for party in sorted(told.parties)],
        sorted(told.sources or ()),
    )


async def create(connection: Connection, wanted: Wanted, now: datetime) -> str:
    """Make a key and give it, for the only time.

    Raises InvalidArgumentError where its holder has two that are taken already, or it would be of
    no use.
    """
    _check(wanted, now)
    identity, secret = secrets.token_hex(8), secrets.token_urlsafe(32)
    async with _mended(), connection.transaction():
        await connection.execute(QUERIES["hold"], wanted.holder)
        live = [row["id"] for row in await connection.fetch(QUERIES["live"], wanted.holder, now)]
        if len(live) >= LIVE_AT_MOST:
            raise InvalidArgumentError(
                f"{wanted.holder} has {len(live)} keys that are taken ({', '.join(live)}). "
                f"Revoke the one that is not used any more: vbp keys revoke {live[0]}"
            )
        await connection.execute(
            QUERIES["create"],
            *(identity, digest_of(secret), wanted.holder, *parts_of(wanted)),
            *(now, wanted.expires_at),
        )
    return f"vbp_{identity}_{secret}"


async def listed(connection: Connection) -> list[Key]:
    """Give all keys, those of a holder together."""
    async with _mended():
        return [key_of(row) for row in await connection.fetch(QUERIES["all"])]


async def revoke(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    """Take keys no more, all or none; raises InvalidArgumentError for one that is not taken now."""
    async with _mended(), connection.transaction():
        for identity in ids:
            if await connection.fetchval(QUERIES["revoke"], identity, now) is None:
                problem = f"{identity}: no key of this id is taken. `vbp keys list` shows them"
                raise InvalidArgumentError(problem)


def _check(wanted: Wanted, now: datetime) -> None:
    if not wanted.holder.strip() or not wanted.holder.isprintable():
        raise InvalidArgumentError(
            f"HOLDER: {wanted.holder!r} is no name. Give one such as platform-sx"
        )
    if not wanted.roles:
        raise InvalidArgumentError("--role: none is given. Name at least one")
    if wanted.expires_at <= now:
        raise InvalidArgumentError("--days: the key would have expired. Give 1 or more")
    own = wanted.parties or wanted.sources
    if Role.PUBLISHER in wanted.roles and not wanted.sources:
        raise InvalidArgumentError("--source: a publisher needs one, or a --party that has one")
    if Role.PARTY in wanted.roles and not wanted.parties:
        raise InvalidArgumentError("--party: a party needs one, such as hospital:H14010000123")
    if own and not wanted.roles & {Role.PUBLISHER, Role.PARTY}:
        raise InvalidArgumentError(
            "--role: parties and sources are for publishers and parties. Add that role, or leave "
            "them out"
        )


@asynccontextmanager
async def _mended() -> AsyncIterator[None]:
    """Say what to do where the schema is not there."""
    try:
        yield
    except asyncpg.UndefinedTableError as error:
        raise SetupError(postgres.NO_SCHEMA) from error

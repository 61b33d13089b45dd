"""Parties that ask, and what PostgreSQL alone lets them see."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from shared.adapters.identity.asker import ASKER
from shared.adapters.postgres import Connection
from shared.domain.principal import Party, Principal, Role
from tests.support.deployment import ROOT

SET = "SELECT set_config('vbp.places', $1, false), set_config('vbp.parties', $2, false)"
READABLE = (
    "SELECT relname, relrowsecurity AND relforcerowsecurity AS kept FROM pg_class "
    "WHERE relkind IN ('r', 'p', 'v') AND NOT relispartition "
    "AND relnamespace = $1::text::regnamespace AND has_table_privilege('vbp_reader', oid, 'SELECT')"
)
"""The tables of a service that may be read on behalf of a party, and whether each is guarded."""


def a_party(kind: str, code: str, places: Iterable[str] | None = None) -> Principal:
    """Somebody who is one party, and has no other role."""
    where = None if places is None else frozenset(places)
    parties = frozenset({Party(kind, code)})
    return Principal(f"key:{code}", frozenset({Role.PARTY}), where, parties)


def a_regulator(*places: str) -> Principal:
    """Somebody who oversees some jurisdictions."""
    return Principal("person:regulator", frozenset({Role.REGULATOR}), frozenset(places))


@contextmanager
def asking(who: Principal) -> Iterator[None]:
    """Ask as somebody, as in a request of theirs."""
    token = ASKER.set(who)
    try:
        yield
    finally:
        ASKER.reset(token)


async def confine(connection: Connection, places: str, parties: str) -> None:
    """Let a connection see what PostgreSQL shows to a party, and nothing of an API beside it."""
    await connection.execute("SET ROLE vbp_reader")
    await connection.execute(SET, places, parties)


def documented(schema: str) -> set[str]:
    """The tables of a schema that docs/security.md has a superuser open to `vbp_reader`."""
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    (statements,) = re.findall(r"```sql\n(CREATE ROLE vbp_reader.*?)```", text, re.DOTALL)
    return set(re.findall(rf"\b{schema}\.(\w+)", statements))

"""Sessions of people who signed in: a random text in a cookie, of which only a hash is kept."""

import hashlib
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

from shared.adapters import postgres, reading
from shared.adapters.identity.keys import MIGRATIONS, parts_of, principal_from
from shared.domain.principal import Principal

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

AT_MOST = 10
"""Sessions of one person at a time: more than anybody has browsers."""

_LENGTH = len(secrets.token_urlsafe())


class Sessions(reading.Database):
    """Keeps sessions in PostgreSQL; each is looked up anew, so one that ended is over at once."""

    session: ClassVar[Mapping[str, str]] = {
        "default_transaction_read_only": "off",
        "lock_timeout": "2s",
        "application_name": "vbp-sessions",
    }

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, "identity", MIGRATIONS, size=4)

    async def begin(self, principal: Principal, lasts: timedelta) -> str:
        """Keep a session of somebody, and give the text that shows it."""
        text, now = secrets.token_urlsafe(), datetime.now(UTC)
        async with self.lent() as connection, connection.transaction():
            await connection.execute(QUERIES["expired"], now)
            values = (*parts_of(principal), now, now + lasts)
            await connection.execute(QUERIES["begin"], _digest(text), principal.subject, *values)
            await connection.execute(QUERIES["crowd"], principal.subject, AT_MOST)
        return text

    async def principal(self, text: str) -> Principal | None:
        """Give whose session a text shows; None where it shows none that lasts."""
        if len(text) != _LENGTH:
            return None
        rows = await self.fetch(QUERIES["one"], _digest(text), datetime.now(UTC))
        return principal_from(rows[0], rows[0]["subject"]) if rows else None

    async def end(self, text: str) -> None:
        """End a session, if there is one."""
        if text:
            await self.fetch(QUERIES["end"], _digest(text))

    async def end_all(self, subject: str) -> int:
        """End all sessions of somebody, and give how many there were."""
        return int((await self.row(QUERIES["end_all"], subject))["count"])


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()

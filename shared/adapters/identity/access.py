"""Who asked what: a line for each request of somebody known, kept for a year.

Lines are written once a second, beside the requests. What a process that is killed had not written
is in its log alone, whose line of each request names who asked as well.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar, NamedTuple

from shared.adapters import postgres, reading
from shared.adapters.identity.keys import MIGRATIONS
from shared.domain.errors import VbpError

_log = logging.getLogger(__name__)

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

ACTS = ("looked", "exported", "decided", "signed-in", "signed-out")

_WAITING_AT_MOST = 10_000
_EVERY = 1.0
_FORGOTTEN_EVERY = 3_600.0
_LONGEST = 500
_EXPORTS = (".csv", ".xlsx", ".ndjson", ".parquet", "/pack")


class Access(NamedTuple):
    """A request: when (UTC), of whom, what it came to."""

    at: datetime
    subject: str
    act: str
    method: str
    path: str
    query: str
    status: int


class AccessLog(reading.Database):
    """Keeps who asked what in the database `dsn`."""

    session: ClassVar[Mapping[str, str]] = {
        "default_transaction_read_only": "off",
        "lock_timeout": "2s",
        "application_name": "vbp-access",
    }

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, "identity", MIGRATIONS, size=1)
        self._waiting: deque[Access] = deque()
        self._lost = 0

    def note(
        self, subject: str, act: str, method: str, asked: tuple[str, str], status: int
    ) -> None:
        """Note a request; `asked` is its path and what follows that."""
        if len(self._waiting) >= _WAITING_AT_MOST:
            self._waiting.popleft()
            self._lost += 1
        path, query = (_storable(one) for one in asked)
        self._waiting.append(Access(datetime.now(UTC), subject, act, method, path, query, status))

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Write what is noted for as long as the block lasts, and at its end what is left."""
        end = asyncio.Event()
        keeper = asyncio.create_task(self._keep(end))
        try:
            yield
        finally:
            end.set()
            await keeper
            await self.write()
            self.close()

    async def write(self) -> None:
        """Write what was noted; what cannot be written waits."""
        if not self._waiting:
            return
        lines = list(self._waiting)
        try:
            async with self.lent() as connection:
                await connection.copy_records_to_table(
                    "access", schema_name="identity", records=lines
                )
        except (VbpError, *postgres.FAILURES) as error:
            _log.warning("who asked what is not written, and waits: %r", error)
            return
        for _ in lines:
            self._waiting.popleft()
        if self._lost:
            _log.error("%d lines of who asked what were not written", self._lost)
            self._lost = 0

    async def _keep(self, end: asyncio.Event) -> None:
        # Not by cancelling it: lines whose writing is cancelled may be written all the same.
        forgets_at = 0.0
        clock = asyncio.get_running_loop().time
        while not end.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(end.wait(), _EVERY)
            await self.write()
            if clock() >= forgets_at:
                forgets_at = clock() + _FORGOTTEN_EVERY
                with contextlib.suppress(VbpError, *postgres.FAILURES):
                    await self.fetch(QUERIES["forget"])


async def last(
    connection: postgres.Connection,
    subject: str | None,
    act: str | None,
    since: datetime,
    at_most: int,
) -> list[Access]:
    """Give the last requests, of somebody or of all, of an act or of any."""
    rows = await connection.fetch(QUERIES["last"], subject, act, since, at_most)
    return [Access(*row.values()) for row in rows]


def act_of(method: str, path: str) -> str | None:
    """Say what a request does; None for one that tells events, which say themselves who told."""
    if (method, path) == ("POST", "/v1/events"):
        return None
    if path == "/sign-out":
        return "signed-out"
    if path.endswith(_EXPORTS):
        return "exported"
    return "looked" if method in {"GET", "HEAD"} else "decided"


def _storable(text: str) -> str:
    return text.replace("\0", "�")[:_LONGEST]

"""Finds out whose an API key is that a request shows."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from shared.adapters import postgres
from shared.adapters.identity import keys
from shared.adapters.identity.keys import MIGRATIONS, QUERIES, Key
from shared.adapters.reading import Database
from shared.domain.errors import SetupError, TransientError, VbpError
from shared.domain.principal import Principal

_log = logging.getLogger(__name__)

FRESH = 30.0
"""Seconds after which a key is looked up again: so long a revoked one may still be taken."""

STALE = 3600.0
"""Seconds for which a key that was looked up is taken while the database is away."""

_REMEMBERED = 10_000


class _Seen(NamedTuple):
    """A key, and when it was looked up."""

    key: Key
    at: float


class KeyReader:
    """Reads keys from the database `dsn`, and remembers them for a while."""

    def __init__(self, dsn: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._dsn = dsn
        self._clock = clock
        self._database = Database(dsn, "identity", MIGRATIONS, size=4)
        self._seen: OrderedDict[str, _Seen] = OrderedDict()
        self._noting: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Let go of all connections."""
        for task in self._noting:
            task.cancel()
        await asyncio.gather(*self._noting, return_exceptions=True)
        self._database.close()

    async def principal(self, text: str) -> Principal | None:
        """Give whose key this is; None unless one that is kept and is taken now.

        Raises TransientError or SetupError where that cannot be found out.
        """
        shown = keys.read(text)
        if shown is None:
            return None
        key = await self._key(shown.id)
        now = datetime.now(UTC)
        if key is None or not shown.opens(key) or not key.live(now):
            return None
        if key.used_on is None or key.used_on < now.date():
            self._note(key, now)
        return key.principal

    async def _key(self, identity: str) -> Key | None:
        seen = self._seen.get(identity)
        age = None if seen is None else self._clock() - seen.at
        if seen is not None and age is not None and age < FRESH:
            return seen.key
        try:
            rows = await self._database.fetch(QUERIES["one"], identity)
        except (TransientError, SetupError):
            if seen is not None and age is not None and age < STALE:
                return seen.key
            raise
        if not rows:
            self._seen.pop(identity, None)
            return None
        return self._remember(keys.key_of(rows[0]))

    def _remember(self, key: Key) -> Key:
        self._seen[key.id] = _Seen(key, self._clock())
        self._seen.move_to_end(key.id)
        while len(self._seen) > _REMEMBERED:
            self._seen.popitem(last=False)
        return key

    def _note(self, key: Key, now: datetime) -> None:
        """Note the day of use, once a day and process, beside the request."""
        self._seen[key.id] = _Seen(key._replace(used_on=now.date()), self._seen[key.id].at)
        task = asyncio.create_task(self._write(key.id, now))
        self._noting.add(task)
        task.add_done_callback(self._noting.discard)

    async def _write(self, identity: str, now: datetime) -> None:
        try:
            connection = await postgres.connect(self._dsn)
            try:
                await connection.execute(QUERIES["used"], identity, now.date())
            finally:
                await connection.close()
        except (VbpError, *postgres.FAILURES) as error:
            _log.warning("the day of use of key %s is not noted: %r", identity, error)

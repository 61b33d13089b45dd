"""Whose the topics are on which publishers tell: of the holders of keys, by their names."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from shared.adapters.identity import keys
from shared.adapters.identity.key_reader import FRESH, STALE
from shared.adapters.identity.keys import MIGRATIONS, QUERIES
from shared.adapters.reading import Database
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import Principal, Role


class Publishers:
    """Finds publishers in the database `dsn`, and remembers them as keys are remembered."""

    def __init__(self, dsn: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._database = Database(dsn, "identity", MIGRATIONS, size=1)
        self._known: Mapping[str, Principal] = {}
        self._at: float | None = None

    def close(self) -> None:
        """Let go of the connection."""
        self._database.close()

    async def known(self) -> Mapping[str, Principal]:
        """Give all holders of a key of a publisher that is taken now: whom the newest is of.

        Raises TransientError or SetupError where that cannot be found out.
        """
        age = None if self._at is None else self._clock() - self._at
        if age is not None and age < FRESH:
            return self._known
        try:
            rows = await self._database.fetch(
                QUERIES["of_role"], Role.PUBLISHER.value, datetime.now(UTC)
            )
        except (TransientError, SetupError):
            if age is not None and age < STALE:
                return self._known
            raise
        self._known = {row["holder"]: keys.key_of(row).principal for row in rows}
        self._at = self._clock()
        return self._known

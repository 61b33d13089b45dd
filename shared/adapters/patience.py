"""Waits for what is outside and does not answer: for as long as it takes, and not in silence."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol

from aiokafka.errors import KafkaConnectionError

from shared.adapters import postgres
from shared.adapters.health import Health
from shared.domain.errors import SetupError, UnreachableError

log = logging.getLogger(__name__)

SHORTEST, LONGEST = 0.4, 15.0
"""Seconds of the first pause and of the longest; each is twice the one before. They also keep
workers that take partitions from each other from doing nothing else."""

AWAY_AT_MOST = 3.0
"""Seconds of the longest pause while a server does not answer at all: to ask costs next to nothing,
and whatever is waited after it came back, its users wait too."""

AWAY = (UnreachableError, KafkaConnectionError)

STEADY = 60.0
"""Seconds after which work counts as having gone well: faults before it are forgotten."""

TELL_EVERY = 60.0
"""Seconds between two lines of the log about one outage."""

REFUSED_AT_MOST = 10
"""How often in a row an installation may be found wrong, as it is while another version is being
started, before the worker ends and says why."""


class Waiting(Protocol):
    """Metrics that say which parts of a worker wait."""

    def waits(self, part: str, *, waits: bool) -> None:
        """Note whether a part of the worker waits for what is outside."""


class Patience:
    """Pauses after failures until it is ended; `part` names what pauses, in log and metrics."""

    def __init__(self, part: str, metrics: Waiting) -> None:
        self._part = part
        self._metrics = metrics
        self._end = asyncio.Event()
        self._failures = 0
        self._refused = 0
        self._began = time.monotonic()
        self._told = -TELL_EVERY
        self._waits = False
        metrics.waits(part, waits=False)

    @property
    def ended(self) -> bool:
        """Whether nothing is to be waited for or done any more."""
        return self._end.is_set()

    def end(self) -> None:
        """End every pause, now and later."""
        self._end.set()

    def works(self) -> None:
        """Note that the work goes on."""
        if self._waits:
            log.info("%s goes on", self._part)
            self._waits = False
            self._metrics.waits(self._part, waits=False)

    async def wait(self, error: Exception) -> None:
        """Pause after a failure; raises it where an installation is wrong and stays so."""
        if time.monotonic() - self._began > STEADY:
            self._failures = self._refused = 0
            self._told = -TELL_EVERY
        wrong = isinstance(error, SetupError) and not isinstance(error, UnreachableError)
        self._refused = self._refused + 1 if wrong else 0
        if self._refused > REFUSED_AT_MOST:
            raise error
        self._tell(error)
        longest = min(AWAY_AT_MOST, LONGEST) if isinstance(error, AWAY) else LONGEST
        pause = min(SHORTEST * 2 ** min(self._failures, 10), longest)
        self._failures += 1
        await self.pause(pause)
        self._began = time.monotonic()

    async def pause(self, seconds: float) -> None:
        """Pause, unless it was or is ended."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._end.wait(), seconds)

    def _tell(self, error: Exception) -> None:
        self._waits = True
        self._metrics.waits(self._part, waits=True)
        if time.monotonic() - self._told >= TELL_EVERY:
            self._told = time.monotonic()
            log.warning("%s failed, and is tried again until it works: %s", self._part, error)


async def until_done(
    prepare: Callable[[], Awaitable[None]], patience: Patience, condition: Health
) -> None:
    """Prepare what must stand before a worker reads, as soon as PostgreSQL answers.

    However often it goes away meanwhile: whoever restarts it restarts workers at the same time.
    """
    while True:
        try:
            return await prepare()
        except (UnreachableError, *postgres.PASSING) as error:
            condition.waits(error)
            await patience.wait(error)

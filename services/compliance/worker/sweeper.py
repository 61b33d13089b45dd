"""What is done between batches: records whose time has come, and what the register touched."""

import gc
import time
from datetime import timedelta

from services.compliance.judging.moment import Moment
from services.compliance.worker.clock import Clock
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.pace import Pace
from services.compliance.worker.service import Compliance
from shared.domain.errors import UnstorableError

EVERY = 0.5
"""Seconds between sweeps while events keep coming."""

BEHIND = timedelta(seconds=30)
EVERY_BEHIND = 10.0
"""Seconds between sweeps while we are behind: nothing that rests on silence can open anyway."""

IDLE_FOR, BUSY_FOR = 0.2, 1.0
"""Seconds that a sweep may last where nothing waits, so that a new event is soon taken; and
where events wait all the time, so that what is due has its turn too."""

COLLECT_EVERY = 60.0
"""Seconds between collections of garbage while there is nothing else to do."""


class Sweeper:
    """Judges what is due, now and then; `pace` says how many records at once."""

    def __init__(
        self, service: Compliance, clock: Clock, metrics: WorkerMetrics, pace: Pace
    ) -> None:
        self._service = service
        self._clock = clock
        self._metrics = metrics
        self._swept = time.monotonic()
        self._collected = 0.0
        self._pace = pace
        self._together = pace.size

    def is_time(self, *, idle: bool) -> bool:
        """Say whether to sweep now; `idle` when nothing was read."""
        moment = self._clock.moment()
        behind = moment.now - moment.heard > BEHIND
        pause = EVERY_BEHIND if behind else 0.0 if idle else EVERY
        return time.monotonic() - self._swept >= pause

    async def sweep(self, *, idle: bool) -> None:
        """Judge records that are due, for a while; no batch may be in flight."""
        moment = self._clock.moment()
        seconds = IDLE_FOR if idle else BUSY_FOR
        until = time.monotonic() + seconds
        # Touches come first: two of them that reach the same record have it judged once.
        await self.expand_touches(seconds)
        while time.monotonic() < until and await self._sweep_some(moment):
            pass
        self._swept = time.monotonic()
        if idle and self._swept - self._collected > COLLECT_EVERY:
            self._collected = self._swept
            gc.collect()

    async def _sweep_some(self, moment: Moment) -> bool:
        """Judge some of what is due; gives whether there was any."""
        try:
            with self._pace.measuring() as measured:
                judged, conflicts = await self._service.sweep(moment, self._together)
                if judged is not None:
                    measured.records = min(self._together, len(judged.dossiers))
                    measured.loaded = judged.size
        except UnstorableError:
            # Some records cannot be written together: at last each is written alone.
            if self._together == 1:
                raise
            self._together //= 2
            return True
        self._metrics.conflicts(conflicts)
        if judged is None:
            return False
        self._together = min(self._together * 2, self._pace.size)
        self._metrics.swept(judged)
        return True

    async def expand_touches(self, seconds: float) -> None:
        """Mark records that the register touched, for a while."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            marked, conflicts = await self._service.expand_touches()
            self._metrics.conflicts(conflicts)
            if not marked:
                return

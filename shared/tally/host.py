"""A worker that tallies, as a process: Faust hosts it, health is asked beside its metrics."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import faust
from mode import Service
from prometheus_client import CollectorRegistry

from shared.adapters import health
from shared.adapters.health import Health
from shared.adapters.metrics import begin
from shared.adapters.patience import Patience, until_done
from shared.domain.errors import SetupError
from shared.domain.topics import Place
from shared.tally.bus import Bus
from shared.tally.metrics import TallyMetrics
from shared.tally.settings import TallySettings
from shared.tally.tally import Subject, Tally
from shared.tally.watch import LOOK_EVERY, Watch

STUCK_AFTER = 120.0
"""Seconds after which a batch that waits for nobody counts as stuck."""


class _Work:
    """Takes batches in, and notes that it does."""

    def __init__(self, tally: Tally, patience: Patience, condition: Health) -> None:
        self._tally = tally
        self._patience = patience
        self._condition = condition
        self._since: float | None = None

    async def take(self, messages: list[Any]) -> None:
        self._since = time.monotonic()
        await self._tally.take(messages, self._patience)
        self._since = None

    def turn(self, *, assigned: bool) -> None:
        """Note that the loop turns, unless a batch is stuck in it."""
        if self._since is None or time.monotonic() - self._since < STUCK_AFTER:
            self._condition.turned(assigned=assigned)


def run(
    subject: Subject,
    settings: TallySettings,
    jurisdictions: frozenset[str],
    beside: Callable[[CollectorRegistry], Service],
) -> int:
    """Run one worker until it is stopped, and what it hosts beside; gives the exit code."""
    registry = begin(f"{subject.service}-worker")
    metrics = TallyMetrics(registry, subject.service, subject.topics)
    condition = Health()
    health.serve(condition, registry, settings.host, settings.metrics_port)
    tally = Tally(subject, settings.database, jurisdictions, metrics)
    # Another than the one of the work: each belongs to the event loop in which it pauses.
    asyncio.run(until_done(tally.prepare, Patience("starting", metrics), condition))
    patience = Patience("tallying", metrics)
    cluster = settings.cluster(f"{subject.service}-worker")
    watch = Watch(cluster, settings.database, subject.service)

    async def places(wanted: Iterable[Place]) -> Mapping[Place, int]:
        asked = set(wanted)
        await watch.moved(asked)
        return await tally.places(asked)

    bus = Bus(f"{settings.group}-{subject.service}", cluster, subject.topics, places)
    work = _Work(tally, patience, condition)
    bus.hand_over(work.take)

    @bus.timer(interval=1.0)  # type: ignore[untyped-decorator]
    async def look() -> None:
        work.turn(assigned=bus.assigned)
        metrics.lag(bus.behind(tally.reading))
        if watch.lost is not None:
            metrics.lost(watch.lost)

    @bus.timer(interval=LOOK_EVERY)  # type: ignore[untyped-decorator]
    async def hold_against() -> None:
        if await watch.moved(set(tally.expected), dict(tally.expected)):
            # What Faust has read ahead is of the old place: a new process reads from the new one.
            await bus.crash(
                SetupError(
                    "a topic was made again or cut off, or the figures are made anew: start the "
                    "worker again"
                )
            )

    other = beside(registry)
    worker = faust.Worker(
        bus, other, loglevel=settings.log_level, override_logging=False, quiet=True
    )
    code = _run_to_the_end(worker)
    return 1 if any(one.crash_reason is not None for one in (bus, other)) else code


def _run_to_the_end(worker: faust.Worker) -> int:
    """Run until stopped; Faust leaves by SystemExit, whose code says how."""
    try:
        worker.execute_from_commandline()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1

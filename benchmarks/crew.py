"""Workers in processes of their own behind a gate, timed together.

The group hands out its partitions first; only when every worker holds its share does the gate
open and the clock start, so that all of them judge all of the topics from the first offset on.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from inspect import isgeneratorfunction
from multiprocessing import get_context
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any, NamedTuple

import asyncpg
from prometheus_client import CollectorRegistry
from typing_extensions import override

from services.compliance.judging.round import Round
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage import dossiers, facts, positions, register, violations
from services.compliance.storage.facts import Batch
from services.compliance.storage.lawbook import Lawbook
from services.compliance.worker.intake import Intake
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.reader import Reader
from services.compliance.worker.service import Compliance
from services.compliance.worker.session import Session
from shared.adapters.postgres import Connection

PATIENCE = 300.0
"""Seconds for everything that a crew does; beyond that something hangs."""

PARTS: dict[str, tuple[tuple[Any, str], ...]] = {
    "read": ((Intake, "read"),),
    "hear": ((Round, "open"),),
    "judge": ((Round, "parts"),),
    "load": ((dossiers, "load"), (Lawbook, "read"), (Lawbook, "open")),
    "write": (
        (positions, "advance"),
        (register, "hold_law"),
        (register, "move_law"),
        (facts, "save"),
        (dossiers, "save"),
        (violations, "save"),
        (register, "save"),
    ),
    "sweep": ((Compliance, "sweep"), (Compliance, "expand_touches")),
}
"""Where a worker's time goes: what is called for each part. What `load`, `write` and `sweep` take
includes waiting for PostgreSQL, during which the next batch may be read."""


class Report(NamedTuple):
    """What one worker did: batches, conflicts, CPU seconds, and seconds by part."""

    batches: int
    conflicts: int
    cpu: float
    parts: dict[str, float]


class Signals(NamedTuple):
    """What the workers are told: read, say what you did, leave."""

    gate: Event
    committed: Event
    leave: Event


class Result(NamedTuple):
    """Seconds until the last position was committed, and until nothing was due any more."""

    committed: float
    settled: float
    reports: list[Report]


class Figures(WorkerMetrics):
    """Counts the batches of one worker and what they lost to conflicts."""

    def __init__(self) -> None:
        super().__init__(CollectorRegistry())
        self.batches = 0
        self.lost = 0

    @override
    def batch(self, batch: Batch, judged: Round, seconds: float) -> None:
        """Note a batch."""
        super().batch(batch, judged, seconds)
        self.batches += 1

    @override
    def conflicts(self, count: int) -> None:
        """Note more conflicts."""
        super().conflicts(count)
        self.lost += count


class GatedReader(Reader):
    """A reader that takes part in the group at once, and reads only when the gate is open."""

    def __init__(self, gate: Event, settings: Settings, figures: Figures, owner: str) -> None:
        super().__init__(settings, policy.load(), figures, owner)
        self._gate = gate

    @override
    async def _read(self, session: Session) -> None:
        while not self._gate.is_set():
            session.check()
            await asyncio.sleep(0.01)
        await super()._read(session)


async def judge(settings: Settings, count: int, workers: int, *, settle: bool = True) -> Result:
    """Have `count` messages judged by some workers at once.

    Without `settle` nobody waits until nothing is due: it counts as settled when committed.
    """
    context = get_context("spawn")
    signals = Signals(context.Event(), context.Event(), context.Event())
    reports: Queue[Report] = context.Queue()
    crew = [
        context.Process(target=_work, args=(settings, f"bench-{number}", signals, reports))
        for number in range(workers)
    ]
    for process in crew:
        process.start()
    connection = await asyncpg.connect(settings.database)
    try:
        async with asyncio.timeout(PATIENCE):
            await _until(crew, connection, "SELECT count(DISTINCT owner) FROM {}", workers)
            signals.gate.set()
            began = time.perf_counter()
            await _until(crew, connection, "SELECT sum(next_offset) FROM {}", count)
            committed = time.perf_counter() - began
            signals.committed.set()
            if settle:
                await _until(crew, connection, SETTLED, 1)
            settled = time.perf_counter() - began
        said = [await asyncio.to_thread(reports.get, timeout=60) for _ in crew]
        signals.leave.set()
    finally:
        await connection.close()
        for process in crew:
            if not signals.leave.is_set():
                process.terminate()
            process.join()
    return Result(committed, settled, said)


async def _until(crew: list[Any], connection: Connection, query: str, least: int) -> None:
    asked = query.format("compliance.position")
    while (await connection.fetchval(asked) or 0) < least:
        if any(process.exitcode is not None for process in crew):
            raise RuntimeError("a worker ended by itself; its own lines above say why")
        await asyncio.sleep(0.02)


SETTLED = """
SELECT ((SELECT min(heard_until) > now() - interval '2 seconds' FROM compliance.position)
        AND NOT EXISTS (SELECT FROM compliance.touch)
        AND NOT EXISTS (SELECT FROM compliance.look_again
                        WHERE look_at < now() - interval '1 second'
                           OR hear_at < now() - interval '2 seconds'))::int
"""


def _work(settings: Settings, owner: str, signals: Signals, reports: "Queue[Report]") -> None:
    """Run one worker in a process of its own."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    asyncio.run(_run(settings, owner, signals, reports))


async def _run(settings: Settings, owner: str, signals: Signals, reports: "Queue[Report]") -> None:
    spent = _timed()
    figures = Figures()
    reader = GatedReader(signals.gate, settings, figures, owner)
    running = asyncio.create_task(reader.run())
    await _wait(signals.gate, running)
    spent.clear()
    began = time.process_time()
    await _wait(signals.committed, running)
    cpu = time.process_time() - began
    reports.put(Report(figures.batches, figures.lost, cpu, dict(spent)))
    await _wait(signals.leave, running)
    reader.stop()
    await running


async def _wait(signal: Event, running: asyncio.Task[None]) -> None:
    """Wait for a signal, or raise what ended the worker."""
    while not signal.is_set():
        if running.done():
            running.result()
        await asyncio.sleep(0.02)


def _timed() -> Counter[str]:
    """Have every part counted, in seconds."""
    spent: Counter[str] = Counter()
    for part, calls in PARTS.items():
        for holder, name in calls:
            setattr(holder, name, _counted(getattr(holder, name), spent, part))
    return spent


def _counted(call: Callable[..., Any], spent: Counter[str], part: str) -> Callable[..., Any]:
    @contextmanager
    def clocked() -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            spent[part] += time.perf_counter() - began  # type: ignore[assignment]

    if asyncio.iscoroutinefunction(call):

        @wraps(call)
        async def waited(*args: Any, **named: Any) -> Any:
            with clocked():
                return await call(*args, **named)

        return waited

    if isgeneratorfunction(call):

        @wraps(call)
        def stepped(*args: Any, **named: Any) -> Iterator[Any]:
            steps = call(*args, **named)
            with suppress(StopIteration):
                while True:
                    with clocked():
                        step = next(steps)
                    yield step

        return stepped

    @wraps(call)
    def called(*args: Any, **named: Any) -> Any:
        with clocked():
            return call(*args, **named)

    return called

"""The compliance worker: a Faust application that hosts the hot path and the relay.

Faust supervises, signals and stops; the hot path does not pay its 60 microseconds a message but
reads whole batches itself. It is a dependency of the application, so that it does
not wait for Faust's own consumer group.
"""

import asyncio
import logging
import os
import socket
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import faust
from mode import Service
from mode.types import ServiceT
from typing_extensions import override

from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.storage.schema import prepare
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.reader import Reader
from services.compliance.worker.relay import Relay
from shared.adapters import health
from shared.adapters.health import Health
from shared.adapters.metrics import begin
from shared.adapters.patience import Patience, until_done
from shared.domain.errors import DefectError, TooManyInvalidError

log = logging.getLogger(__name__)

EXIT_TOO_MANY_INVALID = 70


class Task(Service):
    """Runs something that has `run` and `stop` under supervision: its death ends the process."""

    def __init__(self, work: Reader | Relay, **settings: Any) -> None:
        super().__init__(**settings)
        self._work = work
        self._running: asyncio.Task[None] | None = None

    @override
    async def on_start(self) -> None:
        """Begin; the task is our own, since a `@Service.task` would be cancelled in its batch."""
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            await self._work.run()
        except asyncio.CancelledError:
            if self.should_stop:
                raise
            # Nobody cancels it: a library's own cancellation came out of an await, and the process
            # would stay, healthy and idle.
            await self._fall(DefectError(f"{type(self._work).__name__} was cancelled by nobody"))
        except Exception as error:  # noqa: BLE001  # supervision decides what follows
            await self._fall(error)

    async def _fall(self, error: Exception) -> None:
        log.critical("%s", error, exc_info=not isinstance(error, TooManyInvalidError))
        await self.crash(error)

    @override
    async def on_stop(self) -> None:
        """Let the batch in flight finish."""
        self._work.stop()
        if self._running is not None:
            await asyncio.wait([self._running], timeout=20)


class ComplianceApp(faust.App):
    """The Faust application; it carries no agents yet, only the tasks given to it."""

    def __init__(self, tasks: list[Task], settings: Settings) -> None:
        super().__init__(
            "vbp-compliance-worker",
            broker=f"kafka://{settings.kafka}",
            datadir=str(Path(tempfile.gettempdir()) / "vbp-faust"),
            web_enabled=False,
            autodiscover=False,
            topic_disable_leader=True,
            table_standby_replicas=0,
        )
        self._hosted = tasks

    @override
    def on_init_dependencies(self) -> Iterable[ServiceT]:
        """Start the tasks themselves, and none of Faust's own machinery that nothing uses."""
        return self._hosted


def run(settings: Settings, policies: Policies) -> int:
    """Run one worker until it is stopped; gives the exit code (70: too much invalid input)."""
    registry = begin("worker")
    metrics = WorkerMetrics(registry)
    condition = Health()
    health.serve(condition, registry, settings.host, settings.metrics_port)
    starting = Patience("starting", metrics)
    asyncio.run(until_done(lambda: prepare(settings, policies), starting, condition))
    owner = f"vbp-{socket.gethostname()[:20]}-{os.getpid()}-{uuid4().hex[:8]}"
    tasks = [
        Task(Reader(settings, policies, metrics, owner, condition)),
        Task(Relay(settings, metrics, f"{owner}-relay")),
    ]
    app = ComplianceApp(tasks, settings)
    worker = faust.Worker(app, loglevel=settings.log_level, override_logging=False, quiet=True)
    return _exit_code(tasks, _run_to_the_end(worker))


def _run_to_the_end(worker: faust.Worker) -> int:
    """Run until stopped; Faust leaves by SystemExit, whose code says how."""
    try:
        worker.execute_from_commandline()
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 1


def _exit_code(tasks: Iterable[Task], code: int) -> int:
    reasons = [task.crash_reason for task in tasks if task.crash_reason is not None]
    if any(isinstance(reason, TooManyInvalidError) for reason in reasons):
        return EXIT_TOO_MANY_INVALID
    return 1 if reasons else code

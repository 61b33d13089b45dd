"""Reads from Kafka and judges, until stopped: session after session."""

import gc

from aiokafka.errors import KafkaError

from services.compliance.policies.policy import Policies
from services.compliance.settings import Settings
from services.compliance.worker import session as sessions
from services.compliance.worker.intake import Intake, Limit
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.session import Session
from shared.adapters import postgres
from shared.adapters.health import Health
from shared.adapters.patience import Patience
from shared.domain.errors import SetupError, TransientError

FAILED = (TransientError, SetupError, KafkaError, *postgres.PASSING)
"""What fails outside, wherever in a session, and is waited for."""


class Reader:
    """One worker's hot path: batches and sweeps, until stopped."""

    def __init__(
        self,
        settings: Settings,
        policies: Policies,
        metrics: WorkerMetrics,
        owner: str,
        health: Health | None = None,
    ) -> None:
        self._health = health or Health()
        self._settings = settings
        self._policies = policies
        self._metrics = metrics
        self._owner = owner
        self._intake = Intake(policies.jurisdictions, Limit(settings.accept_dead_letters))
        self._patience = Patience("reading", metrics)

    def stop(self) -> None:
        """Finish the batch in flight, then leave."""
        self._patience.end()

    async def run(self) -> None:
        """Read until stopped; what fails outside is waited for."""
        _rest_collector()
        while not self._patience.ended:
            try:
                async with sessions.joined(
                    self._settings, self._policies, self._intake, self._metrics, self._owner
                ) as session:
                    await self._read(session)
            except FAILED as error:
                self._health.waits(error)
                await self._patience.wait(error)
            # What a session held, buffers and records, hangs together in cycles, and the collector
            # rests: session after session would add up.
            gc.collect()

    async def _read(self, session: Session) -> None:
        while not self._patience.ended:
            await session.step()
            self._health.turned(assigned=session.assigned)
            self._patience.works()


def _rest_collector() -> None:
    """Let the collector rest: a batch makes a hundred thousand objects and no cycles among them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(500_000, 20, 100)

"""The clock that knows what has been heard.

About once a second it asks the broker where the worker's partitions end, over a consumer of its
own: the fetching one would answer late, from behind its long poll. What was committed up to an
end was heard until the moment of asking. No answer, no advance; timestamps are not used.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from services.compliance.judging.moment import Moment
from services.compliance.settings import Settings
from services.compliance.storage import positions
from services.compliance.storage.positions import Hold
from services.compliance.worker.metrics import WorkerMetrics
from shared.adapters import kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain import calendar
from shared.domain.errors import TransientError
from shared.domain.topics import Place

log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between two questions to the broker."""

ANSWER_WITHIN = 5.0


class Clock:
    """Gives the moment of asking; never goes back."""

    def __init__(self, settings: Settings, owner: str, metrics: WorkerMetrics) -> None:
        self.trouble: BaseException | None = None
        self._settings = settings
        self._owner = owner
        self._metrics = metrics
        self._latest = calendar.EPOCH
        self._heard = calendar.EPOCH
        self._task: asyncio.Task[None] | None = None
        self._side: AIOKafkaConsumer
        self._connection: Connection

    def moment(self) -> Moment:
        """Give now, and until when everything has been heard."""
        self._latest = max(self._latest, datetime.now(UTC))
        return Moment(self._latest, self._heard)

    async def start(self, held: Callable[[], Mapping[Place, Hold]]) -> None:
        """Begin to tick; `held` gives the partitions that are ours."""
        self._connection = await postgres.connect(
            self._settings.database, application_name=self._owner
        )
        self._side = kafka.consumer(self._settings.kafka)
        await self._side.start()
        self._task = asyncio.create_task(self._run(held))

    async def stop(self) -> None:
        """Stop ticking."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._side.stop()
            self._connection.terminate()

    async def end_of(self, place: Place) -> int:
        """Give where a partition ends, by the broker's word."""
        partition = TopicPartition(*place)
        ends = await asyncio.wait_for(self._side.end_offsets([partition]), ANSWER_WITHIN)
        return int(ends[partition])

    async def _run(self, held: Callable[[], Mapping[Place, Hold]]) -> None:
        try:
            while True:
                began = time.monotonic()
                with suppress(KafkaError, TimeoutError):
                    await asyncio.wait_for(self._ask(held()), ANSWER_WITHIN)
                await asyncio.sleep(max(0.0, TICK - (time.monotonic() - began)))
        except postgres.FAILURES as error:
            self.trouble = TransientError(f"the clock lost PostgreSQL: {error!r}")
        except Exception as error:  # noqa: BLE001  # the reader's loop raises it
            self.trouble = error

    async def _ask(self, held: Mapping[Place, Hold]) -> None:
        asked = datetime.now(UTC)
        if held:
            found = await self._side.end_offsets([TopicPartition(*place) for place in held])
            ends = {(tp.topic, tp.partition): end for tp, end in found.items()}
            await positions.hear(self._connection, held, ends, asked)
        moment = await positions.heard(self._connection, datetime.now(UTC))
        self._latest = max(self._latest, moment.now)
        self._heard = max(self._heard, moment.heard)
        self._metrics.heard(self.moment())

"""The clock that knows what has been heard.

About once a second it asks the broker where the worker's partitions end, over a consumer of its
own: the fetching one would answer late, from behind its long poll. What was committed up to an
end was heard until the moment of asking. No answer, no advance; timestamps are not used.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
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

TICK = 0.5
"""Seconds between two questions to the broker."""

ANSWER_WITHIN = 5.0
NO_ANSWER = (KafkaError, TimeoutError)
"""How the broker fails to answer, as it does in every rebalance or restart of its own."""


class Clock:
    """Gives the moment of asking; never goes back."""

    def __init__(
        self, connection: Connection, side: AIOKafkaConsumer, metrics: WorkerMetrics
    ) -> None:
        self._connection = connection
        self._side = side
        self._metrics = metrics
        self._latest = calendar.EPOCH
        self._heard = calendar.EPOCH

    def moment(self) -> Moment:
        """Give now, and until when everything has been heard."""
        self._latest = max(self._latest, datetime.now(UTC))
        return Moment(self._latest, self._heard)

    async def end_of(self, place: Place) -> int | None:
        """Give where a partition ends by the broker's word; None if it does not answer."""
        partition = TopicPartition(*place)
        with suppress(*NO_ANSWER):
            ends = await asyncio.wait_for(self._side.end_offsets([partition]), ANSWER_WITHIN)
            return int(ends[partition])
        return None

    async def run(self, held: Callable[[], Mapping[Place, Hold]]) -> None:
        """Tick until cancelled; `held` gives the partitions that are ours.

        Raises TransientError where PostgreSQL fails.
        """
        while True:
            began = time.monotonic()
            try:
                with suppress(*NO_ANSWER):
                    await asyncio.wait_for(self._ask(held()), ANSWER_WITHIN)
            except postgres.FAILURES as error:
                raise TransientError(f"the clock lost PostgreSQL: {error!r}") from error
            await asyncio.sleep(max(0.0, TICK - (time.monotonic() - began)))

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


@asynccontextmanager
async def connected(settings: Settings, owner: str, metrics: WorkerMetrics) -> AsyncIterator[Clock]:
    """Give a clock a connection and a consumer of its own, which end with it."""
    connection = await postgres.connect(settings.database, application_name=owner)
    side = kafka.consumer(settings.kafka)
    try:
        await side.start()
        yield Clock(connection, side, metrics)
    finally:
        await side.stop()
        connection.terminate()

"""The clock that knows what has been heard.

About once a second it asks the broker which topics there are and where they begin and end, over a
connection of its own: the fetching one would answer late, from behind its long poll. A partition
that was committed up to its end was heard until the moment of asking. No answer, no advance;
timestamps are not used.

Three things look like silence and are none, and so hold the clock of their partition: what lies
behind an open transaction, what the broker lost before it was read, and a partition that nobody
reads yet.
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import datetime
from uuid import UUID

from aiokafka.errors import KafkaError

from services.compliance.judging.moment import Moment
from services.compliance.settings import WORKER, Settings
from services.compliance.storage import losses, positions
from services.compliance.storage.positions import Hold, Look
from services.compliance.worker import broker_time
from services.compliance.worker.broker_time import BrokerTime
from services.compliance.worker.metrics import WorkerMetrics
from shared.adapters import broker as brokers
from shared.adapters import postgres
from shared.adapters.broker import Bounds, Broker, TopicFound
from shared.adapters.lost import Loss, lost
from shared.adapters.postgres import Connection
from shared.domain import calendar, topics
from shared.domain.errors import FencedError, TransientError
from shared.domain.topics import Place

log = logging.getLogger(__name__)

TICK = 0.5
"""Seconds between two questions to the broker."""

ANSWER_WITHIN = 5.0
NO_ANSWER = (KafkaError, TimeoutError)
"""How the broker fails to answer, as it does in every rebalance or restart of its own."""

CUT_OFF_AFTER = 10.0
"""Seconds for which a log must end before where we are to count as cut off: after a change of
leaders the new one may need a moment to know how far it has been read."""

SHUT_OUT_AFTER = 3.0
"""Seconds for which what we hold must have had another owner to count as taken from us: where the
group shares partitions out anew, it says so within that time."""

NAMES = tuple(topic.name for topic in topics.INPUTS)


class Clock:
    """Gives the moment of asking; never goes back.

    `moves` grows when a partition is to be read from elsewhere, because something was lost.
    """

    def __init__(
        self, connection: Connection, broker: Broker, time_: BrokerTime, metrics: WorkerMetrics
    ) -> None:
        self.moves = 0
        self._connection = connection
        self._broker = broker
        self._time = time_
        self._metrics = metrics
        self._latest = calendar.EPOCH
        self._heard = calendar.EPOCH
        self._known: set[Place] = set()
        self._ends_early: dict[Place, float] = {}
        self._taken_since: float | None = None

    def moment(self) -> Moment:
        """Give now, and until when everything has been heard."""
        self._latest = max(self._latest, self._time.now())
        return Moment(self._latest, self._heard)

    async def ends_of(self, topic: str) -> dict[Place, int] | None:
        """Give up to where a topic can be read, as the broker counts; None without an answer."""
        with suppress(*NO_ANSWER, KeyError):
            async with asyncio.timeout(ANSWER_WITHIN):
                found = await self._broker.topics([topic])
                places = [(topic, number) for number in found[topic].leaders]
                bounds = await self._broker.bounds(found, places)
                return {place: seen.stable for place, seen in bounds.items()}
        return None

    async def run(self, held: Callable[[], Mapping[Place, Hold]]) -> None:
        """Tick until cancelled; `held` gives the partitions that are ours.

        Raises TransientError where PostgreSQL fails, FencedError where they are not ours any more.
        """
        while True:
            began = time.monotonic()
            try:
                with suppress(*NO_ANSWER):
                    async with asyncio.timeout(ANSWER_WITHIN):
                        await self._ask(held())
            except postgres.FAILURES as error:
                raise TransientError(f"the clock lost PostgreSQL: {error!r}") from error
            await asyncio.sleep(max(0.0, TICK - (time.monotonic() - began)))

    async def _ask(self, held: Mapping[Place, Hold]) -> None:
        with suppress(*NO_ANSWER):
            await self._time.keep()
        asked = self._time.now() if self._time.trusted() else None
        self._metrics.clock_ahead(self._time.ahead)
        # Partitions are counted after the moment that is to be heard until: whatever was told
        # before it stands in one of them.
        found = await self._broker.topics(NAMES)
        await self._begin_new(found)
        holds = await positions.still_held(self._connection, held) if held else {}
        self._check_taken(taken=holds is None)
        if holds:
            await self._look(holds, found, asked)
        moment = await positions.heard(self._connection, self._time.now())
        self._latest = max(self._latest, moment.now)
        self._heard = max(self._heard, moment.heard)
        self._metrics.heard(self.moment())

    def _check_taken(self, *, taken: bool) -> None:
        """Raise FencedError where our partitions stay another's, which else only a batch finds."""
        if not taken:
            self._taken_since = None
            return
        self._taken_since = self._taken_since or time.monotonic()
        if time.monotonic() - self._taken_since > SHUT_OUT_AFTER:
            raise FencedError(
                "our partitions were taken over, though the group gave them to nobody"
            )

    async def _begin_new(self, found: Mapping[str, TopicFound]) -> None:
        """Make rows of partitions that were added: until somebody reads them, nothing is heard."""
        there = {(name, number) for name, topic in found.items() for number in topic.leaders}
        if there <= self._known:
            return
        self._known = await positions.known(self._connection)
        if new := sorted(there - self._known):
            log.warning("partitions were added: %s", ", ".join(f"{t} {p}" for t, p in new))
            await positions.create(self._connection, new)
            self._known.update(new)

    async def _look(
        self,
        holds: Mapping[Place, Hold],
        found: Mapping[str, TopicFound],
        asked: datetime | None,
    ) -> None:
        """Hold our partitions against the broker's; what it lost is noted before anything else."""
        there = {p: h for p, h in holds.items() if p[0] in found and p[1] in found[p[0]].leaders}
        bounds = await self._broker.bounds(found, there)
        gone: dict[Place, tuple[Loss, UUID]] = {}
        looks: dict[Place, Look] = {}
        for place, hold in there.items():
            topic_id = found[place[0]].id
            loss = lost(hold, topic_id, bounds[place])
            if loss is None:
                self._ends_early.pop(place, None)
                looks[place] = _look(hold, topic_id, bounds[place])
            elif loss.cause != "cut_off" or self._stays_cut_off(place):
                gone[place] = loss, topic_id
        if gone:
            await self._note(there, gone)
        await positions.hear(self._connection, holds, looks, asked)

    def _stays_cut_off(self, place: Place) -> bool:
        since = self._ends_early.setdefault(place, time.monotonic())
        return time.monotonic() - since > CUT_OFF_AFTER

    async def _note(
        self, holds: Mapping[Place, Hold], gone: Mapping[Place, tuple[Loss, UUID]]
    ) -> None:
        # A batch that was committed meanwhile has moved the partition on: the next look will see.
        with suppress(FencedError):
            await losses.note(self._connection, holds, gone, self._time.now())
            for (topic, partition), (loss, _) in gone.items():
                log.error(
                    "%s %d lost offsets %d to before %d unread (%s): `vbp losses list`",
                    *(topic, partition, loss.first, loss.next, loss.cause),
                )
        self.moves += 1


def _look(hold: Hold, topic_id: UUID, bounds: Bounds) -> Look:
    return Look(topic_id, hold.base + bounds.stable, hold.base + bounds.end)


@asynccontextmanager
async def connected(settings: Settings, owner: str, metrics: WorkerMetrics) -> AsyncIterator[Clock]:
    """Give a clock connections of its own, which end with it."""
    async with AsyncExitStack() as stack:
        connection = await postgres.connect(settings.database, application_name=owner)
        stack.callback(connection.terminate)
        broker = await stack.enter_async_context(brokers.asking(settings.cluster(WORKER)))
        time_ = await stack.enter_async_context(broker_time.compared(settings.cluster(WORKER)))
        yield Clock(connection, broker, time_, metrics)

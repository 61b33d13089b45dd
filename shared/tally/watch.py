"""Whether the broker still holds what a worker goes on to read: asked at every assignment, and on.

A topic that was deleted and made again has its old name, and offsets that begin anew: whoever read
on from where it was would pass over what was told first. What the compliance worker does about it
is the same (services/compliance/worker/clock.py); figures need nobody's word before they go on.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from aiokafka.errors import KafkaError

from shared.adapters import broker as brokers
from shared.adapters import postgres
from shared.adapters.broker import Bounds
from shared.adapters.cluster import Bootstrap
from shared.adapters.lost import Loss, lost
from shared.domain.errors import SetupError, TransientError
from shared.domain.topics import Place
from shared.tally import places
from shared.tally.places import Look

log = logging.getLogger(__name__)

LOOK_EVERY = 10.0
"""Seconds between two looks."""

ANSWER_WITHIN = 5.0

Found = Mapping[Place, tuple[Look, Bounds]]


class Watch:
    """Looks at the partitions that one worker reads."""

    def __init__(self, kafka: Bootstrap, dsn: str, service: str) -> None:
        self._kafka = kafka
        self._dsn = dsn
        self._service = service
        self._end_early: set[Place] = set()
        self.lost: int | None = None
        """How many messages went lost in all partitions, once that was asked."""

    async def moved(
        self, wanted: Collection[Place], expected: Mapping[Place, int] = MappingProxyType({})
    ) -> bool:
        """Note what was lost; say whether a partition is to be read from elsewhere than it is.

        `expected` is where a worker goes on to read: a place before it says that the figures were
        made anew meanwhile, or restored. Where Kafka or PostgreSQL does not answer, nothing is
        known and nothing noted.
        """
        try:
            asked = datetime.now(UTC)
            found = await self._ask(wanted)
            connection = await postgres.connect(self._dsn, search_path=self._service)
            try:
                moved = await self._note(connection, found, expected, asked)
                self.lost = await places.lost(connection)
            finally:
                connection.terminate()
        except (KafkaError, *postgres.FAILURES, SetupError, TransientError) as error:
            log.warning("could not look whether anything was lost: %r", error)
            return False
        return moved

    async def _ask(self, wanted: Collection[Place]) -> Found:
        async with asyncio.timeout(ANSWER_WITHIN), brokers.asking(self._kafka) as broker:
            topics = await broker.topics({topic for topic, _ in wanted})
            there = [p for p in wanted if p[0] in topics and p[1] in topics[p[0]].leaders]
            bounds = await broker.bounds(topics, there)
        return {p: (Look(topics[p[0]].id, bounds[p].end), bounds[p]) for p in there}

    async def _note(
        self,
        connection: postgres.Connection,
        found: Found,
        expected: Mapping[Place, int],
        asked: datetime,
    ) -> bool:
        holds = await places.find(connection, found)
        looks: dict[Place, Look] = {}
        losses: dict[Place, tuple[Loss, UUID]] = {}
        early: set[Place] = set()
        for place, (look, bounds) in found.items():
            loss = lost(holds[place], look.topic_id, bounds)
            if loss is None:
                looks[place] = look._replace(end=look.end + holds[place].base)
            elif loss.cause != "cut_off" or place in self._end_early:
                losses[place] = loss, look.topic_id
            else:
                # It shows for a moment after each change of leaders: the next look will tell.
                early.add(place)
        self._end_early = early
        await places.note(connection, holds, looks, losses, asked)
        for (topic, number), (loss, _) in losses.items():
            log.error(
                "%s %d lost %d messages unread (%s): publish them again, nothing counts twice",
                *(topic, number, loss.next - loss.first, loss.cause),
            )
        back = any(holds[place].next < expected.get(place, 0) for place in found)
        return back or any(loss.cause != "removed" for loss, _ in losses.values())

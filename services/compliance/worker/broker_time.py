"""Our clock, held against the broker's.

When an event was told is the broker's word, and silence is judged by ours: a clock of ours that is
an hour ahead would accuse an hour too early. So a small record goes to a topic of its own now and
then, and the broker's timestamp on it comes back. The broker took it after we sent it: if its clock
then shows less than ours did, ours is ahead by at least the difference.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.adapters import kafka
from shared.adapters.cluster import Bootstrap
from shared.domain import topics
from shared.domain.errors import TransientError

AHEAD_AT_MOST = timedelta(seconds=2)
"""How far ahead of the broker our clock may be and still say until when all was heard."""

COMPARE_EVERY = 5.0
"""Seconds between two comparisons."""

GOOD_FOR = 30.0
"""Seconds for which a comparison holds while the broker does not answer."""

JUMP = timedelta(seconds=1)
"""A clock that has gone further than the time that passed was set, and must be compared anew."""

ANSWER_WITHIN = 5.0


class BrokerTime:
    """Gives the time (UTC), corrected where our clock is ahead of the broker's."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._ahead = timedelta(0)
        self._compared_at: tuple[datetime, float] | None = None

    @property
    def ahead(self) -> timedelta:
        """How far ahead our clock is at least; nothing if it is behind."""
        return max(self._ahead, timedelta(0))

    def now(self) -> datetime:
        """Give the time; by the broker's clock where ours is ahead of it."""
        return datetime.now(UTC) - (self._ahead if self._ahead > AHEAD_AT_MOST else timedelta(0))

    def trusted(self) -> bool:
        """Whether our clock was compared just now, was not ahead, and was not set since."""
        if self._compared_at is None or self._ahead > AHEAD_AT_MOST:
            return False
        clock, passed = self._since(self._compared_at)
        return passed.total_seconds() < GOOD_FOR and abs(clock - passed) < JUMP

    async def keep(self) -> None:
        """Compare again where the last comparison is old, or does not hold any more."""
        if self._compared_at is not None:
            clock, passed = self._since(self._compared_at)
            if passed.total_seconds() < COMPARE_EVERY and abs(clock - passed) < JUMP:
                return
        await self.compare()

    async def compare(self) -> None:
        """Ask the broker for its time; raises KafkaError or TimeoutError without an answer."""
        sent, at = datetime.now(UTC), time.monotonic()
        taken = await asyncio.wait_for(
            self._producer.send_and_wait(topics.CLOCK, b"what time is it?"), ANSWER_WITHIN
        )
        self._ahead = sent - datetime.fromtimestamp(taken.timestamp / 1000, UTC)
        self._compared_at = (sent, at)

    @staticmethod
    def _since(compared_at: tuple[datetime, float]) -> tuple[timedelta, timedelta]:
        """Give how far our clock has gone since, and how much time has passed."""
        clock, monotonic = compared_at
        return datetime.now(UTC) - clock, timedelta(seconds=time.monotonic() - monotonic)


@asynccontextmanager
async def compared(bootstrap: Bootstrap) -> AsyncIterator[BrokerTime]:
    """Give a time that was compared; raises TransientError where the broker does not answer."""
    # A question may be asked twice; and an outage that made one fail must not spoil all later ones.
    producer = await kafka.producer(bootstrap, once=False)
    try:
        found = BrokerTime(producer)
        try:
            await found.compare()
        except (KafkaError, TimeoutError) as error:
            raise TransientError(
                f"the broker does not tell its time on {topics.CLOCK}: {error!r}. "
                "If the topic is missing, run `vbp topics`"
            ) from error
        yield found
    finally:
        with suppress(KafkaError, TimeoutError):
            await producer.stop()

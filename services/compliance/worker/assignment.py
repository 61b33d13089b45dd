"""Which partitions are ours: taken when the group assigns them, let go when it revokes them."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition

from services.compliance.storage.positions import Hold, Taker
from services.compliance.worker.clock import Clock
from shared.domain import topics
from shared.domain.topics import Place

REGISTER = (topics.REGISTER.name, 0)
LET_GO_WITHIN = 5
"""Seconds that a batch in flight has to commit when partitions are revoked."""


class Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    """The partitions held, and where each is read next.

    `holds` is another object whenever partitions come or go: who finds that it has changed while
    waiting lets go of what was read. `trouble` is what went wrong in a rebalance; aiokafka would
    only log it and leave the worker idle for good, so the reader's loop raises it.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        clock: Clock,
        taker: Taker,
        settle: Callable[[], Awaitable[None]],
    ) -> None:
        self.holds: dict[Place, Hold] = {}
        self.trouble: BaseException | None = None
        self._consumer = consumer
        self._clock = clock
        self._taker = taker
        self._settle = settle
        self._register_end = 0

    async def on_partitions_revoked(self, revoked: Sequence[TopicPartition]) -> None:
        """Let go of everything; the batch in flight still commits if nobody has taken over."""
        with suppress(Exception):
            await asyncio.wait_for(self._settle(), LET_GO_WITHIN)
        self.holds = {}

    async def on_partitions_assigned(self, assigned: Sequence[TopicPartition]) -> None:
        """Take epochs, then go to where PostgreSQL says.

        Reading goes on meanwhile, so the partitions are first paused without awaiting.
        """
        try:
            for partition in assigned:
                self._consumer.seek(partition, 0)
                self._consumer.pause(partition)
            held = await self._taker.take((tp.topic, tp.partition) for tp in assigned)
            self._register_end = await self._clock.end_of(REGISTER)
            self.go_to(held)
        except Exception as error:  # noqa: BLE001  # the reader's loop raises it
            self.trouble = error

    def go_to(self, held: dict[Place, Hold]) -> None:
        """Seek, with no await between, so that nothing is read from elsewhere."""
        for place, hold in held.items():
            self._consumer.seek(TopicPartition(*place), hold.next)
        if REGISTER in held:
            self._consumer.resume(TopicPartition(*REGISTER))
        self.holds = held

    def open_the_rest(self, register: int) -> None:
        """Read the rest once the register, whoever reads it, has been committed to its end.

        What it tells later would have everything judged again, and batches in flight thrown away.
        """
        if register >= self._register_end and (paused := self._consumer.paused()):
            self._consumer.resume(*paused)

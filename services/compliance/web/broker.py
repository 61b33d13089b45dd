"""Whether the broker answers, and where the topics end by its own word.

A worker notes where its partitions end; where none runs nobody does, and nothing would seem to
wait. So the API asks as well, over a connection of its own, and keeps what was said last.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Self

from aiokafka.errors import KafkaError

from shared.adapters import broker as brokers
from shared.domain import topics
from shared.domain.topics import Place

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two questions: about half of the time between two scrapes."""

ANSWER_WITHIN = 5.0
_NAMES = tuple(topic.name for topic in topics.INPUTS)


class BrokerWatch:
    """Asks in the background while it is held; before the first answer the broker counts as away.

    `ends` gives the offset behind the last message of each partition, as far as it is known.
    """

    def __init__(self, bootstrap: str) -> None:
        self.up = False
        self.ends: Mapping[Place, int] = {}
        self._bootstrap = bootstrap
        self._asking: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._asking = asyncio.create_task(self._ask_on())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not by cancelling alone: aiokafka takes a cancelled connection for one that failed.
        self._ended.set()
        if self._asking is not None:
            self._asking.cancel()
            with suppress(asyncio.CancelledError):
                await self._asking

    async def _ask_on(self) -> None:
        while not self._ended.is_set():
            try:
                async with brokers.asking(self._bootstrap) as broker:
                    await self._ask(broker)
            except (KafkaError, OSError, TimeoutError) as error:
                if self.up:
                    log.warning("the broker does not answer, asking on: %r", error)
                self.up = False
            await self._pause()

    async def _ask(self, broker: brokers.Broker) -> None:
        while not self._ended.is_set():
            async with asyncio.timeout(ANSWER_WITHIN):
                found = await broker.topics(_NAMES)
                places = [(name, number) for name in found for number in found[name].leaders]
                bounds = await broker.bounds(found, places)
            self.ends = {place: bound.end for place, bound in bounds.items()}
            self.up = True
            await self._pause()

    async def _pause(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(EVERY):
                await self._ended.wait()

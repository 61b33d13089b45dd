"""Whether the broker answers, and where the topics end by its own word.

A worker notes where its partitions end; where none runs nobody does, and nothing would seem to
wait. So the API asks as well, over a connection of its own, and keeps what was said last.
"""

import asyncio
import logging
from collections.abc import Mapping

from aiokafka.errors import KafkaError
from typing_extensions import override

from shared.adapters import broker as brokers
from shared.adapters.background import Background
from shared.adapters.cluster import Bootstrap
from shared.domain import topics
from shared.domain.topics import Place

log = logging.getLogger(__name__)

EVERY = 5.0
"""Seconds between two questions: about half of the time between two scrapes."""

ANSWER_WITHIN = 5.0
_NAMES = tuple(topic.name for topic in topics.INPUTS)


class BrokerWatch(Background):
    """Asks in the background while it is held; before the first answer the broker counts as away.

    `ends` gives the offset behind the last message of each partition, as far as it is known.
    """

    def __init__(self, bootstrap: Bootstrap) -> None:
        super().__init__()
        self.up = False
        self.ends: Mapping[Place, int] = {}
        self._bootstrap = bootstrap

    @override
    async def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                async with brokers.asking(self._bootstrap) as broker:
                    await self._ask(broker)
            except (KafkaError, OSError, TimeoutError) as error:
                if self.up:
                    log.warning("the broker does not answer, asking on: %r", error)
                self.up = False
            await self._pause(EVERY)

    async def _ask(self, broker: brokers.Broker) -> None:
        while not self._ended.is_set():
            async with asyncio.timeout(ANSWER_WITHIN):
                found = await broker.topics(_NAMES)
                places = [(name, number) for name in found for number in found[name].leaders]
                bounds = await broker.bounds(found, places)
            self.ends = {place: bound.end for place, bound in bounds.items()}
            self.up = True
            await self._pause(EVERY)

"""The administration of the broker, while faults happen to it and to its topics."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.errors import KafkaError

from shared.adapters import broker as brokers
from shared.domain import topics
from shared.domain.errors import VbpError

GONE = (KafkaError, VbpError, TimeoutError, OSError)
ADMIN_WITHIN = 60.0
RETRY = 0.5


async def partitions(bootstrap: str) -> dict[str, int]:
    """Count the partitions of the inputs; waits for a broker that is away."""
    while True:
        with suppress(*GONE):
            async with asyncio.timeout(ADMIN_WITHIN), brokers.asking(bootstrap) as asked:
                found = await asked.topics(topic.name for topic in topics.INPUTS)
                return {name: len(topic.leaders) for name, topic in found.items()}
        await asyncio.sleep(RETRY)


async def how_many(bootstrap: str, name: str) -> int:
    """Count the partitions of a topic; waits for one that another fault is making again."""
    while True:
        if count := (await partitions(bootstrap)).get(name, 0):
            return count
        await asyncio.sleep(RETRY)


async def grow(bootstrap: str, name: str, count: int) -> None:
    """See that a topic has so many partitions, whatever other faults do to it meanwhile."""
    wanted = {name: NewPartitions(count)}
    while await how_many(bootstrap, name) < count:
        with suppress(*GONE):
            await _ask(bootstrap, lambda admin: admin.create_partitions(wanted))
        await asyncio.sleep(RETRY)


async def administer(
    bootstrap: str, act: Callable[[AIOKafkaAdminClient], Awaitable[object]]
) -> None:
    """Ask the broker's administration until it does so."""
    while True:
        with suppress(*GONE):
            return await _ask(bootstrap, act)
        await asyncio.sleep(RETRY)


async def _ask(bootstrap: str, act: Callable[[AIOKafkaAdminClient], Awaitable[object]]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        async with asyncio.timeout(ADMIN_WITHIN):
            await admin.start()
            await act(admin)
    finally:
        with suppress(Exception):
            await asyncio.wait_for(admin.close(), 5)

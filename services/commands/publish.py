"""`vbp publish`: checks archives of events and puts them on the bus."""

import asyncio
import time
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.commands.archives import Refusals, events
from services.commands.terminal import counted, say
from services.compliance.policies import policy as policies
from shared.adapters import kafka
from shared.adapters.cluster import Bootstrap
from shared.domain import topics
from shared.domain.cloudevents import Event, check_ahead
from shared.domain.errors import InvalidEventError, SetupError, TransientError

CHUNK = 500
AHEAD = 40
"""Chunks that may be on their way at once: enough to fill batches, and memory stays small."""

SAID_EVERY = 5.0
"""Seconds after which a person wants to know what is waited for."""

TRIES, PAUSE_SECONDS = 20, 0.1


def run(files: Sequence[str], bootstrap: Bootstrap, refusals: Refusals) -> int:
    """Publish what `files` hold; gives how many events the broker has taken."""
    known = policies.load().jurisdictions
    began = time.perf_counter()
    valid = _not_ahead(events(files, refusals, known), refusals, files)
    taken = asyncio.run(_publish(valid, bootstrap))
    seconds = time.perf_counter() - began
    rate = taken / max(seconds, 0.001)
    say(f"{counted(taken, 'event')} published in {seconds:.1f} s ({rate:,.0f} a second)")
    refusals.conclude(taken)
    return taken


def _not_ahead(read: Iterable[Event], refusals: Refusals, files: Sequence[str]) -> Iterator[Event]:
    now = datetime.now(UTC)
    for event in read:
        try:
            check_ahead(event, now)
        except InvalidEventError as error:
            refusals.add(f"{files[event.partition - 1]}:{event.offset}", str(error))
            continue
        yield event


async def _publish(valid: Iterator[Event], bootstrap: Bootstrap) -> int:
    sender = await _ready(bootstrap)
    try:
        await _check_topics(sender, bootstrap)
        return await _send(valid, sender)
    finally:
        await sender.stop()


async def _check_topics(sender: AIOKafkaProducer, bootstrap: Bootstrap) -> None:
    """Refuse to begin where a topic is missing: the producer would wait for it in vain."""
    wanted = {topic.name for topic in topics.INPUTS}
    for _ in range(TRIES):
        missing = wanted - (await sender.client.fetch_all_metadata()).topics()
        if not missing:
            return
        # A broker that has just created a topic may not name it at once.
        await asyncio.sleep(PAUSE_SECONDS)
    names = ", ".join(sorted(missing))
    raise SetupError(f"Apache Kafka at {bootstrap} lacks {names}. Create them: vbp topics")


async def _ready(bootstrap: Bootstrap) -> AIOKafkaProducer:
    """Connect, and say so where it takes long."""
    connecting = asyncio.ensure_future(kafka.producer(bootstrap))
    await _patiently([connecting], f"Apache Kafka at {bootstrap} to answer")
    return connecting.result()


async def _patiently(waited: Collection[asyncio.Future[Any]], what: str) -> None:
    """Wait for all of some futures, and say every few seconds what is waited for."""
    while (await asyncio.wait(waited, timeout=SAID_EVERY))[1]:
        say(f"Waiting for {what}")


async def _send(valid: Iterator[Event], sender: AIOKafkaProducer) -> int:
    on_the_way: deque[list[asyncio.Future[Any]]] = deque()
    taken = 0
    while chunk := list(islice(valid, CHUNK)):
        handing = asyncio.ensure_future(kafka.publish(sender, chunk))
        await _patiently([handing], f"room to send after event {taken:,}")
        on_the_way.append(handing.result())
        # Reading a chunk blocks; here the producer's own task gets its turn.
        await asyncio.sleep(0)
        if len(on_the_way) > AHEAD:
            taken += await _taken(on_the_way.popleft(), taken)
    for futures in on_the_way:
        taken += await _taken(futures, taken)
    return taken


async def _taken(futures: list[asyncio.Future[Any]], before: int) -> int:
    """Wait until the broker has taken a chunk; raises TransientError where it refuses."""
    waited = f"the broker to take events {before + 1:,} to {before + len(futures):,}"
    await _patiently(futures, waited)
    refused = [error for future in futures if (error := future.exception()) is not None]
    if refused:
        if not isinstance(refused[0], KafkaError):
            raise refused[0]
        raise TransientError(
            f"the broker refused an event after taking {before:,}: {refused[0]!r}. Publish the "
            "whole file again: what it has taken already does no harm"
        ) from refused[0]
    return len(futures)

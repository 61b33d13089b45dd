"""What is published while faults happen: a province, thick with what nobody can take.

Each order is told as a whole, within moments, and all that is not an order before the first: so no
telling is late but for a fault of the broker.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Any, NamedTuple

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.adapters import kafka
from shared.domain import topics
from shared.domain.cloudevents import Event, headers_of, read_structured
from shared.domain.errors import VbpError
from tests.campaign import poison
from tests.support import raw_batches

ODD_ORDERS = 4
"""Orders in a load whose deadline is at an end of what may be told: valid, and a trap."""

DEADLINES = (
    *("1900-01-01", "0001-01-01", "1899-12-30", "1901-01-01T00:00:00+08:00"),
    *("9999-12-31", "9999-12-31T23:59:59.999999Z"),
)
AT_ONCE = 500
TICK = 0.1
AGAIN_AFTER = 0.5
TAKEN_WITHIN = 15.0
"""Seconds after which a publisher begins anew: one of a topic that was made again waits for ever
for the broker to take up where its predecessor stood.
"""

FAILURES = (KafkaError, VbpError, TimeoutError, OSError)


class Message(NamedTuple):
    """A message as it is handed to a producer; `batch` is a raw batch instead of all the rest."""

    topic: str
    value: bytes | None = None
    key: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()
    batch: bytes | None = None


class Load:
    """Events, and poison among them, in the order of publishing; `lines` are the events as told."""

    def __init__(self, lines: Sequence[bytes], chance: Random) -> None:
        told = [read_structured(line, None, 0, n) for n, line in enumerate(lines)]
        self.lines = [*lines, *odd_orders(told, chance)]
        self.events = [read_structured(line, None, 0, n) for n, line in enumerate(self.lines)]
        self.messages = list(_spoilt(list(ordered(self.events)), chance))
        self.published = 0
        self.done = asyncio.Event()

    async def publish(self, bootstrap: str, seconds: float) -> None:
        """Publish everything evenly over some seconds; what fails is published again."""
        began = time.monotonic()
        while self.published < len(self.messages):
            passed = time.monotonic() - began
            due = min(len(self.messages), int(len(self.messages) * passed / seconds) + 1)
            part = self.messages[self.published : min(due, self.published + AT_ONCE)]
            if part:
                await told(bootstrap, part)
                self.published += len(part)
            else:
                await asyncio.sleep(TICK)
        self.done.set()

    def told_so_far(self, topic: str) -> list[Message]:
        """Give what was published to a topic, without the poison."""
        valid = self.messages[: self.published]
        return [one for one in valid if one.topic == topic and not poison.is_poison(one.headers)]


async def told(bootstrap: str, messages: Sequence[Message]) -> None:
    """Publish messages, and wait until the broker has taken each at least once."""
    waiting = list(messages)
    while waiting:
        with suppress(*FAILURES):
            waiting = await _try(bootstrap, waiting)
        if waiting:
            await asyncio.sleep(AGAIN_AFTER)


class Publisher:
    """Producers that are kept from one call to the next, by the broker's address."""

    kept: dict[str, AIOKafkaProducer] = {}  # noqa: RUF012  # one for the whole campaign

    @classmethod
    async def of(cls, bootstrap: str) -> AIOKafkaProducer:
        if bootstrap not in cls.kept:
            cls.kept[bootstrap] = await kafka.producer(bootstrap)
        return cls.kept[bootstrap]

    @classmethod
    async def drop(cls, bootstrap: str) -> None:
        """Stop a producer: after a failure, or at the end."""
        if (old := cls.kept.pop(bootstrap, None)) is not None:
            with suppress(Exception):
                await asyncio.wait_for(old.stop(), 5)


async def _try(bootstrap: str, messages: Sequence[Message]) -> list[Message]:
    """Publish once; gives what the broker has not said it took."""
    producer = await Publisher.of(bootstrap)
    futures: list[Any] = []
    left = list(messages)
    try:
        async with asyncio.timeout(TAKEN_WITHIN):
            for one in messages:
                if one.batch is not None:
                    await raw_batches.send(bootstrap, one.topic, 0, one.batch, 1)
                    futures.append(None)
                    continue
                futures.append(
                    await producer.send(
                        one.topic, key=one.key, value=one.value, headers=one.headers
                    )
                )
            waited = [future for future in futures if future is not None]
            await asyncio.gather(*waited, return_exceptions=True)
    finally:
        took = [one is None or _is_taken(one) for one in futures]
        left = [one for n, one in enumerate(messages) if n >= len(took) or not took[n]]
        if left:
            await Publisher.drop(bootstrap)
    return left


def _is_taken(future: asyncio.Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def message_of(event: Event) -> Message:
    return Message(event.topic, event.raw, event.key, headers_of(event))


def ordered(events: Sequence[Event]) -> Iterator[Event]:
    """Give all that is not about an order, the register first; then order by order."""
    groups: dict[str, list[Event]] = defaultdict(list)
    rest: list[Event] = []
    for event in events:
        order = getattr(event.data, "order", None)
        (groups[order] if order else rest).append(event)
    yield from sorted(rest, key=lambda event: event.topic != topics.REGISTER.name)
    for group in groups.values():
        yield from group


def odd_orders(events: Sequence[Event], chance: Random) -> list[bytes]:
    """Tell some orders again as others, with deadlines at the ends of the calendar."""
    placed = [event for event in events if event.type == "vbp.order.placed.v1"]
    odd = []
    for number in range(ODD_ORDERS):
        event = chance.choice(placed)
        data = msgspec.json.decode(event.raw)
        data["order"] = f"{data['order']}-odd-{number}"
        data["deliver_by"] = chance.choice(DEADLINES)
        envelope = {
            "specversion": "1.0",
            "id": f"{event.id}-odd-{number}",
            "source": event.source,
            "type": event.type,
            "time": event.time.isoformat(),
            "data": data,
        }
        odd.append(msgspec.json.encode(envelope))
    return odd


def _spoilt(events: Sequence[Event], chance: Random) -> Iterator[Message]:
    """Give the messages of events, one in a hundred of them poison."""
    orders = [n for n, event in enumerate(events) if event.topic != topics.REGISTER.name]
    bombs = set(chance.sample(orders, 2))
    for number, event in enumerate(events):
        yield message_of(event)
        if chance.random() < poison.SHARE:
            yield Message(event.topic, *poison.draw(event, chance))
        if number in bombs:
            yield Message(event.topic, batch=_bomb(chance), headers=poison.MARK)


def _bomb(chance: Random) -> bytes:
    """Write a batch that no client of ours writes: one that unpacks to much, or odd names."""
    if chance.random() < 0.5:
        value = b"\0" * (chance.choice((20, 60)) << 20)
        return raw_batches.a_batch([raw_batches.Message(value)], "gzip")
    names = ((b"caf\xe9", b"x"), (b"ce_id", poison.NAME.encode()), (b"\xff" * 300, None))
    return raw_batches.a_batch([raw_batches.Message(b"{}", None, names)], "lz4")

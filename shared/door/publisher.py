"""Publishes events, and says of each whether the broker has taken it."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from shared.adapters import kafka
from shared.adapters.cluster import Bootstrap
from shared.adapters.kafka import Message
from shared.adapters.turns import Turns
from shared.domain.cloudevents import Event
from shared.domain.errors import SetupError, TransientError

_log = logging.getLogger(__name__)

_LONGEST_PAUSE = 10.0
_READY_SECONDS = 3.0
_STOP_SECONDS = 2.0
_SENT_AT_ONCE = 25
"""Sending is work of a millisecond for so many, and mostly waits for nothing."""


class Publisher:
    """A producer that is made in the background, and made anew when it has failed for good.

    So a service starts before its broker does, says so in /readyz, and works once it is there.
    """

    def __init__(self, bootstrap: Bootstrap, patience: float, turns: Turns) -> None:
        self._bootstrap = bootstrap
        self._patience = patience
        self._turns = turns
        self._producer: AIOKafkaProducer | None = None
        self._failed = asyncio.Event()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep a producer for as long as the block lasts; at its end all that was sent is taken."""
        keeper = asyncio.create_task(self._keep())
        try:
            yield
        finally:
            keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await keeper

    async def publish(self, events: Sequence[Event]) -> list[str | None]:
        """Publish events; for each None where the broker has taken it, else why it has not.

        Waits `patience` seconds for all together. An event that was not taken in time may be taken
        later: who sends it again does no harm.
        """
        return await self.put(map(kafka.message_of, events), len(events))

    async def put(self, messages: Iterable[Message], count: int) -> list[str | None]:
        """Put so many messages on their topics; for each as `publish` says it of an event."""
        deadline = asyncio.get_running_loop().time() + self._patience
        sent: list[asyncio.Future[Any]] = []
        reason = f"did not take the event within {self._patience:g} s"
        try:
            async with asyncio.timeout_at(deadline):
                producer = await self._connected()
                for number, message in enumerate(messages):
                    if number % _SENT_AT_ONCE == 0:
                        await self._turns.mine()
                    sent.append(await kafka.put(producer, message))
                await asyncio.wait(sent)
        except TimeoutError:
            pass
        except KafkaError as error:
            reason = f"refused the event: {error!r}"
            self._failed.set()
        reasons = [self._verdict(future, reason) for future in sent]
        return reasons + [reason] * (count - len(sent))

    async def check(self, topics: Collection[str]) -> None:
        """Ask the broker for its topics.

        Raises TransientError if it does not answer, SetupError if a topic is missing.
        """
        try:
            async with asyncio.timeout(_READY_SECONDS):
                producer = await self._connected()
                found = (await producer.client.fetch_all_metadata()).topics()
        except (KafkaError, TimeoutError) as error:
            raise TransientError(kafka.unreachable(self._bootstrap, error)) from error
        if missing := sorted(set(topics) - found):
            raise SetupError(
                f"Apache Kafka at {self._bootstrap} lacks the topics {', '.join(missing)}. "
                "Create them: vbp topics"
            )

    def _verdict(self, future: asyncio.Future[Any], late: str) -> str | None:
        if not future.done():
            future.cancel()
            return late
        error = future.exception()
        if error is None:
            return None
        self._failed.set()
        return f"refused the event: {error!r}"

    async def _connected(self) -> AIOKafkaProducer:
        while self._producer is None:  # noqa: ASYNC110 - bounded by the caller's deadline
            await asyncio.sleep(0.05)
        return self._producer

    async def _keep(self) -> None:
        pause = 0.5
        while True:
            try:
                producer = await self._connect()
            except (SetupError, OSError) as error:
                _log.warning("waiting for the broker", extra={"problem": str(error)})
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                continue
            pause = 0.5
            await self._lend(producer)
            _log.warning("the producer failed; making a new one")

    async def _connect(self) -> AIOKafkaProducer:
        connecting = asyncio.ensure_future(kafka.producer(self._bootstrap))
        try:
            return await asyncio.shield(connecting)
        except asyncio.CancelledError:
            # A start that is cut off would leave its connections open.
            with contextlib.suppress(SetupError, OSError):
                await _stop(await connecting)
            raise

    async def _lend(self, producer: AIOKafkaProducer) -> None:
        self._failed.clear()
        self._producer = producer
        try:
            await self._failed.wait()
        finally:
            self._producer = None
            await _stop(producer)


async def _stop(producer: AIOKafkaProducer) -> None:
    """Stop a producer; with a silent broker, drop what it still holds: nobody was told yes."""
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await producer.stop()
    except (KafkaError, TimeoutError) as error:
        _log.warning("the producer did not stop in time", extra={"problem": repr(error)})
        # Its own stop waits for the broker for ever, and a cancelled one leaves its tasks behind.
        producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_STOP_SECONDS):
                await producer._sender.close()  # noqa: SLF001
        await producer.client.close()

"""What is done with a batch: one transaction that takes all of it in, tried until it succeeds."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg

from shared.adapters import postgres
from shared.adapters.patience import Patience
from shared.adapters.postgres import Connection
from shared.domain.cloudevents import Event
from shared.domain.errors import ConflictError, SetupError, TransientError
from shared.domain.topics import Place
from shared.tally import places, register
from shared.tally.book import Book, Keeper
from shared.tally.messages import read
from shared.tally.metrics import TallyMetrics
from shared.tally.places import Reach

WITHIN = 60.0
"""Seconds that a transaction may take: a connection lost in the middle would hang for ever."""

SMALLEST, LARGEST = 250, 8_000
"""Messages of one transaction, by how long the last one took."""

FAST, SLOW = 2.0, 10.0
"""Seconds of a transaction below which the next may be larger, and above which it is smaller."""

LOST = (
    *postgres.AWAY,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.IdleInTransactionSessionTimeoutError,
)
"""What says that the server or the connection is gone, and not that our statement is wrong."""

FOUND_WITHIN = 60.0
"""Seconds for which PostgreSQL may be away while partitions are assigned."""

ALONE = "SELECT pg_advisory_xact_lock(hashtext(current_schema() || ' register'))"
SHARED = "SELECT pg_advisory_xact_lock_shared(hashtext(current_schema() || ' register'))"
"""Who writes the register is alone; figures are counted under a register that does not move."""


class Subject(NamedTuple):
    """What a worker tallies: its service and schema, what it hears, and the book it keeps.

    `also(connection, events)` takes in what is heard beside orders and the register.
    """

    service: str
    migrations: Path
    topics: tuple[str, ...]
    orders: frozenset[type]
    others: frozenset[type]
    book: Book
    also: Callable[[Connection, list[Event]], Any] | None = None


class Tally:
    """Takes batches in, over a connection of its own that is made again when it fails."""

    def __init__(
        self, subject: Subject, dsn: str, jurisdictions: frozenset[str], metrics: TallyMetrics
    ) -> None:
        self.expected: dict[Place, int] = {}
        self._bases: dict[Place, int] = {}
        self._subject = subject
        self._dsn = dsn
        self._jurisdictions = jurisdictions
        self._metrics = metrics
        self._keeper = Keeper(subject.book)
        self._connection: Connection | None = None
        self._size = LARGEST

    async def take(self, messages: Sequence[Any], patience: Patience) -> None:
        """Take messages in, for as long as PostgreSQL takes to answer; raises where it refuses.

        They are written in parts, each a transaction, whose size follows how long the last took: on
        a starved machine, one that never ended in time would be begun for ever.
        """
        at = 0
        while at < len(messages) and not patience.ended:
            part = messages[at : at + self._size]
            try:
                await self._take(part)
            except ConflictError:
                self._metrics.conflict()
            except (TransientError, SetupError) as error:
                self._size = max(self._size // 2, SMALLEST)
                await patience.wait(error)
            else:
                patience.works()
                at += len(part)

    async def _take(self, messages: Sequence[Any]) -> None:
        began = time.monotonic()
        reach, events, counts = Reach(self.expected), [], Counter[str]()
        for message in messages:
            place = (message.topic, message.partition)
            offset = message.offset + self._bases.get(place, 0)
            reach.read(place, offset)
            counts[message.topic] += 1
            event = read(message, offset, self._jurisdictions)
            if event is not None:
                events.append(event)
        await self._commit(events, reach)
        seconds = time.monotonic() - began
        self.expected |= {(topic, number): end for topic, number, _, end in reach.spans()}
        self._metrics.batch(counts, len(messages) - len(events), seconds)
        if seconds > SLOW:
            self._size = max(self._size // 2, SMALLEST)
        elif seconds < FAST:
            self._size = min(self._size * 2, LARGEST)

    async def _commit(self, events: list[Event], reach: Reach) -> None:
        connection = await self._connected()
        try:
            async with asyncio.timeout(WITHIN), connection.transaction():
                await postgres.write_lazily(connection)
                await self._write(connection, events)
                await places.advance(connection, reach.spans())
        except (ConflictError, asyncpg.DeadlockDetectedError) as error:
            raise ConflictError("another worker was faster") from error
        except LOST as error:
            self.close()
            raise TransientError(
                f"PostgreSQL failed while a batch was taken in: {error!r}"
            ) from error

    async def _write(self, connection: Connection, events: list[Event]) -> None:
        subject = self._subject
        told = [event for event in events if type(event.data) in register.HEARD]
        orders = [event for event in events if type(event.data) in subject.orders]
        await connection.execute(ALONE if told else SHARED)
        if told:
            touched = await register.tell(connection, told)
            await self._keeper.recount(connection, touched)
        await self._keeper.take(connection, orders)
        if subject.also is not None:
            others = [event for event in events if type(event.data) in subject.others]
            await subject.also(connection, others)

    async def places(self, wanted: Iterable[Place]) -> dict[Place, int]:
        """Give where partitions are to be read, as the broker counts, and remember it.

        Faust waits for it in a rebalance: where PostgreSQL does not answer for long, it raises
        TransientError or SetupError, and the process ends rather than read from the wrong place.
        """
        asked, give_up = list(wanted), time.monotonic() + FOUND_WITHIN
        while True:
            try:
                return await self._places(asked)
            except (TransientError, SetupError):
                if time.monotonic() > give_up:
                    raise
                await asyncio.sleep(1)

    async def _places(self, wanted: list[Place]) -> dict[Place, int]:
        connection = await postgres.connect(self._dsn, search_path=self._subject.service)
        try:
            holds = await places.find(connection, wanted)
        except LOST as error:
            raise TransientError(f"PostgreSQL failed while places were read: {error!r}") from error
        finally:
            connection.terminate()
        self.expected = {place: hold.next for place, hold in holds.items()}
        self._bases = {place: hold.base for place, hold in holds.items()}
        return self.reading

    @property
    def reading(self) -> dict[Place, int]:
        """Where partitions are to be read next, as the broker counts."""
        return {place: end - self._bases.get(place, 0) for place, end in self.expected.items()}

    async def prepare(self) -> None:
        """Count all anew that was counted under another edition; raises SetupError."""
        try:
            await self._prepare(await self._connected())
        finally:
            self.close()

    async def _prepare(self, connection: Connection) -> None:
        await postgres.check_migrated(connection, self._subject.migrations, self._subject.service)
        edition = self._subject.book.edition
        if await connection.fetchval("SELECT edition FROM edition") == edition:
            return
        async with connection.transaction():
            await connection.execute(ALONE)
            await register.restate(connection)
        last: tuple[str, str] | None = ("", "")
        while last is not None:
            async with connection.transaction():
                await connection.execute(ALONE)
                last = await self._keeper.recount_after(connection, last)
        await connection.execute("UPDATE edition SET edition = $1", edition)

    async def _connected(self) -> Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await postgres.connect(
                self._dsn,
                application_name=f"vbp-{self._subject.service}-worker",
                search_path=self._subject.service,
                idle_in_transaction_session_timeout="60s",
                jit="off",
            )
        return self._connection

    def close(self) -> None:
        """Let go of the connection; the next batch makes a new one."""
        if self._connection is not None:
            with suppress(Exception):
                self._connection.terminate()
            self._connection = None

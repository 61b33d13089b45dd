"""A living compliance worker for tests: the real process, the real Kafka, the real PostgreSQL.

Tests share a broker, so each begins where the topics end: its database believes that everything
before was read, and its workers have a group of their own.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import psutil
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.compliance.findings.violation import Violation
from services.compliance.judging.replay import Replay
from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage import positions, schema
from services.compliance.worker.service import SETTLE
from shared.adapters import broker, kafka
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.cloudevents import Event, read_structured
from shared.domain.topics import Place

POLICIES = policy.load()
RUN = (
    "import sys; from services.compliance.policies import policy; "
    "from services.compliance.worker import host; "
    "from services.compliance.settings import Settings; "
    "from shared.adapters import logs; logs.configure('warning'); "
    "sys.exit(host.run(Settings(), policy.load()))"
)
AN_HOUR_AHEAD = """
import datetime
from services.compliance.worker import broker_time

class Ahead(datetime.datetime):
    @classmethod
    def now(cls, zone):
        return datetime.datetime.now(zone) + datetime.timedelta(hours=1)

broker_time.datetime = Ahead
"""
WAITING = """
SELECT NOT EXISTS (SELECT FROM compliance.touch)
   AND NOT EXISTS (SELECT FROM compliance.look_again WHERE look_at < now() OR hear_at < now())
"""
STANDING = """
SELECT body || jsonb_build_object('status', status, 'exempt', exempt) AS body
FROM compliance.violation WHERE status <> 'withdrawn'
"""
COMPARED = ("rule", "subject", "anchor", "status", "exempt", "severity", "occurred_at", "cured_at")


class WorkerProcess:
    """A database whose workers read a broker from where its topics ended."""

    def __init__(self, settings: Settings, connection: Connection) -> None:
        self.settings = settings
        self.connection = connection
        self.began: dict[Place, int] = {}

    async def publish(self, events: Iterable[Event]) -> None:
        """Publish events in binary mode, and wait until the broker has taken them."""
        async with publishing(self.settings.kafka) as producer:
            pending = []
            for event in events:
                pending += await kafka.publish(producer, [event])
                if len(pending) == 2_000:
                    await asyncio.gather(*pending)
                    pending = []
            await asyncio.gather(*pending)

    async def publish_raw(self, topic: str, *messages: tuple[bytes | None, Any]) -> None:
        """Publish values with their headers as they are."""
        async with publishing(self.settings.kafka) as producer:
            sent = [
                await producer.send(topic, key=b"any", value=value, headers=headers)
                for value, headers in messages
            ]
            await asyncio.gather(*sent)

    async def read(self) -> int:
        """Count the messages that the workers have committed."""
        total: int = await self.connection.fetchval(
            "SELECT sum(next_offset) FROM compliance.position"
        )
        return total - sum(self.began.values())

    async def has_read(self, count: int, *, within: float = 60, every: float = 0.02) -> None:
        """Wait until so many messages were read and committed."""

        async def done() -> bool:
            return await self.read() >= count

        await eventually(done, within=within, every=every)

    async def settled(self, count: int, *, silence: bool = False, within: float = 400) -> None:
        """Wait until so many messages were read, all was heard, and nothing is due.

        With `silence` also until facts have had their time to arrive, so that silence counts.
        """

        await self.has_read(count, within=within, every=0.1)
        asked = datetime.now(UTC) + (SETTLE if silence else timedelta(0))

        async def quiet() -> bool:
            query = "SELECT min(heard_until) FROM compliance.position"
            heard = await self.connection.fetchval(query)
            return heard > asked and bool(await self.connection.fetchval(WAITING))

        await eventually(quiet, within=within)

    async def violations(self) -> list[dict[str, Any]]:
        """Give the violations that stand."""
        rows = await self.connection.fetch(STANDING)
        return [msgspec.json.decode(row["body"]) for row in rows]

    async def changes(self) -> Counter[str]:
        """Count the lines of history by what they say."""
        query = "SELECT change, count(*) FROM compliance.history GROUP BY change"
        return Counter(dict(await self.connection.fetch(query)))

    @contextmanager
    def worker(self, *, before: str = "", **settings: str) -> Iterator[psutil.Popen]:
        """Run a worker, after a piece of Python; it is killed at the end if it still runs."""
        environment = {
            **os.environ,
            "VBP_DATABASE": self.settings.database,
            "VBP_KAFKA": self.settings.kafka,
            "VBP_GROUP": self.settings.group,
            "VBP_METRICS_PORT": str(free_port()),
            "VBP_LOG_LEVEL": "warning",
            **settings,
        }
        process = psutil.Popen(
            [sys.executable, "-c", before + RUN], env=environment, stdin=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            if process.is_running():
                process.send_signal(signal.SIGCONT)
                process.kill()
            process.wait()


async def prepared(settings: Settings) -> None:
    """Migrate, create the topics, tell the policies."""
    await schema.migrate(settings)
    await schema.create_topics(settings)
    await schema.prepare(settings, POLICIES)


@asynccontextmanager
async def publishing(bootstrap: str) -> AsyncIterator[AIOKafkaProducer]:
    """A producer that is stopped whatever happens."""
    producer = await kafka.producer(bootstrap)
    try:
        yield producer
    finally:
        await producer.stop()


@asynccontextmanager
async def live(bootstrap: str, database: str) -> AsyncIterator[WorkerProcess]:
    """Prepare a database that begins at the end of the topics."""
    settings = Settings(database=database, kafka=bootstrap, group=f"test-{uuid.uuid4().hex}")
    await prepared(settings)
    ends = await ends_of_inputs(bootstrap)
    connection = await asyncpg.connect(database)
    await positions.create(connection, ends)
    held = WorkerProcess(settings, connection)
    held.began = ends
    await connection.executemany(
        "UPDATE compliance.position SET next_offset = $3 WHERE topic = $1 AND partition = $2",
        [(*place, end) for place, end in ends.items()],
    )
    yield held
    await connection.close()


async def ends_of_inputs(bootstrap: str) -> dict[Place, int]:
    """Give where every partition of the inputs ends, those that a test has added among them."""
    async with broker.asking(bootstrap) as asked:
        while True:
            found = await asked.topics(topic.name for topic in topics.INPUTS)
            places = [(name, number) for name, topic in found.items() for number in topic.leaders]
            try:
                bounds = await asked.bounds(found, places)
            except KafkaError:
                # Topics made just now have no leaders yet.
                await asyncio.sleep(0.2)
            else:
                return {place: bounds[place].end for place in places}


async def eventually(
    condition: Callable[[], Awaitable[bool]], *, within: float, every: float = 0.1
) -> float:
    """Wait for a condition; gives the seconds it took, fails when it took too long."""
    began = time.monotonic()
    while not await condition():
        if time.monotonic() - began > within:
            raise AssertionError(f"not within {within} s: {condition.__qualname__}")
        await asyncio.sleep(every)
    return time.monotonic() - began


def free_port() -> int:
    """Find a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def read(lines: Iterable[bytes]) -> list[Event]:
    """Read an archive."""
    return [read_structured(line, None, 0, number) for number, line in enumerate(lines)]


def replayed(events: Iterable[Event], as_of: datetime) -> list[Violation]:
    """Judge an archive in process."""
    archive = Replay(POLICIES, as_of)
    for event in events:
        archive.tell(event)
    return archive.violations()


def compared(violations: Iterable[Any]) -> set[tuple[Any, ...]]:
    """Give what must be the same however violations were found."""
    found = (v if isinstance(v, dict) else msgspec.to_builtins(v) for v in violations)
    return {tuple(violation[name] for name in COMPARED) for violation in found}

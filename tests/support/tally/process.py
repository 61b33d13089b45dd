"""The worker that tallies as a process, on the real Kafka and the real PostgreSQL.

Tests share a broker, so each begins where the topics end, in a group of its own.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, NamedTuple

import msgspec
from aiokafka.errors import KafkaError

from services.commands.setup import migrate_all
from services.compliance.settings import Settings
from shared.adapters import broker, kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain.cloudevents import read_structured
from shared.domain.topics import PLACES

WITHIN = 90.0


class Running(NamedTuple):
    """What a test needs of a worker's surroundings."""

    service: str
    kafka: str
    connection: Connection
    environment: Mapping[str, str]

    async def publish(self, events: Iterable[Mapping[str, Any]]) -> None:
        """Put events on the bus, in order."""
        sender = await kafka.producer(self.kafka)
        try:
            told = [read_structured(msgspec.json.encode(event)) for event in events]
            for sent in await kafka.publish(sender, told):
                await sent
        finally:
            await sender.stop()

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run a worker; it is killed at the end if it still lives."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        arguments = ("-m", "services.cli", "worker", self.service, "--metrics-port", port)
        process = subprocess.Popen([sys.executable, *arguments], env=dict(self.environment))  # noqa: S603
        try:
            yield process
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()

    async def caught_up(self) -> None:
        """Wait until all that the topics hold is in the figures."""
        give_up = time.monotonic() + WITHIN
        ends = await _ends(self.kafka)
        while time.monotonic() < give_up:
            rows = await self.connection.fetch("SELECT * FROM position")
            if rows and all(
                row["next_offset"] >= ends[row["topic"], row["partition"]] for row in rows
            ):
                return
            await asyncio.sleep(0.2)
        raise TimeoutError(f"the {self.service} worker has not caught up within {WITHIN} s")

    async def table(self, name: str) -> set[tuple[Any, ...]]:
        """All rows of a table."""
        return {tuple(row) for row in await self.connection.fetch(f"SELECT * FROM {name}")}  # noqa: S608


async def _ends(bootstrap: str) -> dict[tuple[str, int], int]:
    names = {topic for topic, _ in PLACES}
    async with broker.asking(bootstrap) as asked, asyncio.timeout(WITHIN):
        while True:
            # Topics that were just made have no leaders yet.
            with suppress(KafkaError, KeyError):
                bounds = await asked.bounds(await asked.topics(names), PLACES)
                return {place: found.end for place, found in bounds.items()}
            await asyncio.sleep(0.2)


@asynccontextmanager
async def running(
    service: str, topics: tuple[str, ...], bootstrap: str, database: str
) -> AsyncIterator[Running]:
    """Surroundings that begin where the topics end."""
    await migrate_all(Settings(kafka=bootstrap, database=database))
    await kafka.create_topics(bootstrap)
    connection = await postgres.connect(database, search_path=service)
    ends = await _ends(bootstrap)
    rows = [(*place, end) for place, end in ends.items() if place[0] in topics]
    await connection.executemany("INSERT INTO position VALUES ($1, $2, $3)", rows)
    environment = os.environ | {
        "VBP_KAFKA": bootstrap,
        "VBP_DATABASE": database,
        "VBP_GROUP": f"test-{uuid.uuid4().hex}",
        "VBP_LOG_LEVEL": "warning",
    }
    try:
        yield Running(service, bootstrap, connection, environment)
    finally:
        await connection.close()

"""Tells the world what the batches wrote: violations and dead letters, from PostgreSQL to Kafka.

The claim is a synchronous transaction of its own, and sending comes after its commit, so nothing
is told that a crash could unmake. What was claimed and not sent is claimed again later; then it
is told twice, under the same id.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import asyncpg
import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from services.compliance.findings.violation import served
from services.compliance.settings import Settings
from services.compliance.storage import outbox
from services.compliance.storage.facts import headers_of
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.patience import Patience
from shared.adapters import kafka, postgres
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.errors import VbpError

AT_ONCE = 1_000
"""Changes, or dead letters, that are sent before what was sent is noted."""

FAILED = (VbpError, KafkaError, *postgres.FAILURES)
"""What fails outside, and is tried again."""

PAUSE = 0.2
"""Seconds between looks into an empty outbox."""

STAND_BY = 2.0
"""Seconds between asks to become the one relay."""


class Relay:
    """Sends what is waiting, until stopped."""

    def __init__(self, settings: Settings, metrics: WorkerMetrics, owner: str) -> None:
        self._settings = settings
        self._owner = owner
        self._patience = Patience("telling", metrics)

    def stop(self) -> None:
        """Send what is claimed, then leave."""
        self._patience.end()

    async def run(self) -> None:
        """Send until stopped; what fails outside is waited for."""
        while not self._patience.ended:
            try:
                await self._session()
            except FAILED as error:
                await self._patience.wait(error)

    async def _session(self) -> None:
        connection = await postgres.connect(self._settings.database, application_name=self._owner)
        producer = await kafka.producer(self._settings.kafka)
        try:
            chosen = False
            while not self._patience.ended:
                chosen = chosen or await outbox.become_the_relay(connection)
                if not chosen:
                    await self._patience.pause(STAND_BY)
                    continue
                sent = await send_violations(connection, producer)
                sent += await send_letters(connection, producer)
                self._patience.works()
                if not sent:
                    await self._patience.pause(PAUSE)
        finally:
            await producer.stop()
            connection.terminate()


async def send_violations(connection: Connection, producer: AIOKafkaProducer) -> int:
    """Send one claim of violations on `vbp.violations.v1`, keyed by violation; gives how many."""
    claimed = await outbox.claim(connection, AT_ONCE)
    if not claimed:
        return 0
    rows = await outbox.outgoing(connection, claimed)
    pending = [
        await producer.send(
            topics.VIOLATIONS,
            key=str(row["id"]).encode(),
            value=msgspec.json.encode(served(row)),
            headers=_headers(row),
        )
        for row in rows
    ]
    await asyncio.gather(*pending)
    await outbox.end(connection, claimed)
    return len(claimed)


def _headers(row: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    at: datetime = row["at"]
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": f"{row['id']}:{row['seq']}",
        "ce_source": f"/compliance/{row['jurisdiction']}",
        "ce_type": f"vbp.violation.{row['change']}.v1",
        "ce_subject": str(row["id"]),
        "ce_time": instant_text(at),
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items()]


async def send_letters(connection: Connection, producer: AIOKafkaProducer) -> int:
    """Send dead letters: raw bytes and headers unchanged, the reason as headers of our own."""
    rows = await outbox.unsent_letters(connection, AT_ONCE)
    if not rows:
        return 0
    pending = [
        await producer.send(
            topics.DEAD_LETTERS,
            # The producer takes no message without key and value, although Kafka keeps such ones.
            key=b"" if row["key"] is None and row["value"] is None else row["key"],
            value=row["value"],
            headers=[*headers_of(row["headers"]), *_reasons(row)],
        )
        for row in rows
    ]
    await asyncio.gather(*pending)
    await outbox.note_sent(connection, rows)
    return len(rows)


def _reasons(row: asyncpg.Record) -> list[tuple[str, bytes]]:
    told: datetime = row["told"]
    said = {
        "dlq.field": row["field"],
        "dlq.reason": row["reason"],
        "dlq.topic": row["topic"],
        "dlq.partition": str(row["partition"]),
        "dlq.offset": str(row["offset"]),
        "dlq.told": instant_text(told),
    }
    return [(name, value.encode()) for name, value in said.items()]

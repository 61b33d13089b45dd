"""Tells the world what the batches wrote: violations and dead letters, from PostgreSQL to Kafka.

The claim is a synchronous transaction of its own, and sending comes after its commit, so nothing
is told that a crash could unmake. What was claimed and not sent is claimed again later; then it
is told twice, under the same id.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from datetime import datetime
from hashlib import sha256
from itertools import compress
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError

from services.compliance.findings.violation import served
from services.compliance.settings import WORKER, Settings
from services.compliance.storage import outbox
from services.compliance.storage.facts import headers_of
from services.compliance.worker.anchorer import Anchorer
from services.compliance.worker.metrics import WorkerMetrics
from shared.adapters import kafka, postgres
from shared.adapters.patience import Patience
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.errors import VbpError

AT_ONCE = 1_000
"""Changes, or dead letters, that are sent before what was sent is noted."""

FAILED = (VbpError, KafkaError, *postgres.FAILURES)
"""What fails outside, and is tried again."""

NO_HEADERS = b"\x90"
"""No headers, as they are stored."""

LONGEST_REASON = 8_000
"""Bytes of a header of ours; a reason may show what it found, of any length."""

PAUSE = 0.2
"""Seconds between looks into an empty outbox."""

STAND_BY = 2.0
"""Seconds between asks to become the one relay."""


class Relay:
    """Sends what is waiting, until stopped."""

    def __init__(self, settings: Settings, metrics: WorkerMetrics, owner: str) -> None:
        self._settings = settings
        self._owner = owner
        self._anchorer = Anchorer(settings, metrics)
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
        producer = await kafka.producer(self._settings.cluster(WORKER))
        try:
            chosen = False
            self._anchorer.forget()
            while not self._patience.ended:
                chosen = chosen or await outbox.become_the_relay(connection)
                if not chosen:
                    await self._patience.pause(STAND_BY)
                    continue
                sent = await send_violations(connection, producer)
                sent += await send_letters(connection, producer)
                await self._anchorer.take_when_due(connection, producer)
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
            value=msgspec.json.encode(served({**row, "seq": row["last"]})),
            headers=_headers(row),
        )
        for row in rows
    ]
    await asyncio.gather(*pending)
    await outbox.end(connection, claimed)
    return len(claimed)


def message_id(row: Mapping[str, Any]) -> str:
    """Give the id under which a change is told, each time it is.

    The hash of its line of history tells it from another change of the same number: after a dump
    was restored, the violations go on from there by other ways, and readers drop what they know.
    """
    line: bytes = row["hash"]
    return f"{row['id']}:{row['seq']}:{line[:8].hex()}"


def _headers(row: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    at: datetime = row["at"]
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": message_id(row),
        "ce_source": f"/compliance/{row['jurisdiction']}",
        "ce_type": f"vbp.violation.{row['change']}.v1",
        "ce_subject": str(row["id"]),
        "ce_time": instant_text(at),
        "content-type": "application/json",
    }
    return [(name, value.encode()) for name, value in attributes.items()]


async def send_letters(connection: Connection, producer: AIOKafkaProducer) -> int:
    """Send dead letters: raw bytes and headers unchanged, the reason as headers of our own.

    One that the broker finds too large goes shortened; whatever else fails is raised once the
    others are noted as sent, which it is no reason to send twice.
    """
    rows = await outbox.unsent_letters(connection, AT_ONCE)
    if not rows:
        return 0
    letters = [dict(row) for row in rows]
    pending = [await _send_letter(producer, letter) for letter in letters]
    answers: list[Any] = await asyncio.gather(*pending, return_exceptions=True)
    for number, answer in enumerate(answers):
        if isinstance(answer, MessageSizeTooLargeError):
            answers[number] = await (await _send_letter(producer, _shortened(letters[number])))
    failed = [answer for answer in answers if isinstance(answer, BaseException)]
    sent = (not isinstance(answer, BaseException) for answer in answers)
    await outbox.note_sent(connection, list(compress(rows, sent)))
    for error in failed:
        raise error
    return len(rows)


async def _send_letter(producer: AIOKafkaProducer, letter: Mapping[str, Any]) -> Awaitable[Any]:
    key, value = letter["key"], letter["value"]
    return await producer.send(  # type: ignore[no-any-return]
        topics.DEAD_LETTERS,
        # The producer takes no message without key and value, although Kafka keeps such ones.
        key=b"" if key is None and value is None else key,
        value=value,
        headers=[*headers_of(letter["headers"] or NO_HEADERS), *_reasons(letter)],
    )


def _shortened(letter: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a letter as the database gives one that is too large."""
    key, value = letter["key"], letter["value"] or b""
    return {
        **letter,
        "large": True,
        "digest": sha256(value).hexdigest(),
        "key": key and key[: outbox.LETTER_BEGINNING],
        "value": value[: outbox.LETTER_BEGINNING],
        "headers": None,
    }


def _reasons(row: Mapping[str, Any]) -> list[tuple[str, bytes]]:
    told: datetime = row["told"]
    said = {
        "dlq.field": row["field"],
        "dlq.reason": row["reason"],
        "dlq.topic": row["topic"],
        "dlq.partition": str(row["partition"]),
        "dlq.offset": str(row["offset"]),
        "dlq.told": instant_text(told),
    }
    if row["large"]:
        said |= {"dlq.sha256": row["digest"], "dlq.bytes": str(row["size"])}
    return [(name, _header(value)) for name, value in said.items()]


def _header(text: str) -> bytes:
    return text.encode()[:LONGEST_REASON].decode(errors="ignore").encode()

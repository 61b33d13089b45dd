"""Anchors the ends of all chains once an hour, and tells it where the database cannot reach.

It works for the one relay, so there is one at a time. What is committed and not told, since the
process died in between, is told when the next one begins.
"""

import asyncio
import logging
import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka import AIOKafkaProducer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.compliance.findings import anchor
from services.compliance.findings.anchor import SignedAnchor
from services.compliance.settings import Settings
from services.compliance.storage import anchors
from services.compliance.worker.metrics import WorkerMetrics
from shared.adapters import signing
from shared.adapters.postgres import Connection
from shared.domain import calendar, topics
from shared.domain.errors import InvalidArgumentError

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)

TRY_AGAIN = 60.0
"""Seconds until a file that could not be written is tried again: violations are told meanwhile."""

LONGEST_LINE = 4_096
"""Bytes at the end of the file in which its last line is looked for; a line has some 400."""


class Anchorer:
    """Takes an anchor when one is due, with the key that VBP_ANCHOR_KEY names; without it, none."""

    def __init__(self, settings: Settings, metrics: WorkerMetrics) -> None:
        self._key: Ed25519PrivateKey | None = None
        if settings.anchor_key is not None:
            remedy = "make one with `vbp pack key FILE`"
            self._key = signing.private_key(settings.anchor_key, "VBP_ANCHOR_KEY", remedy)
        self._file = settings.anchor_file
        self._metrics = metrics
        self._last: SignedAnchor | None = None
        self._begun = False
        self._not_before = 0.0

    async def take_when_due(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        """Anchor if an hour has gone by since the last one."""
        if self._key is None or time.monotonic() < self._not_before:
            return
        try:
            if not self._begun:
                await self._begin(connection, producer)
            await self._take(connection, self._key, producer)
        except (OSError, InvalidArgumentError) as error:
            # What is kept is told when we begin again; the metric stands, and an alert says so.
            log.warning("an anchor was not told: VBP_ANCHOR_FILE: %s", error)
            self._not_before = time.monotonic() + TRY_AGAIN
            self.forget()

    async def _take(
        self, connection: Connection, key: Ed25519PrivateKey, producer: AIOKafkaProducer
    ) -> None:
        now = datetime.now(UTC)
        if self._last is not None and now < calendar.parse_instant(self._last.anchor.at) + EVERY:
            return
        self._last = await anchors.take(connection, key, now, self._last)
        await self._tell([self._last], producer)

    def forget(self) -> None:
        """Look anew where things stand: another relay may have anchored meanwhile."""
        self._begun = False

    async def _begin(self, connection: Connection, producer: AIOKafkaProducer) -> None:
        """Find the last anchor, and tell what was kept and perhaps not told."""
        kept = await anchors.last(connection)
        told = None if self._file is None else await asyncio.to_thread(last_in, self._file)
        behind = 0 if told is None else told.anchor.number
        if kept is not None and (self._file is None or kept.anchor.number > behind):
            since = kept.anchor.number - 1 if self._file is None else behind
            await self._tell(await anchors.since(connection, since), producer)
        # Behind a database that was restored from before, the file goes on: numbers never return.
        self._last = told if kept is None or behind > kept.anchor.number else kept
        self._note()
        self._begun = True

    async def _tell(self, taken: Sequence[SignedAnchor], producer: AIOKafkaProducer) -> None:
        if self._file is not None:
            await asyncio.to_thread(append, self._file, taken)
        for signed in taken:
            await producer.send_and_wait(
                topics.ANCHORS, key=str(signed.anchor.number).encode(), value=signed.line
            )
            log.info("anchor: %s", signed.line.decode())
        self._note()

    def _note(self) -> None:
        if self._last is not None:
            self._metrics.anchored(calendar.parse_instant(self._last.anchor.at))


def last_in(path: Path) -> SignedAnchor | None:
    """Give the last whole anchor of a file; None where there is none.

    Raises InvalidArgumentError where the file holds something else.
    """
    if not path.exists():
        return None
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - LONGEST_LINE))
        *lines, _torn = file.read().split(b"\n")
    return anchor.read(lines[-1], str(path)) if lines else None


def append(path: Path, taken: Sequence[SignedAnchor]) -> None:
    """Write anchors at the end of a file, and wait until it is on the disk."""
    with path.open("ab") as file:
        if file.tell() and not _ends_whole(path):
            # A line that was broken off by a crash; the whole one follows.
            file.write(b"\n")
        file.write(b"".join(signed.line + b"\n" for signed in taken))
        file.flush()
        os.fsync(file.fileno())


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"

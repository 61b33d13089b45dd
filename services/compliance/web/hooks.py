"""Tells changes to who subscribed: reads them from the bus, keeps them, and tries until taken.

One process of all that serve the API does so at a time. What a subscription may see is found anew
by the newest key of its holder, and without such a key nothing is told.
"""

import asyncio
import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import msgspec
from aiokafka import TopicPartition
from pydantic import ValidationError
from typing_extensions import override

from services.compliance.answers.filters import Filters
from services.compliance.storage import webhooks
from services.compliance.storage.webhooks import Sending, Subscriber, Tried
from services.compliance.web.changes import HeardChange, read_change
from services.compliance.web.stream import wanted_by
from shared.adapters import broker as brokers
from shared.adapters import kafka, postgres
from shared.adapters.background import Background
from shared.adapters.cluster import Bootstrap
from shared.adapters.identity.keys import QUERIES as KEYS
from shared.adapters.identity.keys import key_of
from shared.adapters.outward import Outward, RefusedAddressError
from shared.adapters.postgres import Connection
from shared.domain import standard_webhooks, topics
from shared.domain.errors import SetupError
from shared.domain.principal import LOCAL, Principal

log = logging.getLogger(__name__)

EVERY: Final = 1.0
"""Seconds between two looks at what is to be told."""

AGAIN_AFTER: Final = 10.0
"""Seconds until it is tried again to be the one that tells, or after a failure."""

AT_ONCE: Final = 20
"""Changes that are told at a time."""

SWEEP_EVERY: Final = timedelta(minutes=10)

_READ_AT_ONCE: Final = 1_000
_KEY: Final = "key:"

Rights = Mapping[str, Principal]
"""Who may see what, by subject."""


class Hooks(Background):
    """Tells in the background while it is held; `local` is where nobody is asked who they are."""

    def __init__(self, dsn: str, bootstrap: Bootstrap, outward: Outward, *, local: bool) -> None:
        super().__init__()
        self._dsn = dsn
        self._bootstrap = bootstrap
        self._outward = outward
        self._local = local
        self._swept: datetime | None = None

    @override
    async def _go_on(self) -> None:
        while not self._ended.is_set():
            try:
                await self._session()
            except Exception as error:  # noqa: BLE001  # else nobody would be told any more
                log.warning("webhooks wait: %r", error)
            await self._pause(AGAIN_AFTER)

    async def _session(self) -> None:
        connection = await postgres.connect(self._dsn, search_path="compliance")
        reader = _Reader(self._bootstrap)
        try:
            if not await webhooks.become_the_one(connection):
                return
            while not self._ended.is_set():
                rights = await self._collect(connection, reader)
                if await self._tell(connection, rights) < AT_ONCE:
                    await self._sweep(connection)
                    await self._pause(EVERY)
        finally:
            await reader.stop()
            connection.terminate()

    async def _collect(self, connection: Connection, reader: "_Reader") -> Rights:
        """Keep what came since for whom it concerns; gives who may see what now."""
        wanted = await webhooks.live(connection)
        if not wanted:
            await reader.stop()
            await webhooks.forget_places(connection)
            return {}
        rights = await self._rights(connection, {one.subject for one in wanted})
        await reader.start(await webhooks.places(connection), min(w.created_at for w in wanted))
        changes, read = await reader.read()
        if read:
            await webhooks.queue(connection, chosen(changes, wanted, rights), read, _now())
        return rights

    async def _rights(self, connection: Connection, subjects: Collection[str]) -> Rights:
        if self._local:
            return dict.fromkeys(subjects, LOCAL)
        holders = [subject.removeprefix(_KEY) for subject in subjects]
        rows = await connection.fetch(KEYS["newest"], holders, _now())
        return {f"{_KEY}{row['holder']}": key_of(row).principal for row in rows}

    async def _tell(self, connection: Connection, rights: Rights) -> int:
        due = await webhooks.due(connection, _now(), AT_ONCE)
        if due:
            tried = await asyncio.gather(*(self._try(one, rights) for one in due))
            await webhooks.note(connection, tried, _now())
        return len(due)

    async def _try(self, due: Sending, rights: Rights) -> Tried:
        if due.subject not in rights:
            return Tried(due, None, f"{due.subject} holds no key that is taken")
        headers = standard_webhooks.headers(due.secrets, due.message, _now(), due.body)
        try:
            status = await self._outward.post(due.url, headers, due.body)
        except (OSError, TimeoutError, ValueError, RefusedAddressError) as error:
            return Tried(due, None, str(error)[:500] or type(error).__name__)
        taken = 200 <= status < 300  # noqa: PLR2004  # HTTP's own
        return Tried(due, status, None if taken else f"it answered {status}")

    async def _sweep(self, connection: Connection) -> None:
        now = _now()
        if self._swept is None or now - self._swept > SWEEP_EVERY:
            await webhooks.sweep(connection, now)
            self._swept = now


class _Reader:
    """Reads the topic of changes from where PostgreSQL says, or from an instant on."""

    def __init__(self, bootstrap: Bootstrap) -> None:
        self._bootstrap = bootstrap
        self._consumer: Any = None
        self._places: Mapping[int, int] = {}

    async def start(self, places: Mapping[int, int], since: datetime) -> None:
        """Begin to read, unless it has begun."""
        if self._consumer is not None:
            return
        async with brokers.asking(self._bootstrap) as broker:
            topic = (await broker.topics([topics.VIOLATIONS])).get(topics.VIOLATIONS)
        if topic is None:
            raise SetupError(f"the broker lacks {topics.VIOLATIONS}. Create it: vbp topics")
        partitions = [TopicPartition(topics.VIOLATIONS, number) for number in sorted(topic.leaders)]
        consumer = kafka.consumer(self._bootstrap)
        await consumer.start()
        self._consumer = consumer
        consumer.assign(partitions)
        stamp = int(since.timestamp() * 1_000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, stamp))
        ends = await consumer.end_offsets(partitions)
        for one in partitions:
            later = found.get(one)
            usual = ends[one] if later is None else later.offset
            consumer.seek(one, places.get(one.partition, usual))

    async def read(self) -> tuple[Sequence[HeardChange], Mapping[int, int]]:
        """Give what came since, and the next offset of each partition, unless none has moved."""
        found = await self._consumer.getmany(timeout_ms=200, max_records=_READ_AT_ONCE)
        read = (read_change(message) for messages in found.values() for message in messages)
        changes = [one for one in read if one is not None]
        places = {
            tp.partition: await self._consumer.position(tp) for tp in self._consumer.assignment()
        }
        if places == self._places:
            return changes, {}
        self._places = places
        return changes, places

    async def stop(self) -> None:
        """Read no more."""
        consumer, self._consumer, self._places = self._consumer, None, {}
        if consumer is not None:
            await consumer.stop()


def chosen(
    changes: Sequence[HeardChange], wanted: Sequence[Subscriber], rights: Rights
) -> list[tuple[UUID, str, bytes]]:
    """Give what is told to whom: of subscriptions made before it came, by filter and by rights."""
    wishes = [
        (one, wanted_by(filters, rights[one.subject]))
        for one in wanted
        if one.subject in rights and (filters := _filters(one)) is not None
    ]
    return [
        (one.id, change.message, _body(change))
        for change in changes
        for one, wishes_for in wishes
        if change.heard_at >= one.created_at and wishes_for(change.told)
    ]


def _filters(wanted: Subscriber) -> Filters | None:
    try:
        return Filters.model_validate(wanted.filter)
    except ValidationError as error:
        log.warning(
            "nothing is told to %s, whose filter this version does not take: %s", wanted.id, error
        )
        return None


def _body(change: HeardChange) -> bytes:
    return msgspec.json.encode(
        {"type": change.type, "timestamp": change.shown.at, "data": change.shown}
    )


def _now() -> datetime:
    return datetime.now(UTC)

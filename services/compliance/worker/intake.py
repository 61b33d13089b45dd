"""Raw records in, events and dead letters out: the first step of a batch, free of any rule."""

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Protocol

import msgspec

from services.compliance.storage.facts import Batch, Letter
from services.compliance.storage.positions import Span
from services.compliance.worker.pace import Pace
from shared.domain import calendar, cloudevents, topics
from shared.domain.cloudevents import Event, Headers
from shared.domain.errors import InvalidEventError, TooManyInvalidError
from shared.domain.topics import Place

log = logging.getLogger(__name__)

WINDOW = 10_000
"""How many of the last inputs are looked at for the share of invalid ones."""

SHARE = WINDOW // 10
"""More invalid ones than this in the window say that the fault is ours."""

RUN = 1_000
"""So many invalid ones in a row say so too."""


NO_BASES: Mapping[Place, int] = {}

_MILLISECOND = timedelta(milliseconds=1)
_FIRST = (calendar.EARLIEST - calendar.EPOCH) // _MILLISECOND
_LAST = (calendar.LATEST - calendar.EPOCH) // _MILLISECOND


class RawRecord(Protocol):
    """A message as aiokafka gives it; `timestamp` is the broker's, in milliseconds.

    `checksum` is None, or why the message could not be read (shared/adapters/records.py).
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    checksum: str | None


class Limit:
    """Stops the worker when so much is invalid that the fault is more likely ours than theirs."""

    def __init__(self, accepted: int = 0) -> None:
        self._accepted = accepted
        self._seen = 0
        self._invalid: deque[int] = deque()
        self._run = 0

    def valid(self, count: int) -> None:
        """Count valid inputs, several at once."""
        if count:
            self._seen += count
            self._run = 0

    def invalid(self) -> None:
        """Count an invalid input; raises TooManyInvalidError at the limit."""
        self._seen += 1
        if self._accepted:
            self._accepted -= 1
            return
        self._run += 1
        self._invalid.append(self._seen)
        while self._invalid[0] <= self._seen - WINDOW:
            self._invalid.popleft()
        if self._run >= RUN or len(self._invalid) > SHARE:
            raise TooManyInvalidError(
                f"{len(self._invalid)} of the last {min(self._seen, WINDOW)} messages are "
                f"invalid, {self._run} in a row: look at /v1/status, mend the publisher or this "
                "version, and go on with --accept-dead-letters N"
            )


class Intake:
    """Reads raw records; `jurisdictions` are those that have a policy.

    Its `pace` says of how many a batch or sweep is, also where one session after another failed.
    """

    def __init__(self, jurisdictions: frozenset[str], limit: Limit) -> None:
        self.pace = Pace()
        self._jurisdictions = jurisdictions
        self._limit = limit

    def read(
        self,
        spans: list[Span],
        records: Iterable[RawRecord],
        now: datetime,
        bases: Mapping[Place, int] = NO_BASES,
    ) -> Batch:
        """Read records; what cannot be taken becomes a dead letter.

        `bases` are what to add to the offsets of partitions whose topics were made again.
        """
        batch = Batch(spans, [], [])
        counted = 0
        for record in records:
            offset = _offset(record, bases) if bases else record.offset
            try:
                batch.events.append(self._event(record, now, offset))
            except Exception as error:  # noqa: BLE001  # a message never stops a worker
                self._limit.valid(len(batch.events) - counted)
                counted = len(batch.events)
                batch.letters.append(_letter(record, _invalid(error), offset))
                self._limit.invalid()
        self._limit.valid(len(batch.events) - counted)
        return batch

    def _event(self, record: RawRecord, now: datetime, offset: int) -> Event:
        if record.checksum is not None:
            raise InvalidEventError("batch", record.checksum, "Send smaller batches, unbroken")
        event = cloudevents.read_message(
            record.value, record.headers, told_at(record.timestamp), record.partition, offset
        )
        cloudevents.check_ahead(event, now)
        if topics.TOPIC_OF[event.type] != record.topic:
            raise InvalidEventError(
                "type",
                f"does not belong on {record.topic}",
                f"Publish it on {event.topic}",
                event.type,
            )
        cloudevents.check_jurisdiction(event, self._jurisdictions)
        return event


@lru_cache(maxsize=1_024)
def told_at(milliseconds: int) -> datetime:
    """Give when the broker took a message, by its timestamp, which a publisher may have set.

    One outside our calendar becomes its first or last instant.
    """
    return calendar.EPOCH + max(_FIRST, min(milliseconds, _LAST)) * _MILLISECOND


def _invalid(error: Exception) -> InvalidEventError:
    """Give why a message cannot be taken; what we did not foresee is a defect of ours."""
    if isinstance(error, InvalidEventError):
        return error
    log.error("failed on a message, which becomes a dead letter", exc_info=error)
    remedy = "Report it with the message; it is kept as it came"
    return InvalidEventError("event", f"made this program fail ({error!r})", remedy)


def _offset(record: RawRecord, bases: Mapping[Place, int]) -> int:
    return record.offset + bases.get((record.topic, record.partition), 0)


def _letter(record: RawRecord, error: InvalidEventError, offset: int) -> Letter:
    return Letter(
        record.topic,
        record.partition,
        offset,
        told_at(record.timestamp),
        _storable(error.field),
        _storable(str(error)),
        record.key,
        record.value,
        msgspec.msgpack.encode([(name, value) for name, value in record.headers]),
    )


def _storable(text: str) -> str:
    """Give a text without what PostgreSQL takes in none."""
    return text.replace("\0", "�")

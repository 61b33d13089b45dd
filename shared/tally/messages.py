"""Messages of the bus as events; what cannot be taken is passed over.

The compliance worker keeps what cannot be taken, says why, and stops where it is too much. Here it
only must not stop anything, and must be the same each time it is read: so what may lie ahead is
reckoned from when the broker took a message, not from when it is read.
"""

from datetime import datetime, timedelta
from typing import Protocol

from shared.domain import calendar, cloudevents, topics
from shared.domain.cloudevents import Event, Headers
from shared.domain.errors import InvalidEventError

_MILLISECOND = timedelta(milliseconds=1)
_FIRST = (calendar.EARLIEST - calendar.EPOCH) // _MILLISECOND
_LAST = (calendar.LATEST - calendar.EPOCH) // _MILLISECOND


class Message(Protocol):
    """A message as aiokafka gives it; `timestamp` is in milliseconds, `checksum` what broke."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    value: bytes | None
    headers: Headers
    checksum: str | None


def read(message: Message, offset: int, jurisdictions: frozenset[str]) -> Event | None:
    """Read a message; None where it is no event that any service would take; `offset` is ours."""
    if message.checksum is not None:
        return None
    told = told_at(message.timestamp)
    try:
        event = cloudevents.read_message(
            message.value, message.headers, told, message.partition, offset
        )
        cloudevents.check_ahead(event, told)
        cloudevents.check_jurisdiction(event, jurisdictions)
    except InvalidEventError:
        return None
    return event if topics.TOPIC_OF[event.type] == message.topic else None


def told_at(milliseconds: int) -> datetime:
    """Give when the broker took a message, by its timestamp; one beyond our calendar its end."""
    return calendar.EPOCH + max(_FIRST, min(milliseconds, _LAST)) * _MILLISECOND

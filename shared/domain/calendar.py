"""Days and instants: instants are UTC inside, a day is a day in Asia/Shanghai.

All instants are read by one grammar (docs/events.md, *Instants*), the decoder's own: what Python's
`fromisoformat` takes differs from version to version.
"""

import re
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

from shared.domain.errors import InvalidEventError

ZONE = ZoneInfo("Asia/Shanghai")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for "not yet": nothing was judged, heard or told before it."""

EARLIEST = datetime(1901, 1, 1, tzinfo=UTC)
"""Nothing happened earlier: an event that claims to have is refused. A day or a bound that is
earlier stands for "since ever", and counts as this."""

LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Stands for "never": publishers write 9999-12-31 for an open end, and deadlines must still fit."""

REMEDY = "Send RFC 3339 with an offset, such as 2022-03-01T09:30:00+08:00"

Instant = Annotated[
    datetime, Meta(tz=True, description="an instant with offset, such as 2022-03-01T09:30:00+08:00")
]

_TO_THE_MINUTE = re.compile(r"\A([0-9-]{10}[Tt ][0-9]{2}:[0-9]{2})(?=[Zz+-]|\Z)")

_read_instant = msgspec.json.Decoder(Instant).decode
_read_date = msgspec.json.Decoder(date).decode
_DATE_LENGTH = len("2022-03-01")

_FIXED_SINCE = datetime(1991, 9, 15, tzinfo=UTC)
_OFFSET = timedelta(hours=8)


def day_of(instant: datetime) -> date:
    """Give the Shanghai day on which an instant lies."""
    if instant >= _FIXED_SINCE and instant.tzinfo is UTC:
        # Shanghai has kept one offset since then, and asking the zone database takes longer.
        return (instant + _OFFSET).date()
    return instant.astimezone(ZONE).date()


@lru_cache(maxsize=16_384)
def start_of(day: date) -> datetime:
    """Give the first instant of a Shanghai day, in UTC."""
    if day >= LATEST.date():
        return LATEST
    if day <= EARLIEST.date():
        return EARLIEST
    return datetime.combine(day, time(), ZONE).astimezone(UTC)


@lru_cache(maxsize=16_384)
def end_of(day: date) -> datetime:
    """Give the instant at which a Shanghai day has just ended: the start of the next."""
    return LATEST if day >= LATEST.date() else start_of(day + timedelta(days=1))


def utc(instant: datetime) -> datetime:
    """Bring an aware instant to UTC; one beyond LATEST becomes LATEST.

    Raises InvalidEventError for a naive instant, or one before EARLIEST.
    """
    if instant.tzinfo is UTC and EARLIEST.year <= instant.year < LATEST.year:
        return instant
    if instant.tzinfo is None:
        raise InvalidEventError("time", "has no offset", REMEDY, instant.isoformat())
    brought = _in_utc(instant)
    if brought < EARLIEST:
        raise InvalidEventError("time", "lies before 1901", REMEDY, instant.isoformat())
    return brought


def _in_utc(instant: datetime) -> datetime:
    """Bring an instant to UTC; in the first and the last year that could leave the calendar."""
    if instant.year == MAXYEAR:
        return LATEST
    if instant.year == 1:
        return instant.replace(tzinfo=UTC)
    return min(instant.astimezone(UTC), LATEST)


def parse_bound(text: str) -> datetime | date:
    """Read a bound that may be an instant with offset or a date (events.md).

    Raises InvalidEventError when it is neither.
    """
    try:
        if len(text) == _DATE_LENGTH:
            return _read_date(_quoted(text))
        return max(_in_utc(_read_instant(_quoted(text))), EARLIEST)
    except (msgspec.MsgspecError, ValueError):
        problem = "is neither an instant with offset nor a date"
        raise InvalidEventError("bound", problem, f"{REMEDY}, or 2022-03-01", text) from None


def _quoted(text: str) -> str:
    if "\\" in text:
        # An escape would be undone, and what stands here was unescaped before.
        raise ValueError(text)
    return f'"{text}"'


def start_bound(text: str) -> datetime:
    """Read a bound as an instant; a date is its first instant."""
    bound = parse_bound(text)
    return bound if isinstance(bound, datetime) else start_of(bound)


def deadline(text: str) -> datetime:
    """Read a deadline as an instant; a date ends at 00:00 of the next day (rules.md, *Time*)."""
    bound = parse_bound(text)
    return bound if isinstance(bound, datetime) else end_of(bound)


def instant_text(instant: datetime) -> str:
    """Write a UTC instant as it stands in identities and answers: microseconds, Z."""
    return f"{instant.isoformat(timespec='microseconds')[:-6]}Z"


def parse_instant(text: str) -> datetime:
    """Read an instant with offset as a person writes it, who may leave out the seconds; in UTC.

    Raises InvalidEventError otherwise.
    """
    try:
        return utc(_read_instant(_quoted(_TO_THE_MINUTE.sub(r"\1:00", text))))
    except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
        naive = "timezone" in str(error)
        problem = "has no offset" if naive else "is not an instant"
        raise InvalidEventError("time", problem, REMEDY, text) from None

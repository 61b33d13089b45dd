"""Days and instants: instants are UTC inside, a day is a day in Asia/Shanghai."""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.domain.errors import InvalidEventError

ZONE = ZoneInfo("Asia/Shanghai")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for "not yet": nothing was judged, heard or told before it."""

EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""No event of this field is older; what claims to be is a typing error."""

LATEST = datetime(9000, 1, 1, tzinfo=UTC)
"""Stands for "never": publishers write 9999-12-31 for an open end, and deadlines must still fit."""

REMEDY = "Send RFC 3339 with an offset, such as 2022-03-01T09:30:00+08:00"


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


def end_of(day: date) -> datetime:
    """Give the instant at which a Shanghai day has just ended: the start of the next."""
    return LATEST if day >= LATEST.date() else start_of(day + timedelta(days=1))


def utc(instant: datetime) -> datetime:
    """Bring an aware instant to UTC; one beyond LATEST becomes LATEST.

    Raises InvalidEventError for a naive instant, or one before 1900.
    """
    if instant.tzinfo is UTC and EARLIEST.year < instant.year < LATEST.year:
        return instant
    if instant.tzinfo is None:
        raise InvalidEventError("time", "has no offset", REMEDY, instant.isoformat())
    if instant.year >= LATEST.year:
        return LATEST
    if instant.year <= EARLIEST.year:
        raise InvalidEventError("time", "lies before 1901", REMEDY, instant.isoformat())
    return instant.astimezone(UTC)


def parse_bound(text: str) -> datetime | date:
    """Read a bound that may be an instant with offset or a date (events.md).

    Raises InvalidEventError when it is neither.
    """
    try:
        return _bound(text)
    except ValueError:
        problem = "is neither an instant with offset nor a date"
        raise InvalidEventError("bound", problem, f"{REMEDY}, or 2022-03-01", text) from None


def _bound(text: str) -> datetime | date:
    if len(text) == len("2022-03-01") and text[4] == text[7] == "-":
        return date.fromisoformat(text)
    if text[10:11] not in {"T", "t", " "}:
        raise ValueError(text)
    return utc(datetime.fromisoformat(text))


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
    """Read an RFC 3339 instant with offset, in UTC; raises InvalidEventError otherwise."""
    try:
        return utc(datetime.fromisoformat(text))
    except ValueError:
        raise InvalidEventError("time", "is not an instant", REMEDY, text) from None

"""How far all was read of which a bulletin is made, and whether that is far enough to issue it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from services.compliance.answers.workbook import Cell
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError

AFTER_END = timedelta(seconds=10)
"""How long after its end a month must have been heard: as long as judging lets messages settle."""

BEHIND_AT_MOST = timedelta(minutes=1)
"""How old a reading may be while messages wait: on a busy bus a few always do."""


class NotHeardError(InvalidArgumentError):
    """A month of which not all was read and judged, or of which nothing was told: not issued."""


class Reading(Struct, frozen=True):
    """All that the bus held at `until` (UTC; None: never) is in the figures of a service.

    `waiting` messages are not, and `unjudged` records wait to be judged.
    """

    service: str
    until: datetime | None
    waiting: int
    unjudged: int = 0


def reading_of(service: str, answer: Mapping[str, Any]) -> Reading:
    """Read how far a service was when it gave figures; one that does not say was never."""
    until = answer.get("read_until")
    moment = None if until is None else calendar.parse_instant(until)
    return Reading(service, moment, answer.get("lag", 0))


def rows_of(readings: Sequence[Reading]) -> list[list[Cell]]:
    """Give the rows of the sheet of quality; the day and time are those of China."""
    rows: list[list[Cell]] = []
    for one in readings:
        rows.append([f"{UNTIL} {one.service}", _told(one.until)])
        rows.append([f"{WAITING} {one.service}", one.waiting + one.unjudged])
    return rows


UNTIL, WAITING = "全部读取至 all-heard-until", "尚待处理 still-waiting"


def is_reading(row: str) -> bool:
    """Say whether a row tells of reading: it moves all the time and amends nothing."""
    return row.startswith((UNTIL, WAITING))


def check_heard(month: str, ends: datetime, made_at: datetime, readings: Sequence[Reading]) -> None:
    """Raise NotHeardError unless all was heard until after the month, and nothing waits long."""
    late = [one for one in readings if not _reaches(one, ends, made_at)]
    if late:
        told = "; ".join(
            f"{one.service} has heard all until {_told(one.until)}, "
            f"{one.waiting + one.unjudged} messages wait"
            for one in late
        )
        raise NotHeardError(
            f"month: of {month} not all was read and judged: {told}. What is issued stays as it "
            "is: see that the workers run, and try again when all has been heard until "
            f"{_told(ends + AFTER_END)} and nothing waits"
        )


def _reaches(one: Reading, ends: datetime, made_at: datetime) -> bool:
    if one.until is None or one.until < ends + AFTER_END or one.unjudged:
        return False
    return not one.waiting or one.until >= made_at - BEHIND_AT_MOST


def _told(instant: datetime | None) -> str:
    if instant is None or instant <= calendar.EPOCH:
        return "never"
    return instant.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M:%S")

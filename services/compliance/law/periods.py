"""Periods of days, months and working days, and months (rules.md, *Days and periods*).

The first day of a period is not counted, and it ends at 24:00 of its last day; of months that is
the 对应日 (民法典 201–203). What would lie outside the days there are stays at their end, which
stands for "never": 9999-12-31 is how many write an open end.
"""

from calendar import monthrange
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from typing_extensions import override

from services.compliance.law.working_days import Calendar, Provisional
from shared.domain import calendar

MONTHS, LONGEST = 12, 31


class Month(NamedTuple):
    """A month of a year; months compare and follow each other as in the calendar."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """Give the month in which a day lies."""
        return cls(day.year, day.month)

    @classmethod
    def numbered(cls, number: int) -> "Month":
        """Give the month of a number, as records keep it."""
        return cls(number // MONTHS, number % MONTHS + 1)

    @property
    def number(self) -> int:
        """Give the number of the month: those that follow each other have following numbers."""
        return self.year * MONTHS + self.month - 1

    def later(self, months: int) -> "Month":
        """Give the month so many months on; back where the number is below 0."""
        years, month = divmod(self.month - 1 + months, MONTHS)
        return Month(self.year + years, month + 1)

    def day(self, number: int) -> date:
        """Give the day of a number, the last one if the month has not so many."""
        return _day(self, number)

    @property
    def first_day(self) -> date:
        """Give the month's first day."""
        return _day(self, 1)

    @property
    def last_day(self) -> date:
        """Give the month's last day."""
        return _day(self, LONGEST)

    @property
    def start(self) -> datetime:
        """Give its first instant: 00:00 of its first day."""
        return calendar.start_of(self.first_day)

    @property
    def end(self) -> datetime:
        """Give 00:00 of the first day of the month after it."""
        return calendar.end_of(self.last_day)

    @override
    def __str__(self) -> str:
        return f"{self.year:04}-{self.month:02}"


def month_number(day: date) -> int:
    """Give the number of the month in which a day lies."""
    return day.year * MONTHS + day.month - 1


def due_month_number(instant: datetime) -> int:
    """Give the number of the month M with start(M) < instant ≤ end(M): 24:00 is of its last day."""
    day = calendar.day_of(instant)
    # Only on a month's first day can it be no later than the month's start.
    return month_number(day) - (day.day == 1 and instant <= calendar.start_of(day))


def due_month(instant: datetime) -> Month:
    """Give the month whose number `due_month_number` gives."""
    return Month.numbered(due_month_number(instant))


def add(day: date, months: int) -> date:
    """Give the same day so many months on (or back), the month's last day if there is none."""
    return _day(Month.of(day).later(months), day.day)


@lru_cache(maxsize=65_536)
def _day(month: Month, day: int) -> date:
    """Give a day of a month, its last one if it has not so many."""
    if month.year < date.min.year:
        return date.min
    if month.year > date.max.year:
        return date.max
    return date(month.year, month.month, min(day, monthrange(*month)[1]))


@lru_cache(maxsize=16_384)
def year_after(day: date) -> date:
    """Give the day twelve months on; of 29 February it is 1 March."""
    found = add(day, MONTHS)
    return found if found.day == day.day else days_after(found, 1)


def days_after(day: date, days: int) -> date:
    """Give the day so many days on."""
    ordinal = day.toordinal() + days
    return date.fromordinal(min(max(ordinal, date.min.toordinal()), date.max.toordinal()))


def deadline_of_days(day: date, days: int) -> datetime:
    """Give the end of a period of days after a day; it never rolls."""
    return calendar.end_of(days_after(day, days))


@lru_cache(maxsize=4_096)
def deadline_of_months(
    day: date, months: int, working: Calendar, *, rolls: bool
) -> datetime | Provisional:
    """Give the end of a period of months after a day.

    If it `rolls`, a last day that is no working day moves to the next that is one.
    """
    last = add(day, months)
    return _end_of(working.rolled(last) if rolls else last)


def deadline_of_working_days(day: date, days: int, working: Calendar) -> datetime | Provisional:
    """Give the end of the n-th working day after a day."""
    return _end_of(working.nth_working_day_after(day, days))


def _end_of(last: date | Provisional) -> datetime | Provisional:
    return last if isinstance(last, Provisional) else calendar.end_of(last)

"""Working days: which they are, the n-th after a day, and where a last day rolls to.

What rests on a year whose notice is not published yet is provisional: it opens nothing, and the
rule is unjudged until the year is imported (rules.md, *Working days*).
"""

from bisect import bisect_left
from datetime import date
from functools import lru_cache
from typing import NamedTuple, NoReturn

from services.compliance.findings.finding import Missing
from services.compliance.policies.calendar import SATURDAY, Table, Year


class Provisional(NamedTuple):
    """Takes the place of an answer that rests on a year that the table does not hold."""

    year: int

    @property
    def missing(self) -> Missing:
        """Say what the rule lacks, as it is shown: `calendar.2027`."""
        return Missing(f"calendar.{self.year}")

    def __bool__(self) -> NoReturn:
        raise TypeError(f"whether it is a working day is not known before {self.year} is published")


class Calendar:
    """The working days of the years held; any day of `datetime.date` may be asked about."""

    def __init__(self, table: Table) -> None:
        self._working = [day for year in table.years.values() for day in _working(year)]
        self._held = range(0)
        self.horizon = table.horizon
        if table.horizon is not None:
            first = date(min(table.years), 1, 1)
            self._held = range(first.toordinal(), table.horizon.toordinal() + 1)

    @property
    def known(self) -> int:
        """Give how many working days are known."""
        return len(self._working)

    def is_working_day(self, day: date) -> bool | Provisional:
        """Say whether a day is worked: listed so, or from Monday to Friday and no holiday."""
        if day.toordinal() not in self._held:
            return Provisional(day.year)
        found = self._from(day.toordinal())
        return self._working[found : found + 1] == [day.toordinal()]

    def nth_working_day_after(self, day: date, n: int) -> date | Provisional:
        """Look at the days after `day` one by one until `n` of them are worked; give the last.

        None is looked at if `n` is 0. Raises ValueError where it is less.
        """
        if n < 0:
            raise ValueError(f"working days are counted forward, not {n}")
        if n == 0:
            return day
        # No day follows 9999-12-31, whose year nobody will hold.
        following = min(day.toordinal() + 1, date.max.toordinal())
        return self._nth_from(following, n)

    def rolled(self, day: date) -> date | Provisional:
        """Give the day itself if it is worked, else the next one that is."""
        return self._nth_from(day.toordinal(), 1)

    def _nth_from(self, ordinal: int, n: int) -> date | Provisional:
        if ordinal not in self._held:
            return Provisional(date.fromordinal(ordinal).year)
        found = self._from(ordinal) + n - 1
        if found < len(self._working):
            return date.fromordinal(self._working[found])
        return Provisional(date.fromordinal(self._held[-1]).year + 1)

    def _from(self, ordinal: int) -> int:
        return bisect_left(self._working, ordinal)


@lru_cache(maxsize=4)
def calendar_of(table: Table) -> Calendar:
    """Give the calendar of a table, made once: a law is made anew whenever its register moves."""
    return Calendar(table)


def _working(held: Year) -> list[int]:
    """Give the ordinals of a year's working days."""
    kinds = {line.day.toordinal(): line.kind for line in held.lines}
    first, last = date(held.year, 1, 1).toordinal(), date(held.year, 12, 31).toordinal()
    return [
        day
        for day in range(first, last + 1)
        if kinds.get(day) == "workday"
        or (day not in kinds and date.fromordinal(day).weekday() < SATURDAY)
    ]

"""Days, months, periods, working days, money: the devices that count."""

import calendar
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import pairwise

from services.compliance.policies import calendar as shipped
from tests.support.oracle.facts import World, day_of, midnight_of
from tests.support.oracle.findings import UnjudgedError

DAY = timedelta(days=1)
CENT = Decimal("0.01")
SATURDAY = 5
TABLE = shipped.load()
LISTED = {line.day: line.kind for held in TABLE.years.values() for line in held.lines}
Month = tuple[int, int]


def add(day: date, months: int) -> date:
    """The same day some months on, the month's last day if there is none."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))


def year_after(day: date) -> date:
    """A year on; the year after 29 February ends with 28 February."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return date(day.year + 1, 3, 1) if is_leap_day else add(day, 12)


def first_of(month: Month) -> date:
    """The first day of a month."""
    return date(*month, 1)


def day_after(month: Month) -> date:
    """The first day of the month after, end(M) as a day."""
    return add(first_of(month), 1)


def last_of(month: Month) -> date:
    """The last day of a month."""
    return day_after(month) - DAY


def month_of(day: date) -> Month:
    """The month in which a day lies."""
    return (day.year, day.month)


def due_month(instant: datetime) -> Month:
    """The month M with start(M) < instant <= end(M)."""
    return month_of(day_of(instant - timedelta(microseconds=1)))


def months(first: date, until: date) -> Iterator[Month]:
    """Every month that has a day in `[first, until)`."""
    month = month_of(first)
    while first_of(month) < until:
        yield month
        month = month_of(day_after(month))


def is_working_day(day: date) -> bool:
    """Whether the newest table has the day as worked; raises UnjudgedError for a year not held."""
    if day.year not in TABLE.years:
        raise UnjudgedError(f"calendar.{day.year}")
    if day in LISTED:
        return LISTED[day] == "workday"
    return day.weekday() < SATURDAY


def working_day_after(day: date, number: int) -> date:
    """The n-th working day after a day."""
    while number:
        day += DAY
        number -= is_working_day(day)
    return day


def deadline_of_days(day: date, days: int) -> datetime:
    """When a period of days after a day has ended; never rolled."""
    return midnight_of(day + timedelta(days=days) + DAY)


def deadline_of_months(world: World, day: date, months_: int) -> datetime:
    """When a period of months after a day has ended; its last day rolls to a working day."""
    last = add(day, months_)
    while world.policy.last_day_rolls and not is_working_day(last):
        last += DAY
    return midnight_of(last + DAY)


def deadline_of_workdays(day: date, number: int) -> datetime:
    """The end of the n-th working day after a day."""
    return midnight_of(working_day_after(day, number) + DAY)


def rounded(amount: Decimal) -> Decimal:
    """Half up to 0.01."""
    return amount.quantize(CENT, ROUND_HALF_UP)


def exact(value: Decimal | float | str) -> Fraction:
    """A value as the decimal that was written."""
    return Fraction(str(value))


def shown(value: Fraction) -> int | str:
    """A number as findings show it: whole, else as a decimal."""
    if value.denominator == 1:
        return value.numerator
    return format((Decimal(value.numerator) / Decimal(value.denominator)).normalize(), "f")


def money(amount: Decimal) -> str:
    """Yuan with two places at least."""
    cents = amount.quantize(CENT)
    return str(cents) if cents == amount else format(amount.normalize(), "f")


def by_now(world: World, instant: datetime | None) -> datetime | None:
    """An instant that has come, None if it has not."""
    return instant if instant is not None and instant <= world.now else None


def runs(boundaries: set[date], holds: Callable[[date], bool]) -> list[tuple[date, date]]:
    """The maximal intervals of days `[start, end)` on which a question is answered with yes.

    Nothing changes between two neighbouring boundaries.
    """
    found: list[tuple[date, date]] = []
    for start, end in pairwise(sorted(boundaries)):
        if not holds(start):
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def feed_since(world: World, feed: str) -> date | None:
    """The day since which a feed is told, None for never."""
    since = getattr(world.policy, f"{feed}_told_since")
    if since is None:
        return world.policy.start
    if isinstance(since, str):
        return None if since == "never" else date.fromisoformat(since)
    told: date = since
    return told


def is_told_since(world: World, rule: str, feed: str, day: date) -> bool:
    """Whether a feed was told on a day; where it never is, the rule is unjudged."""
    since = feed_since(world, feed)
    if since is None:
        world.unjudged.add((rule, f"feed.{feed}"))
        return False
    return since <= day

"""Working days against counting them one by one, over all dates there are."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.compliance.findings.finding import Missing
from services.compliance.law.law import Law
from services.compliance.law.working_days import Calendar, Provisional
from services.compliance.policies import calendar as tables
from services.compliance.policies import policy
from services.compliance.policies.calendar import Table
from services.compliance.register.register import Register

DAY = timedelta(days=1)
TABLE = tables.load()
CALENDAR = Calendar(TABLE)
KINDS = {line.day: line.kind for held in TABLE.years.values() for line in held.lines}
near = st.dates(date(2009, 12, 1), date(2027, 2, 1))
anywhere = near | st.dates()


def following(day: date) -> Iterator[date]:
    while day < date.max:
        day += DAY
        yield day


def worked(day: date) -> bool:
    """The text's own words."""
    return KINDS.get(day) == "workday" or (day.weekday() < 5 and KINDS.get(day) != "holiday")


def counted(days: Iterator[date], n: int) -> date | Provisional:
    """The n-th working day of some days, each looked at."""
    for day in days:
        if not 2010 <= day.year <= 2026:
            return Provisional(day.year)
        n -= worked(day)
        if n == 0:
            return day
    return Provisional(date.max.year)


def itself_and_following(day: date) -> Iterator[date]:
    yield day
    yield from following(day)


@given(anywhere)
def test_a_day_is_worked_if_listed_so_or_a_weekday_that_is_no_holiday(day: date) -> None:
    held = 2010 <= day.year <= 2026
    assert CALENDAR.is_working_day(day) == (worked(day) if held else Provisional(day.year))


@given(anywhere, st.integers(1, 60))
@example(date.max, 1)
@example(date(2009, 12, 31), 1)
@example(date(2026, 12, 30), 1)
@example(date(2026, 12, 30), 2)
@example(date(2026, 12, 31), 1)
def test_the_nth_working_day_is_found_by_looking_at_each(day: date, n: int) -> None:
    assert CALENDAR.nth_working_day_after(day, n) == counted(following(day), n)


@given(anywhere)
@example(date.max)
@example(date(2026, 12, 31))
def test_a_day_rolls_to_the_next_that_is_worked(day: date) -> None:
    assert CALENDAR.rolled(day) == counted(itself_and_following(day), 1)


@pytest.mark.parametrize(
    ("day", "n", "expected"),
    [
        ("2019-04-26", 1, "2019-04-28"),
        ("2019-04-26", 5, "2019-05-06"),
        ("2020-01-22", 1, "2020-01-23"),
        ("2020-01-22", 2, "2020-02-03"),
        ("2020-01-22", 3, "2020-02-04"),
        ("2015-09-02", 1, "2015-09-06"),
    ],
)
def test_the_cases_of_the_text(day: str, n: int, expected: str) -> None:
    found = CALENDAR.nth_working_day_after(date.fromisoformat(day), n)
    assert found == date.fromisoformat(expected)


def test_a_last_day_in_the_new_year_of_2027_is_provisional_even_where_it_would_be_a_weekday() -> (
    None
):
    assert CALENDAR.rolled(date(2027, 1, 5)) == Provisional(2027)
    assert CALENDAR.rolled(date(2026, 10, 3)) == date(2026, 10, 8)


def test_to_count_none_looks_at_none_and_nobody_counts_backwards() -> None:
    assert CALENDAR.nth_working_day_after(date(2031, 1, 1), 0) == date(2031, 1, 1)
    with pytest.raises(ValueError, match="counted forward, not -1"):
        CALENDAR.nth_working_day_after(date(2020, 1, 1), -1)


def test_however_many_are_counted_the_answer_comes_at_once() -> None:
    assert CALENDAR.nth_working_day_after(date(2020, 1, 1), 10**9) == Provisional(2027)


def test_a_provisional_answer_says_what_is_missing_and_is_neither_yes_nor_no() -> None:
    answer = CALENDAR.is_working_day(date(2027, 3, 1))
    assert isinstance(answer, Provisional)
    assert answer.missing == Missing("calendar.2027")
    with pytest.raises(TypeError, match="not known before 2027 is published"):
        bool(answer)


def test_as_many_working_days_are_known_as_there_are() -> None:
    every = (date(2010, 1, 1) + number * DAY for number in range(17 * 366))
    assert CALENDAR.known == sum(worked(day) for day in every if day.year < 2027)


def test_the_horizon_is_the_last_day_of_the_last_year_held() -> None:
    assert CALENDAR.horizon == date(2026, 12, 31)


@given(anywhere, st.integers(1, 3))
def test_an_empty_table_knows_nothing(day: date, n: int) -> None:
    empty = Calendar(Table())
    assert empty.horizon is None
    assert empty.is_working_day(day) == Provisional(day.year)
    assert empty.rolled(day) == Provisional(day.year)
    assert isinstance(empty.nth_working_day_after(day, n), Provisional)


def test_laws_of_the_same_policies_judge_by_one_calendar() -> None:
    known = policy.load()
    calendar = Law(known, Register()).calendar
    assert calendar.horizon == date(2026, 12, 31)
    assert Law(known, Register()).calendar is calendar
    assert Law(known.instead("scms"), Register()).calendar is calendar

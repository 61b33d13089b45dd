"""Periods against counting them day by day, over all dates there are, and the cases of the text."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.compliance.law.periods import (
    Month,
    add,
    days_after,
    deadline_of_days,
    deadline_of_months,
    deadline_of_working_days,
    due_month,
    year_after,
)
from services.compliance.law.working_days import Calendar, Provisional
from services.compliance.policies import calendar as tables
from shared.domain import calendar

CALENDAR = Calendar(tables.load())
DAY = timedelta(days=1)
days = st.dates() | st.dates(date(2009, 1, 1), date(2028, 1, 1))
spans = st.integers(-30, 30) | st.integers(-200_000, 200_000)
months = st.builds(Month, st.integers(1, 9999), st.integers(1, 12))
instants = st.datetimes(datetime(1901, 1, 1), datetime(8999, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
starts = st.dates(date(1901, 2, 1), date(8999, 12, 31)).map(lambda day: Month.of(day).start)


def a_day(text: str) -> date:
    return date.fromisoformat(text)


def midnight(text: str) -> datetime:
    return calendar.start_of(a_day(text))


def stepped(day: date, count: int) -> date:
    """Walk month by month; the day is clipped once, at the end."""
    year, month = day.year, day.month
    for _ in range(abs(count)):
        month += 1 if count > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    if year < 1:
        return date.min
    if year > 9999:
        return date.max
    for number in range(day.day, 0, -1):
        try:
            return date(year, month, number)
        except ValueError:
            continue
    raise AssertionError(day)


@given(days, st.integers(-400, 400))
@example(date(9999, 12, 31), 1)
@example(date(1, 1, 31), -1)
@example(date(2020, 2, 29), -12)
def test_months_are_added_by_walking_from_one_to_the_next(day: date, count: int) -> None:
    assert add(day, count) == stepped(day, count)


@given(days, spans)
def test_adding_months_keeps_the_order_of_days(day: date, count: int) -> None:
    following = days_after(day, 1)
    assert add(day, count) <= add(following, count)


@given(days, spans)
@example(date.max, 1)
@example(date.min, -1)
def test_days_are_added_to_the_end_of_all_days(day: date, count: int) -> None:
    try:
        assert days_after(day, count) == day + timedelta(days=count)
    except OverflowError:
        assert days_after(day, count) == (date.max if count > 0 else date.min)


@given(days)
def test_a_year_after_is_the_same_day_and_of_29_february_the_1_march(day: date) -> None:
    found = year_after(day)
    if day.year == 9999:
        assert found == date.max
    elif (day.month, day.day) == (2, 29):
        assert found == date(day.year + 1, 3, 1)
    else:
        assert found == day.replace(year=day.year + 1)


@pytest.mark.parametrize(
    ("day", "count", "expected"),
    [
        ("2019-12-31", -6, "2019-06-30"),
        ("2019-05-01", -6, "2018-11-01"),
        ("2020-02-29", -6, "2019-08-29"),
        ("2021-12-31", 2, "2022-02-28"),
        ("2022-12-31", 2, "2023-02-28"),
        ("2020-02-29", 3, "2020-05-29"),
        ("2022-06-30", 2, "2022-08-30"),
        ("2019-03-31", 11, "2020-02-29"),
    ],
)
def test_the_cases_of_the_text_for_adding_months(day: str, count: int, expected: str) -> None:
    assert add(a_day(day), count) == a_day(expected)


@given(days, st.integers(0, 400))
def test_a_period_of_days_ends_when_its_last_day_does(day: date, count: int) -> None:
    due = deadline_of_days(day, count)
    last = min(day.toordinal() + count, date.max.toordinal())
    assert due == calendar.end_of(date.fromordinal(last))
    if 1900 < day.year < 8990:
        assert calendar.day_of(due) == day + timedelta(days=count + 1)


@given(days, st.integers(-12, 12))
def test_a_period_of_months_ends_on_its_own_day_or_rolls_to_the_next_that_is_worked(
    day: date, count: int
) -> None:
    last = add(day, count)
    assert deadline_of_months(day, count, CALENDAR, rolls=False) == calendar.end_of(last)
    looked = last
    while 2010 <= looked.year <= 2026 and not CALENDAR.is_working_day(looked):
        looked += DAY
    held = 2010 <= looked.year <= 2026
    expected = calendar.end_of(looked) if held else Provisional(looked.year)
    assert deadline_of_months(day, count, CALENDAR, rolls=True) == expected


@pytest.mark.parametrize(
    ("day", "count", "due"),
    [
        ("2019-04-01", 6, "2019-10-09"),
        ("2022-07-31", 2, "2022-10-01"),
        ("2022-08-05", 2, "2022-10-09"),
        ("2022-12-31", 2, "2023-03-01"),
        ("2020-02-29", 3, "2020-05-30"),
    ],
)
def test_the_cases_of_the_text_for_periods_that_roll(day: str, count: int, due: str) -> None:
    assert deadline_of_months(a_day(day), count, CALENDAR, rolls=True) == midnight(due)


@pytest.mark.parametrize(
    ("day", "count", "due"), [("2019-04-26", 5, "2019-05-07"), ("2020-01-22", 3, "2020-02-05")]
)
def test_the_cases_of_the_text_for_working_days(day: str, count: int, due: str) -> None:
    assert deadline_of_working_days(a_day(day), count, CALENDAR) == midnight(due)


def test_what_ends_in_a_year_that_is_not_published_is_provisional() -> None:
    assert deadline_of_months(a_day("2026-11-05"), 2, CALENDAR, rolls=True) == Provisional(2027)
    assert deadline_of_working_days(a_day("2026-12-30"), 2, CALENDAR) == Provisional(2027)
    assert deadline_of_days(a_day("2026-12-30"), 2) == midnight("2027-01-02")


@given(months, spans)
def test_months_are_counted_as_numbers_of_a_row(month: Month, count: int) -> None:
    row = month.year * 12 + month.month + count
    later = month.later(count)
    assert later.year * 12 + later.month == row
    assert 1 <= later.month <= 12
    assert (later > month) == (count > 0)
    assert later.later(-count) == month


@given(months)
@example(Month(9999, 12))
@example(Month(2020, 2))
def test_a_month_holds_its_days_and_no_others(month: Month) -> None:
    assert Month.of(month.first_day) == Month.of(month.last_day) == month
    assert month.first_day.day == 1
    assert month.last_day == date.max or (month.last_day + DAY).day == 1
    assert month.end == month.later(1).start
    assert month.start == calendar.start_of(month.first_day)


@given(instants | starts, st.sampled_from([-1, 0, 1]))
def test_an_instant_lies_within_one_due_month(instant: datetime, microseconds: int) -> None:
    instant += timedelta(microseconds=microseconds)
    month = due_month(instant)
    assert month.start < instant <= month.end


@pytest.mark.parametrize(
    ("instant", "month"),
    [
        ("2022-02-01T00:00:00+08:00", "2022-01"),
        ("2022-02-01T00:00:00.000001+08:00", "2022-02"),
        ("2022-03-31T23:59:59+08:00", "2022-03"),
        ("2022-04-01T00:00:00+08:00", "2022-03"),
        ("9999-12-31T00:00:00Z", "8999-12"),
    ],
)
def test_what_is_due_by_the_last_day_belongs_to_its_month(instant: str, month: str) -> None:
    assert str(due_month(calendar.parse_instant(instant))) == month


def test_the_end_of_the_month_after_is_00_00_of_the_next_but_one() -> None:
    accepted = Month.of(a_day("2022-03-15"))
    assert accepted.later(1).end == midnight("2022-05-01")

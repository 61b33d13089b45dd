"""Month runs against trying every stretch of months, and the cases of the text."""

from datetime import UTC, date, datetime, timedelta
from itertools import combinations_with_replacement

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.law.month_runs import MonthRun, Verdict, end_of, month_runs
from services.compliance.law.periods import Month
from shared.domain import calendar

FIRST = Month(2019, 11)
LATE = datetime(2030, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
row = st.text("bg-", max_size=9)


def a_row(told: str, first: Month = FIRST) -> dict[Month, Verdict]:
    """Months one after the other: bad, good, or - not judged."""
    return {
        first.later(place): Verdict(bad=one == "b", observed=place, limit=10)
        for place, one in enumerate(told)
        if one != "-"
    }


def midnight(text: str) -> datetime:
    return calendar.start_of(date.fromisoformat(text))


def shown(run: MonthRun) -> tuple[str, int, datetime, datetime | None]:
    return run.anchor, run.details["in_a_row"], run.occurred_at, run.cured_at


def tried(
    judged: dict[Month, Verdict], now: datetime, ends: datetime | None, after: timedelta
) -> list[tuple[str, int, datetime, datetime | None]]:
    """Every stretch of months that is bad throughout and whose neighbours are not."""

    def bad(month: Month) -> bool:
        return month in judged and judged[month].bad and now > month.end + after

    found = []
    for first, last in combinations_with_replacement(sorted(judged), 2):
        count = (last.year - first.year) * 12 + last.month - first.month + 1
        inside = [first.later(number) for number in range(count)]
        if not all(map(bad, inside)) or bad(first.later(-1)) or bad(last.later(1)):
            continue
        end = last.later(1).end + after
        if ends is not None and ends < end:
            end = ends
        begins = first.end + after
        if begins != end and begins < end:
            found.append((str(first), count, begins, end if now > end else None))
    return found


@given(
    row,
    st.integers(-1, 12),
    st.sampled_from([-1, 0, 1]),
    st.none() | st.integers(-1, 12),
    st.sampled_from([timedelta(0), WEEK]),
)
def test_the_runs_are_the_longest_stretches_that_are_bad_throughout(
    told: str, month: int, seconds: int, ends_in: int | None, after: timedelta
) -> None:
    judged = a_row(told)
    now = FIRST.later(month).end + after + timedelta(seconds=seconds)
    ends = None if ends_in is None else FIRST.later(ends_in).end
    runs = month_runs(judged, now, ends, lambda month: month.end + after)
    assert [shown(run) for run in runs] == tried(judged, now, ends, after)
    for run in runs:
        assert all(verdict is judged[month] for month, verdict in run.months)
        assert run.last is run.months[-1][1]


def test_a_run_is_one_finding_with_all_its_months() -> None:
    (run,) = month_runs(a_row("bbb"), LATE)
    assert run.anchor == "2019-11"
    assert run.last.observed == 2
    assert run.details == {
        "in_a_row": 3,
        "months": [
            {"month": "2019-11", "observed": 0, "limit": 10},
            {"month": "2019-12", "observed": 1, "limit": 10},
            {"month": "2020-01", "observed": 2, "limit": 10},
        ],
    }


def test_a_month_is_judged_once_now_is_past_its_instant_and_a_run_cured_likewise() -> None:
    judged = a_row("bg")
    at, cured = midnight("2019-12-01"), midnight("2020-01-01")
    moment = timedelta(microseconds=1)
    assert month_runs(judged, at) == []
    assert shown(month_runs(judged, at + moment)[0]) == ("2019-11", 1, at, None)
    assert month_runs(judged, cured)[0].cured_at is None
    assert month_runs(judged, cured + moment)[0].cured_at == cured


def test_a_month_that_is_not_judged_ends_a_run_like_a_good_one() -> None:
    wanted = [("2019-11", midnight("2020-01-01")), ("2020-01", midnight("2020-03-01"))]
    for told in ("b-b", "bgb"):
        runs = month_runs(a_row(told), LATE)
        assert [(run.anchor, run.cured_at) for run in runs] == wanted


@pytest.mark.parametrize(
    ("months", "ends", "expected"),
    [
        ("bbg", "2020-04-01", ("2019-05", 2, "2019-06-01", "2019-08-01")),
        ("bbbbbbbbbb", "2020-03-01", ("2019-05", 10, "2019-06-01", "2020-03-01")),
    ],
)
def test_the_cases_of_volume_pace(
    months: str, ends: str, expected: tuple[str, int, str, str]
) -> None:
    judged = a_row(months, first=Month(2019, 5))
    (run,) = month_runs(judged, LATE, midnight(ends))
    anchor, in_a_row, occurred_at, cured_at = expected
    assert shown(run) == (anchor, in_a_row, midnight(occurred_at), midnight(cured_at))


def test_the_case_of_short_delivery_whose_months_are_judged_a_week_later() -> None:
    judged = a_row("bbb", first=Month(2022, 1))
    (run,) = month_runs(judged, LATE, judged_at=lambda month: month.end + WEEK)
    assert shown(run) == ("2022-01", 3, midnight("2022-02-08"), midnight("2022-05-08"))


def test_a_run_that_would_end_when_it_begins_is_not_said() -> None:
    judged = a_row("bb")
    assert month_runs(judged, LATE, end_of(FIRST)) == []
    assert len(month_runs(judged, LATE, end_of(FIRST) + timedelta(microseconds=1))) == 1

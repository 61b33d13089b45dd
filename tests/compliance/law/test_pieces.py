from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from services.compliance.law.intervals import union
from services.compliance.law.pieces import Steps, begun, cut, joined, next_change
from shared.domain import calendar

NOON = datetime(2022, 1, 1, 12, tzinfo=UTC)
HOURS = st.integers(0, 24).map(lambda hours: NOON + timedelta(hours=hours))
DAYS = st.dates(date(2021, 12, 30), date(2022, 1, 5))


class Piece(NamedTuple):
    start: datetime
    end: datetime


@given(HOURS, HOURS, st.lists(HOURS))
def test_the_parts_of_an_interval_touch_and_make_it_up(
    start: datetime, end: datetime, cuts: list[datetime]
) -> None:
    parts = cut((start, end), cuts) if start < end else []
    assert union(parts) == union([(start, end)])
    assert not any(left < instant < right for left, right in parts for instant in cuts)


@given(st.lists(st.tuples(HOURS, HOURS)), HOURS)
def test_runs_are_the_union_of_their_pieces(spans: list[Piece], now: datetime) -> None:
    bounds = sorted({instant for span in spans for instant in span})
    bad = [
        Piece(start, end)
        for start, end in pairwise(bounds)
        if any(first <= start and end <= last for first, last in spans)
    ]
    runs = list(joined(bad))
    assert [(run[0].start, run[-1].end) for run in runs] == union(spans)
    for run in runs:
        seen, change = begun(run, now), next_change(run, now)
        assert (seen is None) == (now < run[0].start)
        assert seen is None or seen.start <= now
        assert (change is None) == (run[-1].end <= now)
        assert change is None or change > now
        assert not any(now < piece.start < (change or now) for piece in run)


@given(st.sets(DAYS), HOURS)
def test_a_step_holds_from_the_first_instant_of_its_day(days: set[date], at: datetime) -> None:
    steps = Steps(days, lambda day: day)
    expected = max((day for day in days if calendar.start_of(day) <= at), default=None)
    assert steps.at(at) == expected
    for day in days:
        assert steps.at(calendar.start_of(day)) == day

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.compliance.law.intervals import Interval, difference, intersection, union

BEGINNING = datetime(2022, 1, 1, tzinfo=UTC)
HOURS = range(-1, 13)


def at(hour: int) -> datetime:
    return BEGINNING + timedelta(hours=hour)


def some() -> st.SearchStrategy[list[Interval]]:
    """Intervals of whole hours; some overlap or touch, some are empty or turned round."""
    hour = st.integers(0, 11).map(at)
    return st.lists(st.tuples(hour, hour), max_size=5)


def covered(intervals: list[Interval]) -> set[int]:
    """The hours whose first instant lies in an interval."""
    return {hour for hour in HOURS for start, end in intervals if start <= at(hour) < end}


def is_tidy(intervals: list[Interval]) -> bool:
    """Sorted, none empty, none touching the next."""
    bounds = [bound for interval in intervals for bound in interval]
    return all(left < right for left, right in pairwise(bounds))


@given(some())
def test_a_union_covers_what_any_covers(intervals: list[Interval]) -> None:
    joined = union(intervals)
    assert covered(joined) == covered(intervals)
    assert is_tidy(joined)


@given(some(), some())
def test_an_intersection_covers_what_both_cover(
    left: list[Interval], right: list[Interval]
) -> None:
    both = intersection(left, right)
    assert covered(both) == covered(left) & covered(right)
    assert is_tidy(both)


@given(some(), some())
def test_a_difference_covers_what_only_the_left_covers(
    left: list[Interval], right: list[Interval]
) -> None:
    rest = difference(left, right)
    assert covered(rest) == covered(left) - covered(right)
    assert is_tidy(rest)


def test_intervals_that_touch_are_one() -> None:
    assert union([(at(1), at(2)), (at(2), at(3))]) == [(at(1), at(3))]
    assert intersection([(at(1), at(2))], [(at(2), at(3))]) == []

"""Half-open intervals of instants, `[start, end)`: union, intersection, difference."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from shared.domain import calendar

Interval = tuple[datetime, datetime]


def instants_of(start: date, end: date) -> Interval:
    """Give days `[start, end)` as instants."""
    return calendar.start_of(start), calendar.start_of(end)


def union(intervals: Iterable[Interval]) -> list[Interval]:
    """Join what overlaps or touches; empty intervals vanish. Sorted and disjoint."""
    joined: list[Interval] = []
    for start, end in sorted(intervals):
        if start >= end:
            continue
        if joined and start <= joined[-1][1]:
            if end > joined[-1][1]:
                joined[-1] = (joined[-1][0], end)
        else:
            joined.append((start, end))
    return joined


def intersection(left: Sequence[Interval], right: Sequence[Interval]) -> list[Interval]:
    """Give what lies in both, sorted and disjoint; either may overlap itself."""
    if len(left) == len(right) == 1:
        (start, end), (other_start, other_end) = left[0], right[0]
        both = max(start, other_start), min(end, other_end)
        return [both] if both[0] < both[1] else []
    return union(
        (max(start, other_start), min(end, other_end))
        for start, end in left
        for other_start, other_end in right
    )


def difference(left: Iterable[Interval], right: Iterable[Interval]) -> list[Interval]:
    """Give what lies in the left but not in the right, sorted and disjoint."""
    rest = union(left)
    for cut_start, cut_end in union(right):
        rest = [
            piece
            for start, end in rest
            for piece in ((start, min(end, cut_start)), (max(start, cut_end), end))
            if piece[0] < piece[1]
        ]
    return rest

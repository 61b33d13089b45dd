"""Pieces of time in which what is judged does not change, and the runs that they make.

An interval is cut where one of its terms changes; what is found lasts as long as piece after piece
is bad, whatever changes in between (rules.md: one finding for each maximal interval).
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Generic, Protocol, TypeVar

from services.compliance.law.intervals import Interval
from shared.domain import calendar


class Lasting(Protocol):
    """Something that lasts, as instants `[start, end)`."""

    @property
    def start(self) -> datetime:
        """Give its first instant."""

    @property
    def end(self) -> datetime:
        """Give the instant at which it is over."""


P = TypeVar("P", bound=Lasting)
T = TypeVar("T")


def cut(interval: Interval, instants: Iterable[datetime]) -> list[Interval]:
    """Cut an interval at the instants that lie inside it; an empty one has no parts."""
    start, end = interval
    inside = {instant for instant in instants if start < instant < end}
    return list(pairwise(sorted({start, end} | inside)))


def joined(pieces: Iterable[P]) -> Iterator[list[P]]:
    """Give the runs of pieces that touch; pieces come in order."""
    run: list[P] = []
    for piece in pieces:
        if run and run[-1].end != piece.start:
            yield run
            run = []
        run.append(piece)
    if run:
        yield run


def begun(run: Sequence[P], now: datetime) -> P | None:
    """Give the last piece of a run that has begun, None while all of it lies ahead."""
    return next((piece for piece in reversed(run) if piece.start <= now), None)


def next_change(run: Sequence[P], now: datetime) -> datetime | None:
    """Give when the next piece of a run begins, or the last one ends; None once all is over."""
    instants = (instant for piece in run for instant in (piece.start, piece.end))
    return min((instant for instant in instants if instant > now), default=None)


class Steps(Generic[T]):
    """What holds from a day on until the next begins; before the first, nothing does."""

    def __init__(self, held: Iterable[T], day: Callable[[T], date]) -> None:
        self._held = sorted(held, key=day)
        self.instants = [calendar.start_of(day(one)) for one in self._held]

    def at(self, instant: datetime) -> T | None:
        """Give what holds at an instant."""
        found = bisect_right(self.instants, instant)
        return self._held[found - 1] if found else None

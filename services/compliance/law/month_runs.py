"""Month runs: months of the calendar, one after the other, in which a monthly rule finds a key bad.

One finding for each: one a month would tell an officer the same twelve times (rules.md).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from services.compliance.law.periods import Month

Judging = Callable[[Month], datetime]


class Verdict(NamedTuple):
    """What a month was found to be, and the two sides that were compared."""

    bad: bool
    observed: Any
    limit: Any


class MonthRun(NamedTuple):
    """A maximal run of bad months; `cured_at` (UTC) is None while it goes on."""

    months: tuple[tuple[Month, Verdict], ...]
    occurred_at: datetime
    cured_at: datetime | None

    @property
    def anchor(self) -> str:
        """Give the first month, `YYYY-MM`; a rule's prefix comes before it."""
        return str(self.months[0][0])

    @property
    def last(self) -> Verdict:
        """Give the verdict on the last month, which the finding shows."""
        return self.months[-1][1]

    @property
    def details(self) -> dict[str, Any]:
        """Give all months with what was compared, and how many there are."""
        told = [
            {"month": str(month), "observed": verdict.observed, "limit": verdict.limit}
            for month, verdict in self.months
        ]
        return {"months": told, "in_a_row": len(told)}


def end_of(month: Month) -> datetime:
    """Give the instant at which a month is judged, where the rule does not say otherwise."""
    return month.end


def month_runs(
    judged: Mapping[Month, Verdict],
    now: datetime,
    ends: datetime | None = None,
    judged_at: Judging = end_of,
) -> list[MonthRun]:
    """Give the runs as of `now`, the earliest first.

    `judged` holds the months that the rule judges; `ends` is the rule's own end. A month is judged
    once `now` is past its instant `judged_at`; one that is not judged ends a run like a good one. A
    run that would end when it begins is none.
    """
    runs = []
    for months in _in_a_row(judged, now, judged_at):
        occurred_at = judged_at(months[0])
        end = judged_at(months[-1].later(1))
        end = end if ends is None else min(end, ends)
        if end > occurred_at:
            held = tuple((month, judged[month]) for month in months)
            runs.append(MonthRun(held, occurred_at, end if now > end else None))
    return runs


def _in_a_row(
    judged: Mapping[Month, Verdict], now: datetime, judged_at: Judging
) -> Iterator[list[Month]]:
    run: list[Month] = []
    for month in sorted(judged):
        if not judged[month].bad or now <= judged_at(month):
            continue
        if run and month != run[-1].later(1):
            yield run
            run = []
        run.append(month)
    if run:
        yield run

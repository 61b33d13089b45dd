"""Runs of bad months."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.support.oracle.facts import midnight_of
from tests.support.oracle.rest.days import Month, day_after, month_of


@dataclass(frozen=True)
class Judged:
    """A month that was judged: bad or good, with what was seen and what was allowed."""

    is_bad: bool
    observed: Any
    limit: Any


@dataclass(frozen=True)
class Run:
    """A maximal run of consecutive bad months; `cured_at` is None while it goes on."""

    first: Month
    occurred_at: datetime
    cured_at: datetime | None
    observed: Any
    limit: Any
    details: Mapping[str, Any]

    @property
    def anchor(self) -> str:
        """The first month, as `YYYY-MM`."""
        return written(self.first)


def written(month: Month) -> str:
    """A month as anchors have it."""
    return f"{month[0]:04d}-{month[1]:02d}"


def end_of_month(month: Month) -> datetime:
    """The judging instant of most rules."""
    return midnight_of(day_after(month))


def runs_of(
    judged: Mapping[Month, Judged],
    now: datetime,
    *,
    own_end: datetime | None = None,
    instant: Callable[[Month], datetime] = end_of_month,
) -> list[Run]:
    """The runs of a key, of months of which `now` is past the judging instant."""
    groups: list[list[Month]] = []
    for month in sorted(judged):
        if now <= instant(month) or not judged[month].is_bad:
            continue
        if groups and following(groups[-1][-1]) == month:
            groups[-1].append(month)
        else:
            groups.append([month])
    found = [_run(group, judged, now, own_end, instant) for group in groups]
    # What would end when it begins is not said.
    return [run for run in found if own_end is None or run.occurred_at < own_end]


def following(month: Month) -> Month:
    """The next month."""
    return month_of(day_after(month))


def _run(
    group: list[Month],
    judged: Mapping[Month, Judged],
    now: datetime,
    own_end: datetime | None,
    instant: Callable[[Month], datetime],
) -> Run:
    end = instant(following(group[-1]))
    if own_end is not None:
        end = min(end, own_end)
    last = judged[group[-1]]
    months = [[written(m), judged[m].observed, judged[m].limit] for m in group]
    return Run(
        first=group[0],
        occurred_at=instant(group[0]),
        cured_at=end if now > end else None,
        observed=last.observed,
        limit=last.limit,
        details={"months": months, "in_a_row": len(group)},
    )

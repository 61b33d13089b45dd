"""Month runs of what orders add up to: the findings of the rules that count a maker's orders."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple

from msgspec.structs import replace

from services.compliance.findings.finding import About, Finding, Outcome, Watch
from services.compliance.law.month_runs import (
    Judging,
    MonthRun,
    Verdict,
    end_of,
    month_runs,
)
from services.compliance.law.periods import Month
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import evidence_of
from shared.domain import calendar

HeardBy = Callable[[MonthRun], datetime]


class Counted(NamedTuple):
    """What a rule found of a maker's months under a policy.

    `about` names whose orders were counted, `prefix` comes before the month in the anchor. Months
    are judged at `judged_at`; `limits` name the values that the limit rests on, `spares` those that
    only spare somebody. Until `heard_by` all must have been heard before a run counts, if it rests
    on silence.
    """

    policy: Policy
    about: About
    prefix: str
    months: Mapping[Month, Verdict]
    limits: tuple[str, ...]
    spares: tuple[str, ...] = ()
    judged_at: Judging = end_of
    heard_by: HeardBy | None = None


def of_month(policy: Policy, month: Month) -> Policy:
    """Give a policy with the values by which a month is judged: those of its first day."""
    return policy.on(month.first_day)


def say_runs(counted: Counted, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Give the runs of bad months, and when to look again."""
    change = _next_change(counted, now)
    if change is not None:
        yield Watch(change)
    for run in month_runs(counted.months, now, judged_at=counted.judged_at):
        yield _finding(run, counted, terms, now)


def _next_change(counted: Counted, now: datetime) -> datetime | None:
    """Give when the next month is judged; all months of long ago are passed over."""
    change: datetime | None = None
    for month in sorted(counted.months, reverse=True):
        for told in (month.later(1), month):
            at = counted.judged_at(told)
            if at < now:
                return change
            change = at
    return change


def _finding(run: MonthRun, counted: Counted, terms: ProductTerms, now: datetime) -> Finding:
    about, policy = counted.about, counted.policy
    held = of_month(policy, run.months[-1][0])
    limits = tuple(held.term(name) for name in counted.limits)
    finding = terms.finding(
        about,
        (run.occurred_at, run.cured_at or calendar.LATEST),
        policy,
        now,
        anchor=f"{counted.prefix}{run.anchor}",
        observed=run.last.observed,
        limit=run.last.limit,
        terms=(*limits, *(held.term(name) for name in counted.spares)),
        limits=limits,
        evidence=evidence_of(*terms.cycles_of(about.manufacturer, policy)),
        details=run.details,
    )
    # The subject is the product, whatever area the orders were of.
    heard_by = None if counted.heard_by is None else counted.heard_by(run)
    return replace(finding, subject=terms.product, heard_by=heard_by)

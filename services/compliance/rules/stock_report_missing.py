"""The winner reports its stock every month.

TJ 三（三）, 建立生产企业应急储备、库存和停产报告制度. The text names no day, so nothing here is
above a warning. On a day of each month a report must have been told that is younger than the last
due day; a due day that is a holiday does not move. A due day is missed until the first such report
is told, and missed days that overlap are one finding. A month is judged if all of it lies in the
supply period of one winner and in the policy's days.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.eras import Era, eras
from services.compliance.law.feeds import told_since
from services.compliance.law.periods import Month, days_after
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import evidence_of
from services.compliance.records.supply import StockReport, Supply
from shared.domain import calendar

NAME = "stock-report-missing"


class Missed(NamedTuple):
    """Due days missed in a row, the last of them, and the report that ended it."""

    start: datetime
    end: datetime
    due: date
    ended_by: StockReport | None


class Told:
    """The reports of one maker: which was told first of those younger than a day."""

    def __init__(self, reports: list[StockReport]) -> None:
        self.reports = sorted(reports, key=lambda report: report.as_of)
        self._days = [report.as_of for report in self.reports]
        self._first: list[StockReport] = []
        for report in reversed(self.reports):
            later = self._first[-1] if self._first else report
            self._first.append(report if report.told <= later.told else later)
        self._first.reverse()

    def first_after(self, day: date) -> StockReport | None:
        """Give the report told first of those of a later day."""
        found = bisect_right(self._days, day)
        return self._first[found] if found < len(self._first) else None


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the due days on which no fresh report of the winner had been told."""
    reports = () if record.stocks is None else record.stocks.reports
    for policy in terms.policies(NAME):
        for era in eras(terms.stretches(policy)):
            own = [report for report in reports if report.manufacturer == era.manufacturer]
            yield from _of_era(era, Told(own), terms, policy, now)


class Watched(NamedTuple):
    """An era within the days of a policy, `[start, end)`, and what its winner reported."""

    policy: Policy
    era: Era
    start: datetime
    end: datetime
    told: Told


def _of_era(
    era: Era, told: Told, terms: ProductTerms, policy: Policy, now: datetime
) -> Iterator[Outcome]:
    first, last = terms.days_in_force(policy)
    judged = Watched(policy, era, max(era.start, first), min(era.end, last), told)
    run: Missed | None = None
    for before, due in _due_days(judged):
        start = calendar.end_of(due)
        if start >= now:
            yield Watch(start)
            break
        missed = _missed(before, due, judged)
        if isinstance(missed, Missing):
            yield missed
        elif missed is not None and run is not None and missed.start <= run.end:
            run = missed._replace(start=run.start)
        elif missed is not None:
            yield from _outcome(run, judged, terms, now)
            run = missed
    yield from _outcome(run, judged, terms, now)


def _due_days(judged: Watched) -> Iterator[tuple[date, date]]:
    """Give the due days whose whole month before them is judged, each with the one before."""
    month = Month.of(calendar.day_of(judged.start))
    while month.start < judged.end:
        due, before = _due_day(judged.policy, month), _due_day(judged.policy, month.later(-1))
        fresh_from = calendar.start_of(days_after(before, 1))
        if judged.start <= fresh_from and calendar.end_of(due) <= judged.end:
            yield before, due
        month = month.later(1)


def _due_day(policy: Policy, month: Month) -> date:
    """Give the due day of a month, by the values of its first day."""
    return month.day(int(policy.on(month.first_day).number("stock_report_day")))


def _missed(before: date, due: date, judged: Watched) -> Missed | Missing | None:
    """Tell whether a due day was missed, and until when."""
    since = told_since(judged.policy.on(due), "stock")
    if isinstance(since, Missing):
        return since
    if days_after(before, 1) < since.day:
        return None
    report = judged.told.first_after(before)
    start = calendar.end_of(due)
    if report is None or report.told >= judged.end:
        return Missed(start, judged.end, due, None) if start < judged.end else None
    return Missed(start, report.told, due, report) if start < report.told else None


def _outcome(
    missed: Missed | None, judged: Watched, terms: ProductTerms, now: datetime
) -> Iterator[Outcome]:
    if missed is None:
        return
    policy, era, reports = judged.policy, judged.era, judged.told.reports
    if missed.end > now:
        yield Watch(missed.end)
    known = [report.as_of for report in reports if report.told <= missed.start]
    held = policy.on(missed.due)
    day, since = held.term("stock_report_day"), held.term("stock_told_since")
    ended = () if missed.ended_by is None else missed.ended_by.evidence
    yield terms.finding(
        About(terms.product, manufacturer=era.manufacturer),
        (missed.start, missed.end),
        policy,
        now,
        anchor=f"{calendar.day_of(missed.start)}",
        observed=f"{max(known)}" if known else None,
        limit=f"{missed.due}",
        terms=(day, since),
        limits=(day,),
        evidence=(*evidence_of(*era.cycles), *ended),
        heard_by=terms.heard_by(
            calendar.end_of(missed.due), max(cycle.telling.told for cycle in era.cycles)
        ),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, since = finding.about, shanghai(finding.occurred_at)
    zh_last, en_last = finding.observed or "无", finding.observed or "none"
    zh = (
        f"{about.manufacturer} 未按期报告产品 {about.product} 的库存：应于 {finding.limit} 前报告，"
        f"自 {since} 起逾期，此前最近一期库存日为 {zh_last}（{basis_zh(finding)}）。"
    )
    en = (
        f"{about.manufacturer} did not report its stock of product {about.product}: a report was "
        f"due by {finding.limit}, and missing from {since}; last day reported before: {en_last} "
        f"({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="未报告库存",
    title_en="Stock not reported",
    record=Supply,
    accused=("manufacturer",),
    unit="product",
    values=("stock_report_day", "stock_told_since"),
    judge=judge,
    words=words,
    interval=True,
)

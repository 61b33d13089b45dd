"""The winner holds a reserve: stock for some weeks of what hospitals use.

TJ 三（三）, 建立生产企业应急储备…制度. The text names no size, so nothing here is above a warning.
Each stock report of the winner is held against what all hospitals accepted, less returned, in the
days before it; days before the product was first selected are left out, and a product that is new
says nothing yet. Reports below in a row are one finding, until one that is not.
"""

from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from itertools import accumulate
from math import ceil
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.eras import Era, eras
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import evidence_of
from services.compliance.records.supply import StockReport, Supply
from shared.domain import calendar

NAME = "reserve-below"


class Held(NamedTuple):
    """A report that is judged: the winner's era, and how much there should have been."""

    report: StockReport
    era: Era
    wanted: Fraction

    @property
    def is_below(self) -> bool:
        """Whether less was held; where nothing was used, nothing is wanted."""
        return self.wanted > 0 and self.report.quantity < self.wanted

    @property
    def seen_at(self) -> datetime:
        """The end of the day that was reported."""
        return calendar.end_of(self.report.as_of)


class Consumption:
    """What was accepted of the product, less returned, between any two days."""

    def __init__(self, accepted: dict[int, int]) -> None:
        self._days = sorted(accepted)
        self._sums = [0, *accumulate(accepted[day] for day in self._days)]

    def between(self, first: int, last: int) -> int:
        """Sum the days from the first to the last (ordinals), both included."""
        start, end = bisect_left(self._days, first), bisect_left(self._days, last + 1)
        return self._sums[end] - self._sums[start]


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the stock reports that tell of less than the reserve."""
    if record.stocks is None:
        return
    use = Consumption(record.accepted)
    for policy in terms.policies(NAME):
        judged = list(_judged(record.stocks.reports, use, terms, policy))
        for run, following in _below(judged):
            yield from _outcome(run, following, terms, policy, now)


def _judged(
    reports: tuple[StockReport, ...], use: Consumption, terms: ProductTerms, policy: Policy
) -> Iterator[Held]:
    """Give the reports of the winner of their day, by day, with what should have been there."""
    winners = eras(terms.stretches(policy))
    for report in reports:
        noon = calendar.start_of(report.as_of)
        era = next((one for one in winners if one.holds(noon)), None)
        if era is None or era.manufacturer != report.manufacturer:
            continue
        wanted = _wanted(
            report.as_of, calendar.day_of(winners[0].start), use, policy.on(report.as_of)
        )
        if wanted is not None and policy.holds_on(report.as_of):
            yield Held(report, era, wanted)


def _wanted(as_of: date, began: date, use: Consumption, policy: Policy) -> Fraction | None:
    """Give the use of as many days as the reserve is for; None while the product is new."""
    last = as_of.toordinal()
    window, fewest = policy.number("reserve_window_days"), policy.number("reserve_min_days")
    first = max(began.toordinal(), last - int(window) + 1)
    days = last - first + 1
    if days < fewest:
        return None
    return Fraction(int(policy.number("reserve_days")) * use.between(first, last), days)


def _below(judged: list[Held]) -> Iterator[tuple[list[Held], Held | None]]:
    """Give the runs of reports below, each with the next that is not."""
    run: list[Held] = []
    for held in judged:
        if held.is_below:
            run.append(held)
        elif run:
            yield run, held
            run = []
    if run:
        yield run, None


def _outcome(
    run: list[Held], following: Held | None, terms: ProductTerms, policy: Policy, now: datetime
) -> Iterator[Outcome]:
    first, last = run[0], run[-1]
    start = first.seen_at
    ends = [last.era.end, terms.days_in_force(policy)[1]]
    end = min([*ends, following.seen_at] if following else ends)
    if now < end:
        yield Watch(max(start, now) if start > now else end)
    if start > now or end <= start:
        return
    held = policy.on(last.report.as_of)
    days, window = held.term("reserve_days"), held.term("reserve_window_days")
    facts = dict.fromkeys((*first.report.evidence, *last.report.evidence))
    yield terms.finding(
        About(terms.product, manufacturer=first.era.manufacturer),
        (start, end),
        policy,
        now,
        anchor=f"{first.report.as_of}",
        observed=last.report.quantity,
        limit=ceil(last.wanted),
        terms=(days, window, held.term("reserve_min_days")),
        limits=(days, window),
        evidence=(*facts, *evidence_of(first.era.cycles[0])),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, since = finding.about, shanghai(finding.occurred_at)
    zh = (
        f"{about.manufacturer} 自 {since} 起产品 {about.product} 的储备不足："
        f"最近报告的库存为 {finding.observed}，应有 {finding.limit}（{basis_zh(finding)}）。"
    )
    en = (
        f"From {since} {about.manufacturer} held too little of product {about.product}: its last "
        f"report tells of {finding.observed}, and {finding.limit} is the reserve "
        f"({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="应急储备不足",
    title_en="Reserve below what is used",
    record=Supply,
    accused=("manufacturer",),
    unit="product",
    values=("reserve_days", "reserve_window_days", "reserve_min_days"),
    takes=("accepted",),
    judge=judge,
    words=words,
    interval=True,
)

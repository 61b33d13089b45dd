"""A planned stop of production is told months before.

TJ 三（三）, 建立…停产报告制度. The text names no term, so nothing here is above a warning. A notice
holds as last told, and counts as told when its first telling was: told later than some months
before the stop it is late, and mends itself by being told. A stop that nobody planned, or that
nobody told at all, is not judged here; the latter shows itself in `unreported-shortage`.
"""

from collections.abc import Iterator
from datetime import date, datetime

from services.compliance.findings.finding import About, Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.periods import add
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import Policy
from services.compliance.records.supply import Report, Supply
from shared.domain import calendar, ids

NAME = "stop-notice-late"
NOTICE = "notice"
"""How the key of a stop notice begins."""


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find planned stops that were told too late."""
    for policy in terms.policies(NAME):
        for report in record.reports.values():
            kind, notice = ids.parts(report.report)
            if kind == NOTICE and report.planned:
                yield from _outcome(notice, report, terms, policy, now)


def _outcome(
    notice: str, report: Report, terms: ProductTerms, policy: Policy, now: datetime
) -> Iterator[Outcome]:
    stop_on, told, held = report.start, report.told, policy.on(report.start)
    deadline = calendar.end_of(add(stop_on, -int(held.number("stop_notice_months"))))
    if told is None or told <= deadline or not _is_judged(stop_on, deadline, terms, policy):
        return
    if told > now:
        yield Watch(told)
    yield terms.finding(
        About(terms.product, manufacturer=report.manufacturer),
        (deadline, told),
        policy,
        now,
        anchor=f"notice:{notice}",
        observed=told,
        limit=deadline,
        terms=(held.term("stop_notice_months"),),
        limits=(held.term("stop_notice_months"),),
        evidence=report.evidence,
    )


def _is_judged(stop_on: date, deadline: datetime, terms: ProductTerms, policy: Policy) -> bool:
    """Whether the stop lies in the supply period, and stop and deadline in the policy's days."""
    if not (policy.holds_on(stop_on) and policy.holds_on(calendar.day_of(deadline))):
        return False
    return terms.manufacturer(policy, calendar.start_of(stop_on)) is not None


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, due = finding.about, shanghai(finding.limit)
    told = shanghai(finding.observed)
    zh = (
        f"{about.manufacturer} 对产品 {about.product} 的计划停产应于 {due} 前报告，"
        f"实际于 {told} 报告（{basis_zh(finding)}）。"
    )
    en = (
        f"{about.manufacturer} had to tell of its planned stop of product {about.product} by "
        f"{due}, and told at {told} ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="停产报告过晚",
    title_en="Stop of production told too late",
    record=Supply,
    accused=("manufacturer",),
    unit="product",
    values=("stop_notice_months",),
    judge=judge,
    words=words,
)

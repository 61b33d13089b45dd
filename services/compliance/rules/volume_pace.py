"""Month by month the agreed volume is on its way.

TJ 三（四）, 按月进行监测、总结，确保1年内完成合同用量; 四（二）, those behind are talked to. A
month is bad if by its end less was accepted, less what was returned, than a share of what the days
gone by make of the agreed quantity; the share is an assumption, so this is a warning. The first
months are for settling, and the agreement's end is for another rule. Months in a row are one
finding.
"""

from collections.abc import Iterator
from datetime import date, datetime
from fractions import Fraction
from math import ceil

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.agreements import Agreed
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.month_runs import MonthRun, Verdict, month_runs
from services.compliance.law.periods import Month, add, due_month
from services.compliance.records.commitment import Commitment
from services.compliance.records.evidence import evidence_of
from shared.domain import calendar

NAME = "volume-pace"


def judge(record: Commitment, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find the runs of months in which an agreement was behind."""
    for agreed in terms.agreed(NAME):
        if isinstance(agreed, Missing):
            yield agreed
            continue
        ends = min(agreed.end, terms.days_in_force(agreed.policy)[1])
        if now <= ends:
            yield Watch(min(due_month(now).end, ends))
        verdicts = {month: _verdict(agreed, month, record) for month in _months(agreed, now)}
        for run in month_runs(verdicts, now, ends):
            yield _finding(run, agreed, terms, now)


def _months(agreed: Agreed, now: datetime) -> Iterator[Month]:
    """Give the months that are judged and over, in order."""
    held, policy = agreed.agreement, agreed.policy
    settled = add(held.start, int(policy.number("settling_months")))
    until = min(held.end, policy.until or date.max)
    month = Month.of(agreed.first)
    while month.end < now and month.later(1).first_day < held.end and month.last_day < until:
        if settled <= month.later(1).first_day and month.last_day < agreed.withdrawn:
            yield month
        month = month.later(1)


def _verdict(agreed: Agreed, month: Month, record: Commitment) -> Verdict:
    """Compare what was accepted by the end of a month with what the days gone by ask for."""
    held, after = agreed.agreement, month.later(1).first_day
    accepted = record.accepted_between(held.start.toordinal(), after.toordinal())
    ratio = Fraction(str(agreed.policy.number("pace_ratio")))
    elapsed, total = _days(held.start, after), _days(held.start, held.end)
    limit = ratio * held.quantity * elapsed / total
    return Verdict(accepted < limit, accepted, ceil(limit))


def _days(start: date, end: date) -> int:
    return (end - start).days


def _finding(run: MonthRun, agreed: Agreed, terms: CommitmentTerms, now: datetime) -> Finding:
    pace, held = agreed.policy.term("pace_ratio"), agreed.agreement
    first, last = run.months[0][0], run.months[-1][0]
    return terms.finding(
        About(terms.product, terms.area_on(first.last_day), terms.hospital),
        (run.occurred_at, run.cured_at or calendar.LATEST),
        agreed,
        now,
        run.anchor,
        observed=run.last.observed,
        limit=run.last.limit,
        terms=(pace, agreed.quantity, agreed.policy.term("settling_months")),
        limits=(pace, agreed.quantity),
        evidence=evidence_of(held, agreed.cycle),
        heard_by=terms.heard_by(last.end, held.telling.told),
        details=run.details,
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, taken, limit = finding.about, finding.observed, finding.limit
    months = finding.details["months"]
    first, last, number = months[0]["month"], months[-1]["month"], len(months)
    zh = (
        f"医疗机构 {about.hospital} 采购产品 {about.product} 的协议 {finding.subject} "
        f"自 {first} 起连续 {number} 个月进度滞后：至 {last} 月末已验收 {taken}，应不少于 "
        f"{limit}（{basis_zh(finding)}）。"
    )
    en = (
        f"Agreement {finding.subject} of hospital {about.hospital} for product {about.product} "
        f"has been behind since {first}, months in a row: {number}. By the end of {last} {taken} "
        f"had been accepted, at least {limit} was to be ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="采购进度滞后",
    title_en="Agreed volume behind its pace",
    record=Commitment,
    accused=("hospital",),
    unit="commitment",
    values=("pace_ratio", "settling_months"),
    judge=judge,
    words=words,
    interval=True,
)

"""A hospital uses the selected products of a variety first.

SX 七: 要根据临床需求优先采购使用每批次集中带量采购中选产品.
The clinic's needs leave a choice, so it is to be explained. A month is bad if two things hold:
more of the others than of the selected products of the variety was accepted in it, less what was
returned, in common units; and at its end less was taken of what was agreed for the variety than a
share of what the days gone by make of it (an assumption). Agreements count once they have settled,
and until their product is withdrawn. A month in which an order for a selected product failed, and
goods were missing at its end, is not judged: whoever did not get the goods may buy otherwise.
Months in a row are one finding.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from services.compliance.findings.finding import Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.exact import shown
from services.compliance.law.month_runs import MonthRun, Verdict, month_runs
from services.compliance.law.order_terms import DELIVERY_HOURS
from services.compliance.law.periods import Month, due_month
from services.compliance.law.usage_terms import Ledger, Signed, UsageTerms, signed_under
from services.compliance.policies.policy import Policy
from services.compliance.records.usage import Usage

NAME = "non-selected-first"


class BadMonth(NamedTuple):
    """What was compared in a month, and the agreements that were running at its end."""

    verdict: Verdict
    running: list[Signed]


def judge(record: Usage, terms: UsageTerms, now: datetime) -> Iterator[Outcome]:
    """Find the runs of months in which the others came first."""
    for policy in terms.policies(NAME):
        signed = signed_under(record, policy)
        missing = terms.incomparable if signed else None
        if missing is not None:
            yield missing
        elif signed:
            yield from _judged(policy, signed, record, terms, now)


def _judged(
    policy: Policy, signed: list[Signed], record: Usage, terms: UsageTerms, now: datetime
) -> Iterator[Outcome]:
    ledger = Ledger(record, policy)
    months = _months_of_others(policy, signed, ledger)
    if not months:
        return
    ends = terms.days_in_force(policy)[1]
    if now <= min(months[-1].later(1).end, ends):
        yield Watch(min(due_month(now).end, ends))
    found = {
        month: bad
        for month in months
        if month.end < now and (bad := _bad(policy, month, signed, record, ledger)) is not None
    }
    verdicts = {month: bad.verdict for month, bad in found.items()}
    for run in month_runs(verdicts, now, ends):
        yield _finding(run, policy, found[run.months[-1][0]].running, terms)


def _months_of_others(policy: Policy, signed: list[Signed], ledger: Ledger) -> list[Month]:
    """Give the months of agreements, in order, in which others were used: no other can be bad."""
    months = ledger.months_of_others
    if not months:
        return []
    first = Month.of(max(min(held.contract.start for held in signed), policy.in_force))
    until = min(max(held.contract.end for held in signed), policy.until or date.max)
    return [month for month in months if first <= month and month.last_day < until]


def _bad(
    policy: Policy, month: Month, signed: list[Signed], record: Usage, ledger: Ledger
) -> BadMonth | None:
    """Judge a month; whether agreements lagged is only asked where the others came first."""
    after = month.later(1).first_day
    use = ledger.use(month.first_day, after)
    if not use.is_excess or any(due_month(it.at) == month for it in record.failed.values()):
        return None
    running = [held for held in signed if held.is_running(policy, month)]
    taken = sum(held.taken(ledger, after) for held in running)
    if taken >= sum(held.pace(policy, month) for held in running):
        return None
    verdict = Verdict(bad=True, observed=shown(use.listed), limit=shown(use.selected))
    return BadMonth(verdict, running)


def _finding(run: MonthRun, policy: Policy, running: list[Signed], terms: UsageTerms) -> Finding:
    values = policy.on(run.months[-1][0].last_day)
    pace = values.term("pace_ratio")
    return terms.finding(
        terms.about(run.months[0][0].last_day),
        (run.occurred_at, run.cured_at),
        policy,
        run.anchor,
        observed=run.last.observed,
        limit=run.last.limit,
        terms=(pace, values.term("settling_months")),
        limits=(pace,),
        evidence=terms.evidence(running),
        heard_by=terms.heard_since(run.months[-1][0].end, running),
        details=run.details,
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    hospital, variety = finding.about.hospital, finding.details["variety"]
    months, listed, selected = finding.details["months"], finding.observed, finding.limit
    first, last, number = months[0]["month"], months[-1]["month"], len(months)
    zh = (
        f"医疗机构 {hospital} 自 {first} 起连续 {number} 个月未优先使用品种 {variety} 的中选产品："
        f"约定量进度滞后，{last} 当月验收非中选产品 {listed}，中选产品 {selected}"
        f"（按比例折算；{basis_zh(finding)}）。"
    )
    en = (
        f"Hospital {hospital} has not used the selected products of variety {variety} first since "
        f"{first}, months in a row: {number}. Behind with what was agreed, it accepted {listed} of "
        f"the others in {last} and {selected} of the selected (converted; {basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="未优先使用中选产品",
    title_en="Selected products not used first",
    record=Usage,
    accused=("hospital",),
    unit="variety",
    values=("pace_ratio", "settling_months", "excused_reasons", *DELIVERY_HOURS),
    takes=("consumed", "failed"),
    judge=judge,
    words=words,
    interval=True,
)

"""A public hospital does not use more of the others than of the selected products of a variety.

TJ 三（四）: 剩余用量，各公立医疗机构仍可采购…其他价格适宜的品种，原则上数量按比例关系折算后
不得超过中选品种使用量.
Use is what was accepted, less what was returned (a reading), of all orders of the hospital,
converted to the variety's common unit. The year is that of an agreement for a selected product of
the variety. At its end the excess is an act, to be explained (原则上); before that each month's end
is looked at, and months in a row are a warning. Not judged where a product agreed on was withdrawn
in the year, and while not all of the variety are told in common units.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from services.compliance.findings.finding import Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.exact import shown
from services.compliance.law.month_runs import MonthRun, Verdict, month_runs
from services.compliance.law.periods import Month, days_after, due_month
from services.compliance.law.usage_terms import Consumed, Ledger, Signed, UsageTerms, signed_under
from services.compliance.policies.policy import Policy
from services.compliance.records.usage import Usage
from shared.domain import calendar

NAME = "non-selected-excess"


class AgreementYear(NamedTuple):
    """The days `[start, end)` of some agreements, and the first on which one's product leaves."""

    policy: Policy
    start: date
    end: date
    signed: list[Signed]

    @property
    def withdrawn(self) -> date:
        """Give the day on which the first of the products leaves."""
        return min(held.contract.withdrawn for held in self.signed)

    @property
    def ends(self) -> datetime:
        """Give the instant at which it is over."""
        return calendar.start_of(self.end)

    @property
    def name(self) -> str:
        """Give its days as anchors write them."""
        return f"{self.start}/{self.end}"


def judge(record: Usage, terms: UsageTerms, now: datetime) -> Iterator[Outcome]:
    """Find years and months with an excess."""
    for policy in terms.policies(NAME):
        signed = signed_under(record, policy)
        missing = terms.incomparable if signed else None
        if missing is not None:
            yield missing
        elif signed:
            ledger = Ledger(record, policy)
            for year in _years(policy, signed):
                yield from _judged(year, ledger, terms, now)


def _years(policy: Policy, signed: list[Signed]) -> Iterator[AgreementYear]:
    for start, end in sorted({(it.contract.start, it.contract.end) for it in signed}):
        own = [it for it in signed if (it.contract.start, it.contract.end) == (start, end)]
        yield AgreementYear(policy, start, end, own)


def _judged(
    year: AgreementYear, ledger: Ledger, terms: UsageTerms, now: datetime
) -> Iterator[Outcome]:
    if terms.known is None:
        yield Missing("hospital")
        return
    if not (terms.known.on(year.start).is_public and ledger.months_of_others):
        return
    if now <= year.ends:
        yield Watch(min(due_month(now).end, year.ends))
    elif year.withdrawn >= year.end and (use := ledger.use(year.start, year.end)).is_excess:
        yield _of_year(year, use, terms)
    ends = min(year.ends, terms.days_in_force(year.policy)[1])
    verdicts = {
        month: _verdict(ledger.use(year.start, after(month))) for month in _months(year, now)
    }
    for run in month_runs(verdicts, now, ends):
        yield _of_months(year, run, terms)


def _months(year: AgreementYear, now: datetime) -> Iterator[Month]:
    """Give the months that are judged and over, in order."""
    until = min(year.policy.until or date.max, year.withdrawn)
    month = Month.of(max(year.start, year.policy.in_force))
    while month.end < now and after(month) < year.end and month.last_day < until:
        if year.signed[0].is_settled(year.policy, month):
            yield month
        month = month.later(1)


def after(month: Month) -> date:
    """Give the first day after a month."""
    return month.later(1).first_day


def _verdict(use: Consumed) -> Verdict:
    return Verdict(use.is_excess, shown(use.listed), shown(use.selected))


def _of_year(year: AgreementYear, use: Consumed, terms: UsageTerms) -> Finding:
    return terms.finding(
        terms.about(days_after(year.end, -1)),
        (year.ends, year.ends),
        year.policy,
        year.name,
        observed=shown(use.listed),
        limit=shown(use.selected),
        terms=(),
        limits=(),
        evidence=terms.evidence(year.signed),
        heard_by=terms.heard_since(year.ends, year.signed),
        details={"start": f"{year.start}", "end": f"{year.end}"},
    )


def _of_months(year: AgreementYear, run: MonthRun, terms: UsageTerms) -> Finding:
    first, last = run.months[0][0], run.months[-1][0]
    return terms.finding(
        terms.about(first.last_day),
        (run.occurred_at, run.cured_at),
        year.policy,
        f"{year.name}:{run.anchor}",
        observed=run.last.observed,
        limit=run.last.limit,
        terms=(year.policy.on(last.last_day).term("settling_months"),),
        limits=(),
        evidence=terms.evidence(year.signed),
        heard_by=terms.heard_since(last.end, year.signed),
        details={"start": f"{year.start}", "end": f"{year.end}", **run.details},
        lowered="warning",
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    hospital, variety = finding.about.hospital, finding.details["variety"]
    listed, selected = finding.observed, finding.limit
    start, end = finding.details["start"], finding.details["end"]
    months = finding.details.get("months")
    zh = f"公立医疗机构 {hospital} 在协议年度 {start} 起至 {end} 前"
    en = f"In the agreement year from {start} to before {end} public hospital {hospital}"
    if months is None:
        zh += (
            f"使用品种 {variety} 的非中选产品 {listed}，超过中选产品使用量 {selected}"
            "（按比例折算，以验收减退货计）。"
        )
        en += (
            f" used {listed} of the non-selected products of variety {variety} and {selected} of "
            "the selected (converted, accepted less returned)."
        )
        return zh, en
    first, last, number = months[0]["month"], months[-1]["month"], len(months)
    zh += (
        f"自 {first} 起连续 {number} 个月末使用品种 {variety} 的非中选产品多于中选产品：至 {last} "
        f"月末为 {listed} 比 {selected}（按比例折算；{basis_zh(finding)}）。"
    )
    en += (
        f" had used more of the non-selected products of variety {variety} than of the selected "
        f"at the ends of months in a row since {first}: {number}. By the end of {last} it was "
        f"{listed} to {selected} (converted; {basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="非中选产品使用量超过中选产品",
    title_en="More of the others used than of the selected",
    record=Usage,
    accused=("hospital",),
    unit="variety",
    values=("settling_months",),
    takes=("consumed",),
    judge=judge,
    words=words,
    interval=True,
    lowers=("warning",),
)

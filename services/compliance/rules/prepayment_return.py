"""What the fund paid in advance goes back after the cycle, or the agreement.

SX 八（一）¶1, 在一个采购周期结束后的2个月内…收回: two months after the last day of the agreement's
cycle, for cycles that end in 2022 alone; those of other years are offset by degrees (逐步冲抵),
which has no number. TJ 三（二）, 在药品采购协议期结束后三个月内: three months after the agreement's
last day. A last day that is a holiday moves to the next working day. Offsets (冲抵) count as
returns. The agreement is the one that the prepayment names, else the hospital's for the product
that it names.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import (
    About,
    Finding,
    Missing,
    Outcome,
    Watch,
    Words,
)
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.account_terms import TOLERANCE
from services.compliance.law.agreements import Agreed
from services.compliance.law.feeds import told_since
from services.compliance.law.filling import value_at
from services.compliance.law.money import yuan
from services.compliance.law.prepayment_terms import RETURN, PrepaymentTerms, done_at, returned
from services.compliance.law.working_days import Provisional
from services.compliance.policies.policy import Policy
from services.compliance.policies.recalled import recalled
from services.compliance.records.evidence import evidence_of
from services.compliance.records.prepayment import Prepayment
from shared.domain import calendar

NAME = "prepayment-return"


def judge(record: Prepayment, terms: PrepaymentTerms, now: datetime) -> Iterator[Outcome]:
    """Find a prepayment that was not back when it was due."""
    agreement = terms.meant()
    if isinstance(agreement, Missing):
        # Without an agreement its own day says whether there is a policy.
        if NAME in terms.on_its_day.rules:
            yield agreement
        return
    if NAME not in terms.policy_of(agreement).rules:
        return
    agreed = terms.agreed(agreement)
    if isinstance(agreed, Missing):
        yield agreed
    elif agreed is not None and _is_judged(terms, agreed):
        yield from _outcome(record, terms, agreed, now)


def _is_judged(terms: PrepaymentTerms, agreed: Agreed) -> bool:
    years = _years(agreed.policy)
    return "every" in years or str(terms.return_base(agreed).year) in years


@recalled
def _years(policy: Policy) -> frozenset[str]:
    value = policy.term("return_years").value
    return frozenset(map(str, value) if isinstance(value, list) else ())


def _outcome(
    record: Prepayment, terms: PrepaymentTerms, agreed: Agreed, now: datetime
) -> Iterator[Outcome]:
    due, since = terms.return_due(agreed), told_since(agreed.policy, "prepayments")
    if isinstance(due, Provisional):
        yield due.missing
        return
    if isinstance(since, Missing):
        yield since
        return
    made, first = terms.made, max(since.day, agreed.policy.in_force)
    if due < calendar.start_of(first) or made.telling.time >= due:
        return
    back = record.given_back(now)
    gone = returned(back)
    done = done_at(made.telling.time, made.amount, gone, terms.tolerance)
    if done is not None and done <= due:
        return
    if now <= due:
        yield Watch(due)
        return
    months = agreed.policy.term("return_months")
    yield Finding(
        subject=terms.prepayment,
        anchor="return",
        about=About(agreed.agreement.product, terms.area_on(due), made.hospital),
        policy=agreed.policy,
        occurred_at=due,
        cured_at=done,
        observed=yuan(value_at(gone, due)),
        limit=yuan(made.amount),
        terms=(months, agreed.policy.term("return_after"), agreed.policy.term(TOLERANCE)),
        limits=(months,),
        evidence=evidence_of(made, *back, agreed.agreement),
        heard_by=terms.heard_by(due, made.telling.told),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, due = finding.about, shanghai(finding.occurred_at)
    zh = (
        f"医疗机构 {about.hospital} 的预付款 {finding.subject}（产品 {about.product}）"
        f"至 {due} 未全部收回："
        f"应收回 {finding.limit} 元，已收回或冲抵 {finding.observed} 元（{basis_zh(finding)}）。"
    )
    en = (
        f"By {due} prepayment {finding.subject} to hospital {about.hospital} for product "
        f"{about.product} was not back: {finding.observed} of {finding.limit} yuan were returned "
        f"or offset ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="预付款逾期未收回",
    title_en="Prepayment not returned in time",
    record=Prepayment,
    accused=("hospital",),
    unit="prepayment",
    values=(*RETURN, TOLERANCE, "prepayments_told_since"),
    judge=judge,
    words=words,
)

"""What was paid in advance pays for the goods of its agreement, and for nothing else.

TJ 三（二）, 作为定点医疗机构向企业支付药品采购款的周转金，专款专用. All prepayments for an
agreement are held together against what was paid for its product from the end of the first one's
day until they had to be back, or were: but never against more than could be paid, for nobody can
spend on goods that did not come, or went back.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import About, Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.account_terms import TOLERANCE, AccountTerms
from services.compliance.law.money import less, yuan
from services.compliance.law.prepayment_terms import RETURN
from services.compliance.policies.policy import Policy
from services.compliance.records.statement import Statement, Use
from shared.domain import calendar

NAME = "prepayment-use"


def judge(record: Statement, terms: AccountTerms, now: datetime) -> Iterator[Outcome]:
    """Find agreements whose prepayments were used for something else, or not at all."""
    for use in record.book.uses if record.book is not None else ():
        policy = terms.policy_on(use.day)
        if NAME not in policy.rules or use.until < calendar.start_of(policy.in_force):
            continue
        limit = min(use.prepaid, use.could)
        if less(limit, use.used) <= terms.tolerance:
            continue
        if now <= use.until:
            yield Watch(use.until)
        else:
            yield _finding(use, terms, policy)


def _finding(use: Use, terms: AccountTerms, policy: Policy) -> Finding:
    months = policy.term("return_months")
    return Finding(
        subject=use.agreement,
        anchor="use",
        about=About(use.product, terms.area_on(use.until), terms.payer, None, terms.payee),
        policy=policy,
        occurred_at=use.until,
        cured_at=use.until,
        observed=yuan(use.used),
        limit=yuan(min(use.prepaid, use.could)),
        terms=(months, policy.term(TOLERANCE)),
        limits=(months,),
        evidence=use.evidence,
        heard_by=terms.heard_by(use.until, use.told),
        details={"prepaid": yuan(use.prepaid), "could": yuan(use.could)},
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, details, until = finding.about, finding.details, shanghai(finding.occurred_at)
    zh = (
        f"医疗机构 {about.hospital} 就协议 {finding.subject}（产品 {about.product}）收到预付款 "
        f"{details['prepaid']} 元，至 {until} 可用于支付配送企业 {about.distributor} 的货款 "
        f"{details['could']} 元，应支付 {finding.limit} 元，实际支付 {finding.observed} 元"
        f"（{basis_zh(finding)}）。"
    )
    en = (
        f"Of {details['prepaid']} yuan prepaid to hospital {about.hospital} for agreement "
        f"{finding.subject} on product {about.product}, {finding.limit} could be paid to "
        f"distributor {about.distributor} by {until}; {finding.observed} were "
        f"({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="预付款未专款专用",
    title_en="Prepayment not used for its goods",
    record=Statement,
    accused=("hospital",),
    unit="use",
    values=(*RETURN, TOLERANCE, "payments_told_since"),
    takes=("owed", "advance", "use"),
    judge=judge,
    words=words,
)

"""A hospital settles with its supplier by the end of the month after the acceptance.

SX 八（一）¶2, 结清时间不得超过交货验收合格后次月底. The clock is that of 验收: no invoice is
needed, and a cancelled order's accepted goods are owed all the same. Each receipt is owed at the
lowest price above 0 that order, selection and invoices name, less what went back, so that only
money that nobody can dispute is late. What a payment names comes first; what names nothing pays the
oldest receipt of that supplier. 次月底 is a day of the calendar, and never moves for a holiday.
Receipts of before payments were told are no claims.
"""

from collections.abc import Iterator
from datetime import datetime
from functools import partial

from services.compliance.findings.finding import Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.account_terms import SETTLED_WITHIN, TOLERANCE, AccountTerms
from services.compliance.law.filling import value_at
from services.compliance.law.money import yuan
from services.compliance.law.settling import paid_at
from services.compliance.policies.policy import Policy
from services.compliance.records.account import SUPPLY
from services.compliance.records.statement import Settling, Statement
from shared.domain import ids

NAME = "late-settlement"


def judge(record: Statement, terms: AccountTerms, now: datetime) -> Iterator[Outcome]:
    """Find the receipts of a month that were not paid by the end of the next."""
    if record.book is None or terms.leg != SUPPLY:
        return
    if record.book.waits is not None and now <= record.book.waits:
        yield Watch(record.book.waits)
    for _, late in record.of_claims(NAME, terms.under, partial(_late, terms)):
        if late is not None:
            yield late if late.occurred_at < now else Watch(late.occurred_at)


def _late(terms: AccountTerms, settling: Settling) -> Finding | None:
    """Give what is found of a receipt once it is due; None if it was paid by then."""
    policy = terms.policy_on(settling.claim.day)
    due = terms.settlement_due(settling.claim)
    if due is None or NAME not in policy.rules:
        return None
    paid = paid_at(settling, terms.tolerance)
    if paid is not None and paid <= due:
        return None
    return _finding(settling, terms, policy, due, paid)


def _finding(
    settling: Settling,
    terms: AccountTerms,
    policy: Policy,
    due: datetime,
    paid: datetime | None,
) -> Finding:
    claim = settling.claim
    months = policy.term(SETTLED_WITHIN)
    return Finding(
        subject=ids.pair(claim.order, claim.receipt),
        anchor="settlement",
        about=terms.about(claim),
        policy=policy,
        occurred_at=due,
        cured_at=paid,
        observed=yuan(value_at(settling.left, due)),
        limit=yuan(value_at(claim.amounts, due)),
        terms=(months, policy.term(TOLERANCE), policy.term("payments_told_since")),
        limits=(months,),
        evidence=claim.evidence,
        heard_by=terms.heard_by(due, claim.told),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, due = finding.about, shanghai(finding.occurred_at)
    receipt = ids.parts(finding.subject)[1]
    zh = (
        f"医疗机构 {about.hospital} 至 {due} 未结清配送企业 {about.distributor} 的货款："
        f"订单 {about.order} 验收单 {receipt}，产品 {about.product}，应付 {finding.limit} 元，"
        f"尚欠 {finding.observed} 元（{basis_zh(finding)}）。"
    )
    en = (
        f"By {due} hospital {about.hospital} had not settled with distributor {about.distributor} "
        f"for receipt {receipt} of order {about.order}, product {about.product}: "
        f"{finding.observed} of {finding.limit} yuan were left to pay ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="货款逾期未结清",
    title_en="Settled late",
    record=Statement,
    accused=("hospital",),
    unit="receipt",
    values=(SETTLED_WITHIN, TOLERANCE, "payments_told_since"),
    takes=("owed", "settlement"),
    judge=judge,
    words=words,
)

"""Money moves on within days: from the hospital to its distributor, from there to the manufacturer.

TJ 三（一）, 医疗机构收到医保预付款5个工作日内，将相应药款拨付中选药品经营企业，…经营企业收款
3个工作日内将药款拨付中选药品生产企业. 相应药款 is read as what had been delivered by the end of the
day and not been paid, up to the prepaid sum; several prepayments for one agreement are told first
in, first out. Of what a distributor gets for a product it must pass on a share, for it keeps a fee
that the text does not know: that share is an assumption. Which payment passes which money on is
settled by filling. A prepayment without an agreement, a payment without a product are unjudged.
"""

from collections.abc import Iterator
from datetime import date, datetime
from functools import partial

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.account_terms import TOLERANCE, AccountTerms
from services.compliance.law.filling import value_at
from services.compliance.law.money import less, yuan
from services.compliance.law.periods import deadline_of_working_days
from services.compliance.law.settling import paid_at
from services.compliance.law.working_days import Provisional
from services.compliance.records.account import ONWARD
from services.compliance.records.statement import Settling, Statement

NAME = "late-onward-payment"


def judge(record: Statement, terms: AccountTerms, now: datetime) -> Iterator[Outcome]:
    """Find prepayments and payments of a month that did not move on in time."""
    if record.book is None:
        return
    if terms.leg == ONWARD:
        known = record.of_claims(NAME, terms.under, partial(_late, terms))
        late = (found for _, found in known)
    else:
        late = (_late(terms, settling) for settling in record.book.advances)
    for found in late:
        if isinstance(found, Finding) and now <= found.occurred_at:
            yield Watch(found.occurred_at)
        elif found is not None:
            yield found


def _late(terms: AccountTerms, settling: Settling) -> Finding | Missing | None:
    """Give what is found of a claim once it is due; None if it was paid by then, or is not judged.

    Of the second leg that rests on the claim and its policies alone.
    """
    claim, is_second = settling.claim, terms.leg == ONWARD
    policy = terms.policy_on(claim.day)
    if NAME not in policy.rules:
        return None
    days = policy.term("distributor_onward_workdays" if is_second else "hospital_onward_workdays")
    day = date.fromordinal(claim.day)
    due = deadline_of_working_days(day, int(policy.number(days.name)), terms.calendar)
    if isinstance(due, Provisional):
        return due.missing
    paid = paid_at(settling, terms.tolerance)
    if paid is not None and paid <= due:
        return None
    left, need = value_at(settling.left, due), claim.amounts[0][1]
    limits = (days, policy.term("onward_share")) if is_second else (days,)
    return Finding(
        subject=claim.order,
        anchor="onward",
        about=_about(settling, terms, due),
        policy=policy,
        occurred_at=due,
        cured_at=paid,
        observed=yuan(left if is_second else less(need, left)),
        limit=yuan(need),
        terms=(*limits, policy.term(TOLERANCE)),
        limits=limits,
        evidence=claim.evidence,
        heard_by=terms.heard_by(due, claim.told),
    )


def _about(settling: Settling, terms: AccountTerms, due: datetime) -> About:
    """Give the parties: of a prepayment those of the account, in the area of the day it is due."""
    if terms.leg == ONWARD:
        return terms.about(settling.claim)
    product = settling.claim.product
    return About(product, terms.area_on(due), terms.payer, None, terms.payee)


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, due = finding.about, shanghai(finding.occurred_at)
    what, product = finding.subject, about.product
    if about.hospital is None:
        zh = (
            f"配送企业 {about.distributor} 收到产品 {product} 的货款 {what} 后，"
            f"至 {due} 未全部拨付生产企业 {about.manufacturer}：应拨付 {finding.limit} 元，"
            f"尚欠 {finding.observed} 元（{basis_zh(finding)}）。"
        )
        en = (
            f"By {due} distributor {about.distributor} had not passed payment {what} for product "
            f"{product} on to manufacturer {about.manufacturer}: {finding.observed} of "
            f"{finding.limit} yuan were left ({basis_en(finding)})."
        )
    else:
        zh = (
            f"医疗机构 {about.hospital} 收到预付款 {what} 后，"
            f"至 {due} 未将相应药款全部拨付经营企业 {about.distributor}（产品 {product}）："
            f"应拨付 {finding.limit} 元，已拨付 {finding.observed} 元（{basis_zh(finding)}）。"
        )
        en = (
            f"By {due} hospital {about.hospital} had not paid distributor {about.distributor} what "
            f"it owed for product {product} from prepayment {what}: {finding.observed} of "
            f"{finding.limit} yuan were paid ({basis_en(finding)})."
        )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="货款未按时逐级拨付",
    title_en="Money passed on late",
    record=Statement,
    accused=("hospital", "distributor"),
    unit="payment",
    values=(
        "hospital_onward_workdays",
        "distributor_onward_workdays",
        "onward_share",
        TOLERANCE,
        "payments_told_since",
        "onward_told_since",
    ),
    takes=("owed", "advance", "passed_on"),
    judge=judge,
    words=words,
)

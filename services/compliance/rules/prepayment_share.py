"""The fund prepays a share of what hospitals agreed to buy.

SX 八（一）¶1, 药品按…年度约定采购金额的50%预付…医用耗材按…30%: of all agreements of a hospital that
start in a calendar year, category by category. The text names no day; by the end of the last of
them, after a year at most, the year is over. TJ 三（二）, 首次预付比例50%…第二次预付比例50%: half
of each agreement within days of its signing that are assumed, the rest within six months.
Prepayments fill first what they name, then what is due first; what goes back later was prepaid all
the same. The duty is that of an authority: nothing here is above a warning.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.account_terms import TOLERANCE
from services.compliance.law.filling import value_at
from services.compliance.law.funding_terms import FundingTerms
from services.compliance.law.money import less, yuan
from services.compliance.law.shares import Filled
from services.compliance.law.working_days import Provisional
from services.compliance.policies.policy import Policy
from services.compliance.records.funding import Funding
from shared.domain import calendar

NAME = "prepayment-share"


def judge(record: Funding, terms: FundingTerms, now: datetime) -> Iterator[Outcome]:
    """Find shares that were not prepaid when they were due."""
    for found in terms.shares(record, NAME):
        if isinstance(found, Missing):
            yield found
        else:
            yield from _outcome(*found, terms, now)


def _outcome(
    policy: Policy, filled: Filled, terms: FundingTerms, now: datetime
) -> Iterator[Outcome]:
    share, tolerance = filled.share, terms.tolerance
    if isinstance(share.due, Provisional):
        yield share.due.missing
        return
    if share.unknown or share.due < calendar.start_of(policy.in_force):
        return
    paid = next((at for at, left in filled.left if left <= tolerance), None)
    if paid is not None and paid <= share.due:
        return
    if now <= share.due:
        yield Watch(share.due)
        return
    told = max(pledge.told for _, pledge in share.pledged)
    product = None if share.agreement is None else share.pledged[0][0]
    yield Finding(
        subject=terms.hospital if share.agreement is None else share.agreement,
        anchor=share.anchor,
        about=About(product, terms.area_on(share.due), terms.hospital),
        policy=policy,
        occurred_at=share.due,
        cured_at=paid,
        observed=yuan(less(share.amount, value_at(filled.left, share.due))),
        limit=yuan(share.amount),
        terms=(*share.limits, policy.term(TOLERANCE)),
        limits=share.limits,
        evidence=tuple(fact for _, pledge in share.pledged[:SHOWN] for fact in pledge.evidence),
        heard_by=terms.heard_by(share.due, told),
        details={"agreements": len(share.pledged)},
    )


SHOWN = 100
"""How many agreements are shown as evidence; those of a hospital's year can be hundreds."""


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, due = finding.about, shanghai(finding.occurred_at)
    if about.product is None:
        category, _, year = finding.anchor.partition(":")
        zh_what = f"{year} 年{'药品' if category == 'drug' else '医用耗材'}采购协议"
        en_what = f"the agreements on {category}s of {year}"
    else:
        which = {"first": ("首次", "first"), "second": ("第二次", "second")}[finding.anchor]
        zh_what = f"产品 {about.product} 的协议 {finding.subject}（{which[0]}）"
        en_what = f"agreement {finding.subject} on product {about.product} ({which[1]} prepayment)"
    zh = (
        f"至 {due}，医保经办机构未按比例向医疗机构 {about.hospital} 预付{zh_what}的款项："
        f"应预付 {finding.limit} 元，已预付 {finding.observed} 元（{basis_zh(finding)}）。"
    )
    en = (
        f"By {due} hospital {about.hospital} had not been prepaid its share for {en_what}: "
        f"{finding.observed} of {finding.limit} yuan ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="预付款比例不足",
    title_en="Share not prepaid",
    record=Funding,
    accused=("authority",),
    unit="hospital",
    values=(TOLERANCE, "prepayments_told_since"),
    options=(
        "prepayment_share_drug",
        "prepayment_share_consumable",
        "first_share",
        "first_prepayment_days",
        "second_prepayment_months",
        "last_day_rolls",
    ),
    takes=("agreed",),
    judge=judge,
    words=words,
)

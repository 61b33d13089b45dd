"""An agreement is for a year at most, and at the selected price.

SX 四¶1, 采购协议每年一签, and 六, 按中选价格; TJ 三（一）, 按中选价格签订带量购销合同. A year ends
on the same day of the next one. A price above is a breach, one below is to be explained; so is all
of it where the agreement began before the notice, which had not said so then. Both last as long as
the agreement does, or until it is told otherwise.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.agreements import Agreed
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.periods import year_after
from services.compliance.law.supply_period import selected_price
from services.compliance.policies.policy import Severity
from services.compliance.records.commitment import Commitment
from services.compliance.records.evidence import Term, evidence_of
from shared.domain import calendar

NAME = "agreement-terms"


class Wrong(NamedTuple):
    """What of an agreement is not as it should be: what was agreed, and what may be."""

    anchor: str
    observed: str
    limit: Term
    lowered: Severity | None = None


def judge(_record: Commitment, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find agreements that are too long, or at another price."""
    for agreed in terms.agreed(NAME):
        if isinstance(agreed, Missing):
            yield agreed
            continue
        for wrong in (_too_long(agreed), _at_another_price(agreed)):
            if wrong is not None:
                yield from _outcome(wrong, agreed, terms, now)


def _too_long(agreed: Agreed) -> Wrong | None:
    held, latest = agreed.agreement, year_after(agreed.agreement.start)
    if held.end <= latest:
        return None
    limit = Term("longest_agreement", f"{latest}", "clause", agreed.policy.id)
    return Wrong("duration", f"{held.end}", limit)


def _at_another_price(agreed: Agreed) -> Wrong | None:
    price, cycle = agreed.agreement.unit_price, agreed.cycle
    if price is None or price == cycle.selected_price:
        return None
    is_below = price < cycle.selected_price
    return Wrong("price", f"{price:f}", selected_price(cycle), "explain" if is_below else None)


def _outcome(
    wrong: Wrong, agreed: Agreed, terms: CommitmentTerms, now: datetime
) -> Iterator[Outcome]:
    start, held = calendar.start_of(agreed.first), agreed.agreement
    if now < start:
        yield Watch(start)
        return
    if now < agreed.end:
        yield Watch(agreed.end)
    maker, distributor = agreed.cycle.manufacturer, held.distributor
    yield terms.finding(
        About(terms.product, hospital=terms.hospital, manufacturer=maker, distributor=distributor),
        (start, agreed.end),
        agreed,
        now,
        wrong.anchor,
        observed=wrong.observed,
        limit=wrong.limit.value,
        terms=(wrong.limit,),
        limits=(wrong.limit,),
        evidence=evidence_of(held, agreed.cycle),
        lowered="explain" if agreed.before_notice else wrong.lowered,
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, observed, limit = finding.about, finding.observed, finding.limit
    name, zh_basis, en_basis = finding.subject, basis_zh(finding), basis_en(finding)
    zh = f"医疗机构 {about.hospital} 采购产品 {about.product} 的协议 {name}"
    en = f"Agreement {name} of hospital {about.hospital} for product {about.product}"
    if finding.anchor == "duration":
        zh += f" 期限超过一年：有效至 {observed} 前，最迟应至 {limit} 前（{zh_basis}）。"
        en += f" is for more than a year: it ends on {observed}, and may on {limit} ({en_basis})."
    else:
        zh += f" 未按中选价格签订：协议单价 {observed} 元，中选价格 {limit} 元（{zh_basis}）。"
        en += f" is not at the selected price: {observed} yuan, not {limit} ({en_basis})."
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="采购协议期限或价格不符",
    title_en="Agreement longer than a year, or at another price",
    record=Commitment,
    accused=("hospital",),
    unit="agreement",
    values=(),
    judge=judge,
    words=words,
    lowers=("explain",),
)

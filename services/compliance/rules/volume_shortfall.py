"""What was agreed must be taken by the agreement's end.

SX 七, 确保完成约定采购量; TJ 三（四）, 确保1年内完成合同用量. Counted is what the hospital accepted
of the product on the agreement's days, less what it returned. What comes afterwards counts for the
next agreement, so nothing can cure it. Where the supplier's failing on orders of those days makes
the difference it is to be explained: repeated tries count each. Not judged where the product was
withdrawn before the end.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.agreements import Agreed
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.order_terms import DELIVERY_HOURS
from services.compliance.law.periods import days_after
from services.compliance.records.commitment import Commitment
from services.compliance.records.evidence import evidence_of

NAME = "volume-shortfall"
SHOWN = 100
"""How many failed orders are shown as evidence."""


def judge(record: Commitment, terms: CommitmentTerms, now: datetime) -> Iterator[Outcome]:
    """Find agreements that ended with less taken than agreed."""
    for agreed in terms.agreed(NAME):
        if isinstance(agreed, Missing):
            yield agreed
        elif agreed.withdrawn >= agreed.agreement.end:
            yield from _judged(agreed, record, terms, now)


def _judged(
    agreed: Agreed, record: Commitment, terms: CommitmentTerms, now: datetime
) -> Iterator[Outcome]:
    held, end = agreed.agreement, agreed.end
    first, until = held.start.toordinal(), held.end.toordinal()
    accepted = record.accepted_between(first, until)
    if accepted >= held.quantity:
        return
    if now <= end:
        yield Watch(end, silent=True)
        return
    failed = {
        order: dealing.failed
        for order, dealing in sorted(record.dealings.items())
        if dealing.failed and first <= dealing.day < until and dealing.failed.at <= end
    }
    missing = sum(order.missing_by(held.end) for order in failed.values())
    explained = accepted + missing >= held.quantity
    heard = [terms.heard_by(end, held.telling.told)]
    yield terms.finding(
        About(
            terms.product,
            terms.area_on(days_after(held.end, -1)),
            terms.hospital,
            agreed.cycle.manufacturer if explained else None,
        ),
        (end, end),
        agreed,
        now,
        "shortfall",
        observed=accepted,
        limit=held.quantity,
        terms=(agreed.quantity,),
        limits=(agreed.quantity,),
        evidence=(
            *evidence_of(held, agreed.cycle),
            *(fact for order in [*failed.values()][:SHOWN] for fact in order.evidence),
        ),
        heard_by=max([*heard, *(order.heard_by for order in failed.values())]),
        details={"failed": missing, "orders": list(failed)},
        lowered="explain" if explained else None,
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, taken, agreed = finding.about, finding.observed, finding.limit
    failed, orders = finding.details["failed"], len(finding.details["orders"])
    zh = (
        f"医疗机构 {about.hospital} 采购产品 {about.product} 的协议 {finding.subject} 期满，"
        f"未完成约定采购量：约定 {agreed}，已验收 {taken}，缺 {agreed - taken}"
        f"（{basis_zh(finding)}）。"
    )
    en = (
        f"Agreement {finding.subject} of hospital {about.hospital} for product {about.product} "
        f"ended {agreed - taken} short: agreed {agreed}, accepted {taken} ({basis_en(finding)})."
    )
    if about.manufacturer is not None:
        zh += f"供应方未履行的 {orders} 笔订单缺货 {failed}，足以弥补差额，须说明原因。"
        en += f" Orders that the supplier failed on, {orders}, lack {failed}: that explains it."
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="未完成约定采购量",
    title_en="Agreed volume not taken",
    record=Commitment,
    accused=("hospital",),
    unit="commitment",
    values=("excused_reasons", *DELIVERY_HOURS),
    takes=("failed",),
    judge=judge,
    words=words,
    lowers=("explain",),
)

"""Within the agreed volume no order may be refused.

SX 七, 确保在采购周期内及时满足医疗机构的采购需求; 四¶3 in the bridge; TJ 三（三）. A refusal is
an act, not a state: it opens and ends at the rejection. A hospital's own error excuses it (an
assumption). Under TJ the duty is the agreement's: without one in force nothing is owed.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import Finding, Outcome, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import breach_words
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.records.commitment import Breach, Commitment

NAME = "supply-refusal"
BREACHES: tuple[Breach, ...] = ("refused",)


def judge(record: Commitment, terms: CommitmentTerms, _now: datetime) -> Iterator[Outcome]:
    """Find orders within the volume that were refused."""
    return terms.within(record, NAME, BREACHES)


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    zh, en = breach_words(finding)
    agreed, accepted = finding.details["agreed"], finding.details["accepted"]
    if agreed is None:
        return f"{zh}当日无有效协议。", f"{en} No agreement was in force on that day."
    return (
        f"{zh}协议量 {agreed}，当日之前已验收 {accepted}，未超出协议量。",
        f"{en} Of the agreed {agreed}, {accepted} had been accepted before that day: within.",
    )


RULE = Rule(
    name=NAME,
    title_zh="拒绝供应",
    title_en="Order refused",
    record=Commitment,
    accused=("manufacturer",),
    unit="order",
    values=("excused_reasons",),
    takes=BREACHES,
    judge=judge,
    words=words,
)

"""Within the agreed volume no order may be refused.

SX 七, 确保在采购周期内及时满足医疗机构的采购需求; 四¶3 in the bridge; TJ 三（三）. A refusal is
an act, not a state: it opens and ends at the rejection. A hospital's own error excuses it (an
assumption). Under TJ the duty is the agreement's: without one in force nothing is owed.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.explain import breach_words
from services.compliance.records.commitment import Breach, Commitment
from services.compliance.rule import Missing, Outcome, Rule
from services.compliance.terms import CommitmentTerms

NAME = "supply-refusal"
BREACHES: tuple[Breach, ...] = ("refused",)


def judge(record: Commitment, terms: CommitmentTerms, _now: datetime) -> Iterator[Outcome]:
    """Find orders within the volume that were refused."""
    for case in terms.cases(record, NAME, BREACHES):
        if isinstance(case, Missing):
            yield case
        elif case.volume.owed:
            yield terms.finding(case)


RULE = Rule(
    name=NAME,
    title_zh="拒绝供应",
    title_en="Order refused",
    record="commitment",
    values=("excused_reasons",),
    judge=judge,
    words=breach_words,
)

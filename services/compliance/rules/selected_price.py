"""Nothing may be charged above the selected price.

SX 四 and 六, 按中选价格; TJ 三（一）, 按中选价格签订带量购销合同. The unit price of the order,
or of an invoice on it, is compared with the selected price of the cycle in whose stretch the order
was placed, whatever became of the order. Beyond the volume, `beyond-volume-supply` says it.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import Outcome
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import breach_words
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.records.commitment import Breach, Commitment

NAME = "selected-price"
BREACHES: tuple[Breach, ...] = ("overpriced",)


def judge(record: Commitment, terms: CommitmentTerms, _now: datetime) -> Iterator[Outcome]:
    """Find orders within the volume that were priced or invoiced above the selected price."""
    return terms.within(record, NAME, BREACHES)


RULE = Rule(
    name=NAME,
    title_zh="高于中选价格",
    title_en="Charged above the selected price",
    record=Commitment,
    accused=("manufacturer",),
    unit="order",
    values=(),
    takes=BREACHES,
    judge=judge,
    words=breach_words,
)

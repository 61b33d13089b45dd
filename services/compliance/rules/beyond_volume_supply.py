"""Beyond the agreed volume the winner goes on supplying, at the selected price.

SX 四¶1, 超出协议采购量的部分，中选企业仍应按中选价格进行供应，直至采购周期届满. An order is
beyond if its agreement is in force on its day and what was accepted, less returned, on the days
before reaches the agreed quantity: platforms count volume on acceptance (验收; a reading).
Refused, overpriced and undelivered are the three ways to break the clause.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import Finding, Outcome, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import breach_words
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.order_terms import DELIVERY_HOURS
from services.compliance.records.commitment import Breach, Commitment

NAME = "beyond-volume-supply"
BREACHES: tuple[Breach, ...] = ("refused", "overpriced", "undelivered")


def judge(record: Commitment, terms: CommitmentTerms, _now: datetime) -> Iterator[Outcome]:
    """Find orders beyond the volume that were refused, overpriced or left undelivered."""
    return terms.beyond(record, NAME, BREACHES)


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    agreed, accepted = finding.details["agreed"], finding.details["accepted"]
    zh, en = breach_words(finding)
    beyond = (
        f"Of the agreed {agreed}, {accepted} had been accepted: the order is beyond the volume "
        f"and still due at the selected price."
    )
    return f"协议量 {agreed} 已验收 {accepted}，超出部分仍应按中选价格供应；{zh}", f"{beyond} {en}"


RULE = Rule(
    name=NAME,
    title_zh="超出协议量部分未按中选价格供应",
    title_en="Supply beyond the agreed volume refused, overpriced or not made",
    record=Commitment,
    accused=("manufacturer",),
    unit="order",
    values=("excused_reasons", "stock_out_after_days", *DELIVERY_HOURS),
    takes=BREACHES,
    judge=judge,
    words=words,
)

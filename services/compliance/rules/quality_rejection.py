"""Quality does not fall with the price: hospitals reject nothing for its quality.

SX 七, 加强质量管理; TJ 三（三）, 坚决防范因价格下降而降低药品质量. Neither text names a share, so
nothing here is above a warning. Month by month, by the day of inspection, what was rejected for a
reason that names quality is held against all that was inspected. A rejection without a reason, or
of what was damaged, is none of the maker's quality; returns say nothing of acceptance.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import About, Finding, Outcome, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.exact import exact, shown
from services.compliance.law.month_runs import Verdict
from services.compliance.law.periods import Month
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.tally_runs import Counted, of_month, say_runs
from services.compliance.policies.policy import Policy
from services.compliance.records.supply import QUALITY, Supply, Tally

NAME = "quality-rejection"


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the runs of months in which too much was rejected for its quality."""
    for policy in terms.policies(NAME):
        for (manufacturer, _), months in record.of(QUALITY, policy.id).items():
            about = About(terms.product, manufacturer=manufacturer)
            yield from say_runs(_counted(about, months, policy), terms, now)


def _counted(about: About, months: dict[int, Tally], policy: Policy) -> Counted:
    judged = {
        Month.numbered(number): _verdict(tally, of_month(policy, Month.numbered(number)))
        for number, tally in months.items()
        if tally.whole
    }
    limits = ("quality_ratio", "quality_reasons")
    return Counted(policy, about, f"{about.manufacturer}:", judged, limits)


def _verdict(tally: Tally, policy: Policy) -> Verdict:
    allowed = exact(policy, "quality_ratio") * tally.whole
    return Verdict(tally.part > allowed, tally.part, shown(allowed))


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, row = finding.about, finding.details["in_a_row"]
    last = finding.details["months"][-1]["month"]
    zh = (
        f"{about.manufacturer} 的产品 {about.product} 连续 {row} 个月因质量被拒收："
        f"{last} 因质量拒收 {finding.observed}，限 {finding.limit}（{basis_zh(finding)}）。"
    )
    en = (
        f"Months in a row in which product {about.product} of {about.manufacturer} was rejected "
        f"for its quality: {row}. In {last}: {finding.observed}, and no more than "
        f"{finding.limit} may be ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="因质量被拒收",
    title_en="Rejected for its quality",
    record=Supply,
    accused=("manufacturer",),
    unit="product",
    values=("quality_ratio", "quality_reasons"),
    takes=("quality",),
    judge=judge,
    words=words,
    interval=True,
)

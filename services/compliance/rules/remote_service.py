"""Remote hospitals are served on time about as often as the others.

SX 七, 应加强偏远地区配送保障. The text names no gap, so nothing here is above a warning. Month by
month the orders that had come in full when they were due are compared between remote hospitals and
the others; remote orders have the longer hours already, and the gap comes on top. Months with few
orders on either side say nothing.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import About, Finding, Outcome, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh
from services.compliance.law.exact import exact, shown
from services.compliance.law.month_runs import MonthRun, Verdict
from services.compliance.law.order_terms import DELIVERY_HOURS
from services.compliance.law.periods import Month
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.tally_runs import Counted, of_month, say_runs
from services.compliance.policies.policy import Policy
from services.compliance.records.supply import NEAR, PUNCTUAL, REMOTE, Supply, Tally

NAME = "remote-service"
Months = dict[int, Tally]


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the runs of months in which remote hospitals were served worse than the others."""
    for policy in terms.policies(NAME):
        tallies = record.of(PUNCTUAL, policy.id)
        for manufacturer in sorted({maker for maker, _ in tallies}):
            far = tallies.get((manufacturer, REMOTE), {})
            near = tallies.get((manufacturer, NEAR), {})
            about = About(terms.product, manufacturer=manufacturer)
            yield from say_runs(_counted(about, far, near, terms, policy), terms, now)


def _counted(
    about: About, far: Months, near: Months, terms: ProductTerms, policy: Policy
) -> Counted:
    def heard_by(run: MonthRun) -> datetime:
        last = run.months[-1][0]
        numbers = [month.number for month, _ in run.months]
        told = max(max(far[number].told, near[number].told) for number in numbers)
        return terms.heard_by(last.end, told)

    verdicts = {
        month: _verdict(far[number], near[number], of_month(policy, month))
        for number in far.keys() & near.keys()
        for month in (Month.numbered(number),)
    }
    judged = {month: verdict for month, verdict in verdicts.items() if verdict is not None}
    return Counted(
        policy,
        about,
        f"{about.manufacturer}:",
        judged,
        ("remote_gap",),
        ("remote_min_orders",),
        heard_by=heard_by,
    )


def _verdict(far: Tally, near: Tally, policy: Policy) -> Verdict | None:
    """Compare the two groups of a month; None where either has few orders."""
    if min(far.orders, near.orders) < policy.number("remote_min_orders"):
        return None
    gap = exact(policy, "remote_gap")
    behind = near.part * far.orders - far.part * near.orders
    seen = {"r": far.part, "R": far.orders, "o": near.part, "O": near.orders}
    return Verdict(behind > gap * far.orders * near.orders, seen, shown(gap))


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, seen, row = finding.about, finding.observed, finding.details["in_a_row"]
    last = finding.details["months"][-1]["month"]
    zh = (
        f"{about.manufacturer} 的产品 {about.product} 连续 {row} 个月对偏远地区配送较差："
        f"{last} 应到货的订单，偏远医疗机构 {seen['R']} 笔中按时 {seen['r']} 笔，"
        f"其他医疗机构 {seen['O']} 笔中按时 {seen['o']} 笔，"
        f"按时率差距超过 {finding.limit}（{basis_zh(finding)}）。"
    )
    en = (
        f"Months in a row in which remote hospitals were served worse with product "
        f"{about.product} of {about.manufacturer}: {row}. Of what was due in {last}, "
        f"{seen['r']} of {seen['R']} remote orders and {seen['o']} of {seen['O']} others were on "
        f"time, a gap above {finding.limit} ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="偏远地区配送较差",
    title_en="Remote hospitals served worse",
    record=Supply,
    accused=("manufacturer",),
    unit="product",
    values=("remote_gap", "remote_min_orders", "excused_reasons", *DELIVERY_HOURS),
    takes=("punctual",),
    judge=judge,
    words=words,
    interval=True,
)

"""What is ordered comes: month by month at least nine tenths of it, for each maker and area.

SX 七, 及时满足医疗机构的采购需求, 配送到位; practice counts 配送率 = 入库数量 ÷ 订购数量. The text
names no rate, so nothing here is above a warning. An order belongs to the month in which its
delivery was due; what had come some days after that counts, and never more than was ordered. What
the hospital took back in time, or the supplier refused for a reason that excuses it, is left out. A
month with few orders says nothing.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

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
from services.compliance.records.supply import DELIVERED, Supply, Tally

NAME = "short-delivery"


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the runs of months in which too little of what was ordered had come."""
    for policy in terms.policies(NAME):
        for (manufacturer, area), months in record.of(DELIVERED, policy.id).items():
            about = About(terms.product, area, manufacturer=manufacturer)
            yield from say_runs(_counted(about, months, terms, policy), terms, now)


def _counted(
    about: About, months: dict[int, Tally], terms: ProductTerms, policy: Policy
) -> Counted:
    def judged_at(month: Month) -> datetime:
        after = of_month(policy, month).number("stock_out_after_days")
        return month.end + timedelta(days=after)

    def heard_by(run: MonthRun) -> datetime:
        last = run.months[-1][0]
        told = max(months[month.number].told for month, _ in run.months)
        return terms.heard_by(judged_at(last), told)

    verdicts = {
        month: _verdict(tally, of_month(policy, month))
        for number, tally in months.items()
        for month in (Month.numbered(number),)
    }
    judged = {month: verdict for month, verdict in verdicts.items() if verdict is not None}
    return Counted(
        policy,
        about,
        f"{about.manufacturer}:{about.area}:",
        judged,
        ("delivery_rate", "stock_out_after_days"),
        ("rate_min_orders",),
        judged_at,
        heard_by,
    )


def _verdict(tally: Tally, policy: Policy) -> Verdict | None:
    """Hold what had come of a month's orders against the rate; None where they are few."""
    if tally.orders < policy.number("rate_min_orders"):
        return None
    rate = exact(policy, "delivery_rate")
    short = tally.part * rate.denominator < rate.numerator * tally.whole
    return Verdict(short, {"delivered": tally.part, "ordered": tally.whole}, shown(rate))


def words(finding: Finding) -> Words:
    """Explain in Chinese and English; three bad months in a row come first (practice)."""
    about, seen, row = finding.about, finding.observed, finding.details["in_a_row"]
    last = finding.details["months"][-1]["month"]
    zh = (
        f"连续 {row} 个月配送不足：{about.manufacturer} 的产品 {about.product} "
        f"在统筹区 {about.area}，{last} 应到货的订单共订购 {seen['ordered']}，"
        f"到货 {seen['delivered']}，"
        f"配送率低于 {finding.limit}（{basis_zh(finding)}）。"
    )
    en = (
        f"Months in a row with too little delivered: {row}. Of product {about.product} of "
        f"{about.manufacturer} in area {about.area}, {seen['delivered']} of {seen['ordered']} that "
        f"were due in {last} had come, a rate below {finding.limit} ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="配送率不足",
    title_en="Too little of what was ordered delivered",
    record=Supply,
    accused=("manufacturer",),
    unit="area",
    values=(
        "delivery_rate",
        "rate_min_orders",
        "stock_out_after_days",
        "excused_reasons",
        *DELIVERY_HOURS,
    ),
    takes=("delivered",),
    judge=judge,
    words=words,
    interval=True,
)

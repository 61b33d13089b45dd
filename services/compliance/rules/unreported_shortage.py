"""A stock-out must have been reported as a shortage, or as a stop of production.

防止断药 and 停产报告制度 (TJ 四（二）, 三（三）). Neither text demands a shortage report; the
mission of this software does, so nothing here is above a warning. Unreported stock-outs of one
product and area that lie less than the episode gap apart are one episode.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from services.compliance.findings.finding import About, Finding, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.order_terms import DELIVERY_HOURS
from services.compliance.law.product_terms import ProductTerms
from services.compliance.policies.policy import Policy
from services.compliance.records.supply import StockOut, Supply
from shared.domain import calendar

NAME = "unreported-shortage"
SHOWN = 100
"""How many stock-outs of an episode are shown as evidence; an episode can have thousands."""


def judge(record: Supply, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the episodes of unreported stock-outs, area by area."""
    for policy in terms.policies(NAME):
        unreported = [
            out
            for out in record.stock_outs.values()
            if terms.in_force(policy, date.fromordinal(out.day))
            and not _reported(out, record, policy)
        ]
        for area in sorted({out.area for out in unreported}):
            there = [out for out in unreported if out.area == area]
            for episode in _episodes(there, policy):
                yield from _outcome(episode, terms, policy, now)


def _values(policy: Policy, out: StockOut) -> Policy:
    """Give the policy with the values of the day on which the order was placed."""
    return policy.on(date.fromordinal(out.day))


def _over(out: StockOut, policy: Policy) -> datetime:
    """Give when a stock-out is over if no other follows."""
    return out.at + timedelta(days=_values(policy, out).number("episode_gap_days"))


def _reported(out: StockOut, record: Supply, policy: Policy) -> bool:
    """Whether some report that covers the area and the day was told in time."""
    told_by = out.at + timedelta(hours=_values(policy, out).number("report_grace_hours"))
    day = calendar.day_of(out.at)
    return any(
        report.claimed <= told_by and report.covers(out.area, day)
        for report in record.reports.values()
    )


def _episodes(outs: list[StockOut], policy: Policy) -> Iterator[list[StockOut]]:
    """Join stock-outs that lie less than the gap apart."""
    episode: list[StockOut] = []
    for out in sorted(outs, key=lambda out: (out.at, out.order)):
        if episode and out.at >= _over(episode[-1], policy):
            yield episode
            episode = []
        episode.append(out)
    if episode:
        yield episode


def _outcome(
    episode: list[StockOut], terms: ProductTerms, policy: Policy, now: datetime
) -> Iterator[Outcome]:
    first, end = episode[0], _over(episode[-1], policy)
    if end > now:
        yield Watch(end)
    values = _values(policy, first)
    grace = values.term("report_grace_hours")
    used = dict.fromkeys(term for out in episode[:SHOWN] for term in out.terms)
    yield terms.finding(
        About(terms.product, first.area, manufacturer=first.manufacturer),
        (first.at, end),
        policy,
        now,
        observed={"orders": len(episode), "hospitals": len({out.hospital for out in episode})},
        limit=grace.value,
        terms=(grace, values.term("episode_gap_days"), *used),
        limits=(grace,),
        evidence=tuple(fact for out in episode[:SHOWN] for fact in out.evidence),
        heard_by=max(out.heard_by for out in episode),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about, since, seen = finding.about, shanghai(finding.occurred_at), finding.observed
    zh = (
        f"自 {since} 起，产品 {about.product} 在统筹区 {about.area} 断供（缺货拒单或逾期未供）："
        f"{seen['orders']} 笔订单、"
        f"{seen['hospitals']} 家医疗机构受影响，且未在 {finding.limit} 小时内报告短缺"
        f"（{basis_zh(finding)}）。"
    )
    en = (
        f"From {since} product {about.product} ran out in area {about.area} (orders hit: "
        f"{seen['orders']}, hospitals: {seen['hospitals']}), and no shortage was reported within "
        f"{finding.limit} hours ({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="断供未报告短缺",
    title_en="Stock-out without a shortage report",
    record=Supply,
    accused=("manufacturer",),
    unit="outage",
    values=("report_grace_hours", "episode_gap_days", "stock_out_after_days", *DELIVERY_HOURS),
    takes=("stock_out",),
    judge=judge,
    words=words,
    interval=True,
)

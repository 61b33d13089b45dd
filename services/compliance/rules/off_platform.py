"""Selected products are bought through the platform.

SX 五, 须通过省药械集中采购平台采购使用中选产品; TJ 四（二）, 按要求落实…网上采购. An order of a
selected product that says another way than the platform is found whatever became of it (`channel`).
Goods that were accepted or invoiced, and whose order nobody placed within some days, were bought
past it (`no-order`): those days are ours, so it is no more than a warning, and goods of the first
months of the feed were ordered before it.
"""

from collections.abc import Iterator
from datetime import datetime

from services.compliance.findings.finding import Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, instant_or, shanghai
from services.compliance.law.feeds import told_since
from services.compliance.law.goods_terms import GoodsTerms
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.periods import add
from services.compliance.records.evidence import Term, evidence_of
from shared.domain.records.order import Order

PLATFORM = "platform"
"""How an order says that it was placed on the platform (events.md); to say nothing says so too."""

ORDERED_BEFORE = 2
"""Goods of so many months after the feed's first day may have been ordered before it."""


def judge(_order: Order, terms: OrderTerms, _now: datetime) -> Iterator[Outcome]:
    """Find an order that was placed by another way."""
    placed = terms.placed
    if placed.channel in {None, PLATFORM}:
        return
    asked = Term("channel", PLATFORM, "clause", terms.in_force.id)
    cycle = None if terms.stretch is None else terms.stretch.cycle
    yield terms.finding(
        anchor="channel",
        occurred_at=placed.telling.time,
        cured_at=placed.telling.time,
        observed=placed.channel,
        limit=asked.value,
        terms=(asked,),
        evidence=evidence_of(placed, cycle),
    )


def judge_goods(order: Order, terms: GoodsTerms, now: datetime) -> Iterator[Outcome]:
    """Find goods that nobody had ordered some days after they came."""
    settle, days = terms.days("settle_days")
    last, placed = terms.at + days, order.placed
    if placed is not None and placed.telling.time <= last:
        return
    if now <= last:
        yield Watch(terms.heard_by(last), silent=True)
        return
    if not terms.known:
        yield Missing("product")
        return
    since, stretch = told_since(terms.in_force, "orders"), terms.stretch
    if stretch is None:
        return
    if isinstance(since, Missing):
        yield since
        return
    if terms.day < add(since.day, ORDERED_BEFORE):
        return
    ordered = None if placed is None else placed.telling.time
    yield terms.finding(
        anchor="no-order",
        occurred_at=last,
        cured_at=ordered,
        stretch=stretch,
        observed=ordered,
        limit=last,
        terms=(settle, since.term),
        limits=(settle,),
        evidence=evidence_of(terms.goods, placed, stretch.cycle),
        heard_by=terms.heard_by(last),
        lowered="warning",
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    about = finding.about
    if finding.anchor == "channel":
        at = shanghai(finding.occurred_at)
        zh = f"订单 {about.order} 于 {at} 未通过采购平台下达，采购渠道为“{finding.observed}”。"
        en = f"Order {about.order} was placed at {at} past the platform, by {finding.observed}."
        return zh, en
    zh_when, en_when = instant_or(finding.observed, "至今未下单", "never")
    due = shanghai(finding.limit)
    zh = (
        f"订单 {about.order} 的货物已验收或开票，而该订单未在 {due} 前在采购平台下达"
        f"（{basis_zh(finding)}）；下单时间：{zh_when}。"
    )
    en = (
        f"Goods of order {about.order} were accepted or invoiced, and it was not placed on the "
        f"platform by {due} ({basis_en(finding)}); placed: {en_when}."
    )
    return zh, en


RULE = Rule(
    name="off-platform",
    title_zh="未通过采购平台采购",
    title_en="Bought past the platform",
    record=Order,
    accused=("hospital",),
    unit="order",
    values=("settle_days", "orders_told_since"),
    judge=judge,
    words=words,
    judge_goods=judge_goods,
    lowers=("warning",),
)

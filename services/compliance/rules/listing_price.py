"""The platform lists a selected product at its selected price.

SX 六, 中选产品按中选价格…挂网. On each day the price holds that was listed from the latest day not
after it. Another price is found as long as it stands, above and below, in the bridge too; that
nobody has listed a price yet is not: 及时 has no number. The duty is the procurement centre's, an
authority, so nothing here is above a warning.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import About, Finding, Missing, Outcome, Watch, Words
from services.compliance.findings.rule import Rule
from services.compliance.findings.words import basis_en, basis_zh, shanghai
from services.compliance.law.intervals import intersection
from services.compliance.law.pieces import Steps, begun, cut, joined, next_change
from services.compliance.law.product_terms import ProductTerms
from services.compliance.law.supply_period import Stretch, selected_price
from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import evidence_of
from services.compliance.register.pricing import Price
from shared.domain import calendar
from shared.domain.records.record import ProductEntry

NAME = "listing-price"


class Mislisted(NamedTuple):
    """A part `[start, end)` of a stretch in which one listed price holds."""

    start: datetime
    end: datetime
    listed: Price
    stretch: Stretch


def judge(_record: ProductEntry, terms: ProductTerms, now: datetime) -> Iterator[Outcome]:
    """Find the maximal intervals in which another price was listed than the selected one."""
    prices = Steps(terms.prices(), lambda price: price.effective_on)
    for policy in terms.policies(NAME) if prices.instants else ():
        if not terms.known:
            yield Missing("product")
        for run in joined(_otherwise(prices, terms, policy)):
            yield from _outcome(run, terms, policy, now)


def _otherwise(prices: Steps[Price], terms: ProductTerms, policy: Policy) -> Iterator[Mislisted]:
    """Give the pieces of the supply period in which another price than the selected one stood."""
    days = [terms.days_in_force(policy)]
    for stretch in terms.stretches(policy):
        for judged in intersection([(stretch.start, stretch.end)], days):
            for start, end in cut(judged, prices.instants):
                listed = prices.at(start)
                if listed is not None and listed.price != stretch.cycle.selected_price:
                    yield Mislisted(start, end, listed, stretch)


def _outcome(
    run: list[Mislisted], terms: ProductTerms, policy: Policy, now: datetime
) -> Iterator[Outcome]:
    change = next_change(run, now)
    if change is not None:
        yield Watch(change)
    first, last = run[0], begun(run, now)
    if last is None:
        return
    selected = selected_price(last.stretch.cycle)
    yield terms.finding(
        About(terms.product, manufacturer=first.stretch.cycle.manufacturer),
        (first.start, run[-1].end),
        policy,
        now,
        anchor=f"{calendar.day_of(first.start)}",
        observed=f"{last.listed.price:f}",
        limit=selected.value,
        terms=(selected,),
        limits=(selected,),
        evidence=evidence_of(
            *dict.fromkeys((first.listed, last.listed, first.stretch.cycle, last.stretch.cycle))
        ),
    )


def words(finding: Finding) -> Words:
    """Explain in Chinese and English."""
    product, since = finding.about.product, shanghai(finding.occurred_at)
    zh = (
        f"中选产品 {product} 自 {since} 起在省药械集中采购平台未按中选价格挂网："
        f"挂网价 {finding.observed} 元，中选价格 {finding.limit} 元（{basis_zh(finding)}）。"
    )
    en = (
        f"From {since} selected product {product} was not listed on the platform at its selected "
        f"price: listed at {finding.observed} yuan, selected at {finding.limit} yuan "
        f"({basis_en(finding)})."
    )
    return zh, en


RULE = Rule(
    name=NAME,
    title_zh="未按中选价格挂网",
    title_en="Listed at another than the selected price",
    record=ProductEntry,
    accused=("authority",),
    unit="product",
    values=(),
    judge=judge,
    words=words,
    interval=True,
)

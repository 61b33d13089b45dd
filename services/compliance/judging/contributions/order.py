"""What an order contributes to the records that gather many of them.

As pure as judging: new minus kept is applied, over the targets of both, in the same transaction.
Contributions go one way, so there are no cycles.
"""

from collections.abc import Iterator

from services.compliance.findings.finding import Missing
from services.compliance.judging.contributions.contribution import Given, Unjudged
from services.compliance.judging.contributions.stock_out import Stale, stale_at, stock_out
from services.compliance.judging.contributions.volume import (
    dealing,
    overpriced,
    refused,
    undelivered,
)
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.commitment import Candidate
from services.compliance.records.order import Order

VOLUME_RULES = frozenset({"beyond-volume-supply", "supply-refusal", "selected-price"})
SHORTAGE_RULE = "unreported-shortage"


def contribute_order(
    order: Order, terms: OrderTerms, moment: Moment, *, in_scope: bool
) -> Iterator[Given]:
    """Give an order's quantities and what went wrong, and its stock-out."""
    if not terms.gathered:
        return
    candidates: list[Candidate] = []
    if in_scope:
        rules = terms.in_force.rules
        stale = stale_at(terms)
        if isinstance(stale, Missing):
            names = ("beyond-volume-supply", SHORTAGE_RULE)
            yield from (Unjudged(name, stale) for name in names if name in rules)
        if not VOLUME_RULES.isdisjoint(rules):
            candidates += overpriced(order, terms)
        if not _went_well(order, stale, moment):
            for item in _went_wrong(order, terms, stale, moment):
                if isinstance(item, Candidate):
                    candidates.append(item)
                else:
                    yield item
    accepted = order.accepted_by_day()
    if accepted or candidates:
        yield dealing(terms, accepted, candidates)


def _went_well(order: Order, stale: Stale | Missing | None, moment: Moment) -> bool:
    """Tell at one look that nobody refused and something came in time, as with most orders."""
    if order.rejections or not isinstance(stale, Stale):
        return False
    arrived = order.first_acceptance(moment.now)
    return arrived is not None and arrived <= stale.at


def _went_wrong(
    order: Order, terms: OrderTerms, stale: Stale | Missing | None, moment: Moment
) -> Iterator[Candidate | Given]:
    rules = terms.in_force.rules
    if "excused_reasons" in terms.in_force.values:
        yield from refused(order, terms)
    if isinstance(stale, Stale) and "beyond-volume-supply" in rules:
        yield from undelivered(order, terms, stale, moment)
    if SHORTAGE_RULE in rules:
        yield from stock_out(order, terms, stale, moment)

"""What an order contributes to the supply of its product: at most one stock-out."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given, Kept
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.evidence import Term, evidence_of
from services.compliance.records.order import Order
from services.compliance.records.order_facts import Rejected
from services.compliance.records.supply import StockOut
from services.compliance.records.telling import Fact

DRY = frozenset({"out_of_stock", "production_stopped"})
"""The reasons of a rejection that make a stock-out (rules.md, `unreported-shortage`)."""


class Stale(NamedTuple):
    """When an order of which nothing came counts as a stock-out."""

    at: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...]


def stale_at(terms: OrderTerms) -> Stale | Missing | None:
    """Give when nothing having come turns an order into a stock-out, None where no policy says."""
    if "stock_out_after_days" not in terms.in_force.values:
        return None
    due = terms.delivery_due()
    if isinstance(due, Missing):
        return due
    term, days = terms.days("stock_out_after_days")
    return Stale(due.at + days, (*due.terms, term), due.facts)


def stock_out(
    order: Order, terms: OrderTerms, stale: Stale | Missing | None, moment: Moment
) -> Iterator[Given]:
    """Give the earlier of a rejection for want of goods and a long silence, after its grace."""
    outs = [out for out in (_refused_dry(order), _silent_dry(order, stale)) if out is not None]
    if not outs:
        return
    at, fact = min(outs, key=lambda out: out[0])
    _, grace = terms.hours("report_grace_hours")
    told = (fact or terms.placed).telling.told
    heard_by = terms.heard_by(at + grace, told)
    if moment.now <= at + grace or moment.heard < heard_by:
        yield Watch(heard_by, silent=True)
        if moment.now > at + grace:
            yield Kept("supply")
        return
    silent = stale if fact is None and isinstance(stale, Stale) else Stale(at, (), ())
    yield Contribution(
        "supply",
        terms.placed.product,
        None,
        StockOut(
            terms.order,
            terms.area,
            terms.placed.hospital,
            at,
            terms.day.toordinal(),
            terms.manufacturer,
            silent.terms,
            heard_by,
            evidence_of(terms.placed, *silent.facts, fact),
        ),
    )


Out = tuple[datetime, Rejected | None]


def _refused_dry(order: Order) -> Out | None:
    for rejection in order.rejections:
        if rejection.reason in DRY:
            at = rejection.telling.time
            return None if order.cancelled_by(at) else (at, rejection)
    return None


def _silent_dry(order: Order, stale: Stale | Missing | None) -> Out | None:
    """Tell when nothing shipped, received or rejected turned into a stock-out; maybe ahead."""
    if not isinstance(stale, Stale):
        return None
    at = stale.at
    shipped = order.shipped_at
    arrived = order.arrived_at(at)
    if (shipped is not None and shipped <= at) or arrived is not None:
        return None
    if order.rejected_by(at) or order.cancelled_by(at):
        return None
    return at, None

"""Whether and when an order ran dry: at most one stock-out for the supply of its product."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Given
from services.compliance.judging.contributions.giver import Giver, Stale
from services.compliance.records.evidence import Term, evidence_of
from services.compliance.records.supply import StockOut
from shared.domain.records.telling import Fact

DRY = frozenset({"out_of_stock", "production_stopped"})
"""The reasons of a rejection that make a stock-out (rules.md, `unreported-shortage`)."""


class RunDry(NamedTuple):
    """When an order ran dry and when that was told, by which terms and facts."""

    at: datetime
    told: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...]


def find_stock_out(giver: Giver) -> Iterator[StockOut | Given | None]:
    """Find the earlier of a rejection for want of goods and a long silence, after its grace.

    None says that what was given before stands until what would replace it has been heard.
    """
    if giver.went_well or "stock_out" not in giver.takers:
        return
    if isinstance(giver.stale, Missing):
        yield from giver.unjudged("stock_out", giver.stale)
    ways = [dry for dry in (_refused(giver), _silent(giver)) if dry is not None]
    if ways:
        yield from _after_grace(min(ways, key=lambda dry: dry.at), giver)


def _after_grace(dry: RunDry, giver: Giver) -> Iterator[StockOut | Watch | None]:
    """Give the stock-out once the time for a report is over, and what was told by then heard."""
    terms, placed, now = giver.terms, giver.terms.placed, giver.moment.now
    _, grace = terms.hours("report_grace_hours")
    heard_by = terms.heard_by(dry.at + grace, dry.told)
    if now <= dry.at + grace or giver.moment.heard < heard_by:
        yield Watch(heard_by, silent=True)
        if now > dry.at + grace:
            yield None
        return
    yield StockOut(
        terms.order,
        terms.area,
        placed.hospital,
        dry.at,
        terms.day.toordinal(),
        terms.manufacturer,
        dry.terms,
        heard_by,
        evidence_of(placed, *dry.facts),
    )


def _refused(giver: Giver) -> RunDry | None:
    """Tell when the order was rejected for want of goods."""
    order = giver.order
    for rejection in order.rejections:
        if rejection.reason in DRY:
            at, told = rejection.telling.time, rejection.telling.told
            return None if order.cancelled_by(at) else RunDry(at, told, (), (rejection,))
    return None


def _silent(giver: Giver) -> RunDry | None:
    """Tell when nothing shipped, received or rejected turned into a stock-out; maybe ahead."""
    stale, order = giver.stale, giver.order
    if not isinstance(stale, Stale):
        return None
    at, shipped = stale.at, order.shipped_at
    if (shipped is not None and shipped <= at) or order.arrived_at(at) is not None:
        return None
    if order.rejected_by(at) or order.cancelled_by(at):
        return None
    return RunDry(at, giver.terms.placed.telling.told, stale.terms, stale.facts)

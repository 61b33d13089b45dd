"""What an order contributes to the commitment of its hospital and product.

Quantities, and what went wrong, as candidates: only the commitment can tell whether that was
within the agreed volume or beyond it.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from services.compliance.findings.finding import Missing, Watch
from services.compliance.judging.contributions.contribution import Contribution, Given
from services.compliance.judging.contributions.giver import Giver
from services.compliance.law.failing import first_refusal
from services.compliance.law.supply_period import selected_price
from services.compliance.records.commitment import Breach, Candidate, Dealing
from services.compliance.records.evidence import evidence_of
from services.compliance.records.failed import Failed
from shared.domain.records.order_facts import Invoiced, Placed
from shared.domain.records.product import Cycle


def give_volume(giver: Giver) -> list[Given]:
    """Give an order's quantities by day, with the candidates that a rule takes."""
    given: list[Given] = []
    candidates: list[Candidate] = []
    for breach in OF_THE_GOOD if giver.went_well else CANDIDATES:
        for item in CANDIDATES[breach](giver) if breach in giver.takers else ():
            if isinstance(item, Candidate):
                candidates.append(item)
            else:
                given.append(item)
    failed = giver.failing() if "failed" in giver.takers else None
    if isinstance(failed, Watch):
        given.append(failed)
        failed = None
    told = _bought(giver) if "bought" in giver.takers else None
    if giver.accepted or candidates or failed or told:
        dealing = _dealing(giver, tuple(candidates), failed, told)
        placed = giver.terms.placed
        given.append(Contribution("commitment", placed.product, placed.hospital, dealing))
    return given


def _bought(giver: Giver) -> datetime | None:
    """Give when the order was told, unless it was taken back since."""
    known = not isinstance(giver.terms.scope(), Missing)
    if known and giver.order.cancelled is not None:
        return None
    return giver.terms.placed.telling.told


def _dealing(
    giver: Giver,
    candidates: tuple[Candidate, ...],
    failed: Failed | None,
    bought: datetime | None,
) -> Dealing:
    terms, placed = giver.terms, giver.terms.placed
    return Dealing(
        terms.order,
        terms.day.toordinal(),
        terms.area,
        placed.distributor,
        terms.manufacturer,
        placed.agreement,
        giver.accepted,
        candidates,
        failed,
        bought,
    )


def _overpriced(giver: Giver) -> Iterable[Candidate]:
    """Give the order and its invoices that cost more than the selected price."""
    stretch, placed = giver.terms.stretch, giver.terms.placed
    if stretch is None:
        return ()
    selected = stretch.cycle.selected_price
    above: list[tuple[str, Placed | Invoiced]] = [
        (f"overpriced:{key}", invoice)
        for key, invoice in giver.order.invoices.items()
        if invoice.unit_price > selected
    ]
    if placed.unit_price > selected:
        above.insert(0, ("overpriced", placed))
    return [_above(anchor, fact, placed, stretch.cycle) for anchor, fact in above]


def _above(anchor: str, fact: Placed | Invoiced, placed: Placed, cycle: Cycle) -> Candidate:
    """Hold a price against the selected one of the cycle in which the order was placed."""
    selected, at = cycle.selected_price, fact.telling.time
    return Candidate(
        "overpriced",
        anchor,
        at,
        at,
        f"{fact.unit_price:f}",
        f"{selected:f}",
        (fact.unit_price - selected) * Decimal(fact.quantity),
        (selected_price(cycle),),
        evidence_of(placed, None if fact is placed else fact, cycle),
    )


def _refused(giver: Giver) -> Iterable[Candidate]:
    """Give the first rejection that nothing excuses, unless the order was cancelled before."""
    rejection = first_refusal(giver.order, giver.terms)
    if rejection is None:
        return ()
    at, why = rejection.telling.time, evidence_of(giver.terms.placed, rejection)
    return (Candidate("refused", "refused", at, at, rejection.reason, None, None, (), why),)


def _undelivered(giver: Giver) -> Iterable[Candidate | Given]:
    """Give an order of which nothing was accepted long after it was due."""
    order, terms, moment, stale = giver.order, giver.terms, giver.moment, giver.stale
    if stale is None:
        return ()
    if isinstance(stale, Missing):
        return giver.unjudged("undelivered", stale)
    arrived = order.first_acceptance(moment.now)
    if arrived is not None and arrived <= stale.at:
        return ()
    if order.rejected_by(stale.at) or order.cancelled_by(stale.at):
        return ()
    heard_by = terms.heard_by(stale.at)
    if moment.now <= stale.at or moment.heard < heard_by:
        return (Watch(heard_by, silent=True),)
    received, rejection = order.received_in_order()[:1], order.first_rejection
    undelivered = Candidate(
        "undelivered",
        "undelivered",
        stale.at,
        order.ended_at(arrived, order.rejected_at),
        0,
        terms.placed.quantity,
        None,
        stale.terms,
        evidence_of(terms.placed, *stale.facts, *received, rejection, order.cancelled),
        heard_by,
    )
    return (undelivered,)


CANDIDATES: dict[Breach, Callable[[Giver], Iterable[Candidate | Given]]] = {
    "overpriced": _overpriced,
    "refused": _refused,
    "undelivered": _undelivered,
}
"""How an order shows each of the things that can be wrong with it."""

OF_THE_GOOD: tuple[Breach, ...] = ("overpriced",)
"""What can be wrong with an order that went well: nobody refused, and something came in time."""

"""What an order contributes to the commitment of its hospital and product.

Quantities, and what went wrong, as candidates: only the commitment can tell whether that was
within the agreed volume or beyond it.
"""

from collections.abc import Iterator
from decimal import Decimal

from services.compliance.findings.finding import Watch
from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.contributions.stock_out import Stale
from services.compliance.judging.moment import Moment
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.commitment import Candidate, Dealing
from services.compliance.records.evidence import Term, evidence_of
from services.compliance.records.order import Order
from services.compliance.records.order_facts import Invoiced, Placed


def dealing(
    terms: OrderTerms, accepted: dict[int, int], candidates: list[Candidate]
) -> Contribution:
    """Give an order's quantities by day, with what went wrong."""
    placed = terms.placed
    dealing = Dealing(
        terms.order,
        terms.day.toordinal(),
        terms.area,
        placed.distributor,
        terms.manufacturer,
        placed.agreement,
        accepted,
        tuple(candidates),
    )
    return Contribution("commitment", placed.product, placed.hospital, dealing)


def refused(order: Order, terms: OrderTerms) -> Iterator[Candidate]:
    """Give the first rejection that nothing excuses."""
    excused = terms.in_force.term("excused_reasons").value
    reasons = excused if isinstance(excused, list) else []
    for rejection in order.rejections:
        if rejection.reason not in reasons:
            at = rejection.telling.time
            if not order.cancelled_by(at):
                evidence = evidence_of(terms.placed, rejection)
                yield Candidate(
                    "refused", "refused", at, at, rejection.reason, None, None, (), evidence
                )
            return


def overpriced(order: Order, terms: OrderTerms) -> Iterator[Candidate]:
    """Give the order and its invoices that cost more than the selected price."""
    if terms.stretch is None:
        return
    cycle, placed = terms.stretch.cycle, terms.placed
    selected = cycle.selected_price
    above: list[tuple[str, Placed | Invoiced]] = [
        (f"overpriced:{key}", invoice)
        for key, invoice in order.invoices.items()
        if invoice.unit_price > selected
    ]
    if placed.unit_price > selected:
        above.insert(0, ("overpriced", placed))
    for anchor, fact in above:
        at, told = fact.telling.time, f"product.selected of {cycle.start}"
        yield Candidate(
            "overpriced",
            anchor,
            at,
            at,
            f"{fact.unit_price:f}",
            f"{selected:f}",
            (fact.unit_price - selected) * Decimal(fact.quantity),
            (Term("selected_price", f"{selected:f}", "clause", told),),
            evidence_of(placed, None if fact is placed else fact, cycle),
        )


def undelivered(
    order: Order, terms: OrderTerms, stale: Stale, moment: Moment
) -> Iterator[Candidate | Watch]:
    """Give an order of which nothing was accepted long after it was due."""
    arrived = order.first_acceptance(moment.now)
    if arrived is not None and arrived <= stale.at:
        return
    if order.rejected_by(stale.at) or order.cancelled_by(stale.at):
        return
    heard_by = terms.heard_by(stale.at)
    if moment.now <= stale.at or moment.heard < heard_by:
        yield Watch(heard_by, silent=True)
        return
    received, rejection = order.received_in_order()[:1], order.first_rejection
    yield Candidate(
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

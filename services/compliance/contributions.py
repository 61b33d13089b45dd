"""What an order contributes to the records that gather many of them.

As pure as judging: new minus kept is applied, over the targets of both, in the same transaction.
Contributions go one way, so there are no cycles.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from msgspec import Struct

from services.compliance.records.appointments import Appointment
from services.compliance.records.commitment import Candidate, Dealing
from services.compliance.records.evidence import Term, evidence_of
from services.compliance.records.facts import Invoiced, Placed, Rejected
from services.compliance.records.order import Order
from services.compliance.records.supply import Report, StockOut
from services.compliance.records.telling import Fact
from services.compliance.rule import Missing, Watch
from services.compliance.terms import OrderTerms

DRY = frozenset({"out_of_stock", "production_stopped"})
"""The reasons of a rejection that make a stock-out (rules.md, `unreported-shortage`)."""

VOLUME_RULES = frozenset({"beyond-volume-supply", "supply-refusal", "selected-price"})
SHORTAGE_RULE = "unreported-shortage"


class Moment(NamedTuple):
    """The moment of asking: the wall clock, and until when everything has been heard; UTC."""

    now: datetime
    heard: datetime


class Contribution(Struct, frozen=True, array_like=True, gc=False):
    """A value for the record of a kind: of a product, or of a hospital and a product."""

    kind: str
    product: str
    hospital: str | None
    value: Dealing | StockOut | Appointment | Report


class Unjudged(NamedTuple):
    """A rule that cannot be judged for want of a term."""

    rule: str
    missing: Missing


class Kept(NamedTuple):
    """What was given to records of a kind stands until what would replace it has been heard."""

    kind: str


Given = Contribution | Watch | Unjudged | Kept


def contribute_order(
    order: Order, terms: OrderTerms, moment: Moment, *, in_scope: bool
) -> Iterator[Given]:
    """Give an order's quantities and what went wrong, and its stock-out."""
    if not terms.law.policies.gathers(terms.jurisdiction):
        return
    candidates: list[Candidate] = []
    if in_scope:
        rules = terms.in_force.rules
        stale = _stale_at(terms)
        if isinstance(stale, Missing):
            names = ("beyond-volume-supply", SHORTAGE_RULE)
            yield from (Unjudged(name, stale) for name in names if name in rules)
        if not VOLUME_RULES.isdisjoint(rules):
            candidates += _overpriced(order, terms)
        if not _went_well(order, stale, moment):
            for item in _went_wrong(order, terms, stale, moment):
                if isinstance(item, Candidate):
                    candidates.append(item)
                else:
                    yield item
    accepted = order.accepted_by_day()
    if accepted or candidates:
        yield _dealing(terms, accepted, candidates)


def _dealing(
    terms: OrderTerms, accepted: dict[int, int], candidates: list[Candidate]
) -> Contribution:
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


class _Stale(NamedTuple):
    """When an order of which nothing came counts as a stock-out."""

    at: datetime
    terms: tuple[Term, ...]
    facts: tuple[Fact, ...]


def _stale_at(terms: OrderTerms) -> _Stale | Missing | None:
    policy = terms.in_force
    if "stock_out_after_days" not in policy.values:
        return None
    due = terms.delivery_due()
    if isinstance(due, Missing):
        return due
    term, days = terms.law.days(policy, "stock_out_after_days")
    return _Stale(due.at + days, (*due.terms, term), due.facts)


def _went_well(order: Order, stale: _Stale | Missing | None, moment: Moment) -> bool:
    """Tell at one look that nobody refused and something came in time, as with most orders."""
    if order.rejections or not isinstance(stale, _Stale):
        return False
    arrived = order.first_acceptance(moment.now)
    return arrived is not None and arrived <= stale.at


def _went_wrong(
    order: Order, terms: OrderTerms, stale: _Stale | Missing | None, moment: Moment
) -> Iterator[Candidate | Given]:
    rules = terms.in_force.rules
    if "excused_reasons" in terms.in_force.values:
        yield from _refused(order, terms)
    if isinstance(stale, _Stale) and "beyond-volume-supply" in rules:
        yield from _undelivered(order, terms, stale, moment)
    if SHORTAGE_RULE in rules:
        yield from _stock_out(order, terms, stale, moment)


def _refused(order: Order, terms: OrderTerms) -> Iterator[Candidate]:
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


def _overpriced(order: Order, terms: OrderTerms) -> Iterator[Candidate]:
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


def _undelivered(
    order: Order, terms: OrderTerms, stale: _Stale, moment: Moment
) -> Iterator[Candidate | Watch]:
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


def _stock_out(
    order: Order, terms: OrderTerms, stale: _Stale | Missing | None, moment: Moment
) -> Iterator[Given]:
    """Give the earlier of a rejection for want of goods and a long silence, after its grace."""
    outs = [out for out in (_refused_dry(order), _silent_dry(order, stale)) if out is not None]
    if not outs:
        return
    at, fact = min(outs, key=lambda out: out[0])
    grace = timedelta(hours=terms.in_force.number("report_grace_hours"))
    told = (fact or terms.placed).telling.told
    heard_by = terms.law.heard_by(at + grace, told)
    if moment.now <= at + grace or moment.heard < heard_by:
        yield Watch(heard_by, silent=True)
        if moment.now > at + grace:
            yield Kept("supply")
        return
    silent = stale if fact is None and isinstance(stale, _Stale) else _Stale(at, (), ())
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


def _silent_dry(order: Order, stale: _Stale | Missing | None) -> Out | None:
    """Tell when nothing shipped, received or rejected turned into a stock-out; maybe ahead."""
    if not isinstance(stale, _Stale):
        return None
    at = stale.at
    shipped = order.shipped_at
    arrived = order.arrived_at(at)
    if (shipped is not None and shipped <= at) or arrived is not None:
        return None
    if order.rejected_by(at) or order.cancelled_by(at):
        return None
    return at, None

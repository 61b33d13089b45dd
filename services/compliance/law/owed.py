"""What a hospital owes for what it accepted of an order (rules.md, `late-settlement`).

Each receipt is a claim from its acceptance on, at the lowest price above 0 that order, selection
and invoices name: what nobody can dispute. A return takes from the receipt that it names, else from
the newest before it.
"""

from datetime import datetime
from decimal import Decimal

from services.compliance.law.money import times
from services.compliance.law.order_terms import OrderTerms
from services.compliance.records.account import Claim, Step
from services.compliance.records.evidence import evidence_of
from shared.domain.records.order import Order
from shared.domain.records.order_facts import Received, Returned

NOTHING = Decimal(0)

Taken = list[tuple[int, Returned]]
"""How much each return takes, in the order of returns."""


def owed_for(order: Order, terms: OrderTerms, since: datetime) -> list[Claim]:
    """Give the claims of the receipts from an instant on of an order in scope."""
    accepted = {
        receipt: fact
        for receipt, fact in order.receipts.items()
        if fact.accepted and fact.telling.time >= since
    }
    if not accepted:
        return []
    taken = _taken(order) if order.returns else {}
    return [
        _claim(order, terms, receipt, fact, taken.get(receipt, []))
        for receipt, fact in accepted.items()
    ]


def _claim(order: Order, terms: OrderTerms, receipt: str, fact: Received, taken: Taken) -> Claim:
    price = _price(order, terms, receipt)
    whole = fact.telling.time, times(fact.accepted, price)
    return Claim(
        terms.order,
        receipt,
        terms.placed.product,
        _lowered(whole, price, fact.accepted, taken) if taken else (whole,),
        terms.day.toordinal(),
        terms.area,
        terms.manufacturer,
        fact.telling.told,
        evidence_of(fact, *[returned for _, returned in taken]),
    )


def _lowered(whole: Step, price: Decimal, left: int, taken: Taken) -> tuple[Step, ...]:
    """Give what is owed for a receipt from when on, less what returns take."""
    amounts = dict([whole])
    for quantity, returned in taken:
        left -= quantity
        # One that is dated before the receipt it names lowers it from the beginning.
        amounts[max(returned.telling.time, whole[0])] = times(left, price)
    return tuple(sorted(amounts.items()))


def _price(order: Order, terms: OrderTerms, receipt: str) -> Decimal:
    """Give the lowest price above 0 of order, selection and invoices; 0 if there is none."""
    prices = [terms.placed.unit_price]
    if terms.stretch is not None:
        prices.append(terms.stretch.cycle.selected_price)
    prices += [
        invoice.unit_price
        for invoice in order.invoices.values()
        if invoice.receipt is None or invoice.receipt == receipt
    ]
    return min(filter(None, prices), default=NOTHING)


def _taken(order: Order) -> dict[str, Taken]:
    """Give what returns take from each receipt, in the order of (time, id), each down to 0."""
    newest = sorted(order.receipts.items(), key=_time_and_id, reverse=True)
    left = {receipt: fact.accepted for receipt, fact in newest}
    taken: dict[str, Taken] = {}
    for _, returned in sorted(order.returns.items(), key=_time_and_id):
        rest, named = returned.quantity, returned.receipt
        until = [receipt for receipt, it in newest if it.telling.time <= returned.telling.time]
        for receipt in [named] if named in left else until:
            part = min(rest, left[receipt])
            if part:
                left[receipt] -= part
                rest -= part
                taken.setdefault(receipt, []).append((part, returned))
    return taken


def _time_and_id(told: tuple[str, Received | Returned]) -> tuple[datetime, str]:
    name, fact = told
    return fact.telling.time, name

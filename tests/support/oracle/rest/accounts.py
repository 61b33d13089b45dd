"""What a hospital owes a supplier, and what it paid."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial

from tests.support.oracle.facts import Order, Telling, World, day_of
from tests.support.oracle.rest.days import feed_since, rounded
from tests.support.oracle.rest.filling import Account, Claim, sum_of
from tests.support.oracle.rest.goods import lies_in_supply
from tests.support.oracle.terms import governing

NAMES = ("order", "receipt", "product")
TO_SUPPLIER = ("hospital_to_distributor", "agency_to_distributor")


@dataclass(frozen=True)
class Owed:
    """A receipt of an order in scope, with what returns take from it, in order of time."""

    order: Order
    receipt: Telling
    price: Decimal
    taken: list[tuple[datetime, int]]

    @property
    def key(self) -> tuple[str, str]:
        """The receipt as one thing."""
        return (self.order.id, self.receipt.data["receipt"])

    def amount_at(self, instant: datetime) -> Decimal:
        """What is owed for it at an instant, yuan."""
        gone = sum(quantity for time, quantity in self.taken if time <= instant)
        return rounded((self.receipt.data["quantity_accepted"] - gone) * self.price)


def owed_for(world: World, order: Order) -> list[Owed]:
    """The receipts of an order for which something is owed; none of an order out of scope."""
    if not lies_in_supply(world, order):
        return []
    since = feed_since(world, "payments")
    taken = _taken(order)
    return [
        Owed(order, receipt, _price(world, order, receipt), taken[receipt.data["receipt"]])
        for receipt in order.told["receipts"]
        if receipt.data["quantity_accepted"] > 0
        and since is not None
        and day_of(receipt.time) >= since
    ]


def _price(world: World, order: Order, receipt: Telling) -> Decimal:
    """The lowest price above 0 of order, selection and invoices: what nobody can dispute."""
    cycle = governing(world, order.data["product"], order.day) or {}
    prices = [order.data["unit_price"], cycle["selected_price"]]
    prices += [
        invoice.data["unit_price"]
        for invoice in order.told["invoices"]
        if invoice.data.get("receipt") in (None, receipt.data["receipt"])
    ]
    return min((Decimal(p) for p in prices if Decimal(p) > 0), default=Decimal(0))


def _taken(order: Order) -> dict[str, list[tuple[datetime, int]]]:
    """By receipt what each return takes from it, and when."""
    receipts = sorted(order.told["receipts"], key=lambda t: (t.time, t.data["receipt"]))
    left = {t.data["receipt"]: t.data["quantity_accepted"] for t in receipts}
    taken: dict[str, list[tuple[datetime, int]]] = {id_: [] for id_ in left}
    for back in sorted(order.told["returns"], key=lambda t: (t.time, t.data["return"])):
        named = back.data.get("receipt")
        until = [t.data["receipt"] for t in receipts if t.time <= back.time]
        quantity = back.data["quantity"]
        ids: list[str] = [str(named)] if named in left else until[::-1]
        for id_ in ids:
            part = min(quantity, left[id_])
            left[id_] -= part
            quantity -= part
            taken[id_].append((back.time, part))
    return taken


def account_of(world: World, hospital: str, supplier: str) -> Account:
    """The account of a hospital with one supplier."""
    orders = [o for o in world.orders if o.data["hospital"] == hospital]
    owed = [
        each
        for order in orders
        if order.data["distributor"] == supplier
        for each in owed_for(world, order)
    ]
    paid = [t for t in world.first("payment.made", "payment") if _payer(t) == hospital]
    sums = [
        sum_of(t.time, t.data["payment"], t.data, NAMES)
        for t in paid
        if _supplier(t, orders) == supplier
    ]
    return Account(world, [_claim(each) for each in owed], sums)


def _claim(owed: Owed) -> Claim:
    order, receipt = owed.key
    return Claim(
        key=owed.key,
        age=(owed.receipt.time, order, receipt),
        stands=owed.receipt.time,
        amount_at=partial(Owed.amount_at, owed),
        names={
            "order": frozenset({order}),
            "receipt": frozenset({receipt}),
            "product": frozenset({owed.order.data["product"]}),
        },
        changes=tuple(time for time, _ in owed.taken),
    )


def _payer(payment: Telling) -> str | None:
    """The hospital that pays, or for which an agency pays, suppliers."""
    leg = payment.data["leg"]
    if leg not in TO_SUPPLIER:
        return None
    payer: str | None = payment.data["payer"]
    return payer if leg == "hospital_to_distributor" else payment.data.get("hospital")


def _supplier(payment: Telling, orders: list[Order]) -> str:
    """Whose supplies a hospital's payment is for."""
    for order in orders:
        if order.id == payment.data.get("order"):
            distributor: str = order.data["distributor"]
            return distributor
    return receiver(payment)


def receiver(payment: Telling) -> str:
    """The distributor that gets a payment: the one on whose behalf the payee takes it, else he."""
    told: str | None = payment.data.get("distributor")
    payee: str = payment.data["payee"]
    return payee if told is None else told

"""The rules about one order: answered, delivered, refused, overcharged."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.support.oracle.facts import Order, World, text_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.terms import (
    agreement_of,
    area_of,
    delivery_due,
    governing,
    is_beyond,
    is_in_force,
    is_in_scope,
    manufacturer_on,
    response_due,
)


def order_findings(world: World) -> Iterator[Finding]:
    """Findings of the five order rules; a rule that lacks a term says nothing."""
    for order in world.orders:
        if not is_in_scope(world, order):
            continue
        for check in (late_response, late_delivery, refusal, overprice, undelivered):
            try:
                found = list(check(world, order))
            except UnjudgedError:
                continue
            yield from (f for f in found if world.policy.carries(f.rule, order.day))


def late_response(world: World, order: Order) -> Iterator[Finding]:
    """The finding of `late-response`, if there is one."""
    due, is_own = response_due(world, order)
    if order.was_cancelled_by(due):
        return
    answers = [
        *order.accepted,
        *(time for time, _ in order.rejections),
        *order.shipped,
        *(receipt.arrived for receipt in order.receipts),
    ]
    answer = _earliest(world, *answers)
    is_late = world.now > due if answer is None else answer > due
    if is_late:
        yield _finding(
            world,
            order,
            rule="late-response",
            anchor="response",
            severity="breach" if is_own else "warning",
            occurred_at=due,
            cured_at=_earliest(world, answer, order.cancelled),
            observed=None if answer is None else text_of(answer),
            limit=text_of(due),
        )


def late_delivery(world: World, order: Order) -> Iterator[Finding]:
    """The finding of `late-delivery`, if there is one."""
    due, is_own = delivery_due(world, order)
    if order.was_cancelled_by(due) or order.was_rejected_by(due):
        return
    ordered = order.data["quantity"]
    arrivals = sorted(receipt.arrived for receipt in order.receipts)
    full = [instant for instant in arrivals if order.quantity_there_at(instant) >= ordered]
    complete = _earliest(world, *full)
    is_late = world.now > due if complete is None else complete > due
    if is_late:
        yield _finding(
            world,
            order,
            rule="late-delivery",
            anchor="delivery",
            severity="breach" if is_own else "warning",
            occurred_at=due,
            cured_at=_earliest(world, complete, _rejected(order), order.cancelled),
            observed=order.quantity_there_at(due),
            limit=ordered,
        )


def refusal(world: World, order: Order) -> Iterator[Finding]:
    """The first refusal that nothing excuses, within or beyond the agreed quantity."""
    rule = _rule_for(world, order, "supply-refusal")
    excused = world.policy.excused_reasons
    refused = [(time, reason) for time, reason in order.rejections if reason not in excused]
    if rule is None or not refused:
        return
    time, reason = refused[0]
    if not order.was_cancelled_by(time):
        yield _finding(
            world,
            order,
            rule=rule,
            breach="refused",
            anchor="refused",
            severity="breach",
            occurred_at=time,
            cured_at=time,
            observed=reason,
            limit=None,
        )


def overprice(world: World, order: Order) -> Iterator[Finding]:
    """The order's price and each invoice's, where above the selected price."""
    rule = _rule_for(world, order, "selected-price")
    cycle = governing(world, order.data["product"], order.day)
    if rule is None or cycle is None:
        return
    prices = [("overpriced", order.placed, order.data["unit_price"])]
    prices += [(f"overpriced:{id_}", time, price) for id_, time, price in order.invoices]
    for anchor, time, price in prices:
        if Decimal(price) > Decimal(cycle["selected_price"]):
            yield _finding(
                world,
                order,
                rule=rule,
                breach="overpriced",
                anchor=anchor,
                severity="breach",
                occurred_at=time,
                cured_at=time,
                observed=price,
                limit=cycle["selected_price"],
            )


def undelivered(world: World, order: Order) -> Iterator[Finding]:
    """A beyond order of which nothing was accepted long after its delivery was due."""
    if not is_beyond(world, order):
        return
    due, _ = delivery_due(world, order)
    last = due + timedelta(days=world.policy.stock_out_after_days)
    if order.was_cancelled_by(last) or order.was_rejected_by(last):
        return
    if world.now > last and order.quantity_there_at(last) == 0:
        supplied = [receipt.arrived for receipt in order.receipts if receipt.accepted > 0]
        yield _finding(
            world,
            order,
            rule="beyond-volume-supply",
            breach="undelivered",
            anchor="undelivered",
            severity="warning",
            occurred_at=last,
            cured_at=_earliest(world, *supplied, _rejected(order), order.cancelled),
            observed=0,
            limit=order.data["quantity"],
        )


def _rule_for(world: World, order: Order, within: str) -> str | None:
    """The rule under which a refusal or a price falls, None if the duty does not reach it.

    Raises UnjudgedError if the order names an agreement that nobody told.
    """
    agreement = agreement_of(world, order)
    if is_beyond(world, order):
        return "beyond-volume-supply" if world.policy.duty == "cycle" else None
    has_duty = agreement is not None and is_in_force(agreement, order.day)
    return within if world.policy.duty == "cycle" or has_duty else None


def _rejected(order: Order) -> datetime | None:
    return order.rejections[0][0] if order.rejections else None


def _earliest(world: World, *instants: datetime | None) -> datetime | None:
    """The earliest of what has happened by now, None if nothing has."""
    return min((i for i in instants if i is not None and i <= world.now), default=None)


def _finding(world: World, order: Order, **said: Any) -> Finding:
    if said["rule"] != "beyond-volume-supply":
        said["breach"] = None
    product = order.data["product"]
    return Finding(
        subject=order.id,
        parties={
            "product": product,
            "area": area_of(world, order),
            "hospital": order.data["hospital"],
            "manufacturer": manufacturer_on(world, product, order.day),
            "distributor": order.data["distributor"],
            "order": order.id,
        },
        **said,
    )

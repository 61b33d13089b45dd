"""What was accepted, of which kind, and what failed."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from tests.support.oracle.facts import Order, World, day_of
from tests.support.oracle.findings import UnjudgedError
from tests.support.oracle.rest.cycles import is_known, listing
from tests.support.oracle.rest.days import exact
from tests.support.oracle.terms import delivery_due, governing


def net_accepted(orders: list[Order], first: date, until: date) -> int:
    """Accepted less returned of some orders on days `[first, until)`."""
    received = [(r.time, r.accepted) for order in orders for r in order.receipts]
    returned = [(time, -quantity) for order in orders for time, quantity in order.returns]
    return sum(quantity for time, quantity in received + returned if first <= day_of(time) < until)


def orders_of(world: World, hospital: str, product: str) -> list[Order]:
    """All orders placed by a hospital for a product."""
    return [
        order
        for order in world.orders
        if order.data["hospital"] == hospital and order.data["product"] == product
    ]


def is_in_scope(world: World, order: Order, rule: str) -> bool:
    """Whether the order is in scope and its policy carries the rule.

    An order of a product of which nobody told is unjudged.
    """
    if not world.policy.carries(rule, order.day):
        return False
    if not is_known(world, order.data["product"]):
        world.unjudged.add((rule, "product"))
        return False
    return governing(world, order.data["product"], order.day) is not None


def lies_in_supply(world: World, order: Order) -> bool:
    """Whether the order is in scope, of a policy that need not carry any rule."""
    is_law = world.policy.is_in_force(order.day)
    return is_law and governing(world, order.data["product"], order.day) is not None


def kind_of(world: World, order: Order) -> tuple[bool, Mapping[str, Any]] | None:
    """Whether an order is selected (else listed), with the attributes; None if neither."""
    cycle = governing(world, order.data["product"], order.day)
    if cycle is not None:
        return True, cycle
    told = listing(world, order.data["product"])
    return None if told is None else (False, told)


def factor(attributes: Mapping[str, Any]) -> Fraction:
    """The common units that one base unit holds."""
    told = attributes.get("equivalent")
    return Fraction(1) if told is None else exact(told)


def is_mixed(world: World, holds: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Whether some of the cycles and listings asked for tell `equivalent` and some do not."""
    told = [
        *world.last("product.selected", "product", "cycle_start"),
        *world.last("product.listed", "product"),
    ]
    asked = [telling.data.get("equivalent") for telling in told if holds(telling.data)]
    return any(value is None for value in asked) and any(value is not None for value in asked)


def varieties_mixed(world: World, variety: str) -> bool:
    """Whether `equivalent` is told of some of a variety only."""
    return is_mixed(world, lambda told: told["variety"] == variety)


@dataclass(frozen=True)
class Use:
    """Converted net accepted quantities of a hospital and variety: listed, selected."""

    listed: Fraction
    selected: Fraction

    @property
    def is_excess(self) -> bool:
        """Whether more of the listed than of the selected was used."""
        return self.listed > max(Fraction(0), self.selected)


def use_of(world: World, hospital: str, variety: str, first: date, until: date) -> Use:
    """What a hospital used of a variety on days `[first, until)`."""
    sums = {True: Fraction(0), False: Fraction(0)}
    for order in world.orders:
        kind = kind_of(world, order) if order.data["hospital"] == hospital else None
        if kind is None:
            continue
        is_selected, attributes = kind
        if attributes["variety"] == variety:
            sums[is_selected] += net_accepted([order], first, until) * factor(attributes)
    return Use(listed=sums[False], selected=sums[True])


def failed_at(world: World, order: Order) -> datetime | None:
    """When the supplier failed on an order in scope, None if it did not."""
    if not lies_in_supply(world, order):
        return None
    instants = []
    excused = world.policy.excused_reasons
    refused = [time for time, reason in order.rejections if reason not in excused]
    if refused and not order.was_cancelled_by(refused[0]):
        instants.append(refused[0])
    try:
        due, _ = delivery_due(world, order)
    except UnjudgedError:
        return min(instants, default=None)
    is_open = not order.was_rejected_by(due) and not order.was_cancelled_by(due)
    if world.now > due and is_open and order.quantity_there_at(due) < order.data["quantity"]:
        instants.append(due)
    return min(instants, default=None)


def missing_by(order: Order, day: date) -> int:
    """What of an order had not been accepted on days before the day."""
    accepted = sum(r.accepted for r in order.receipts if day_of(r.time) < day)
    return max(0, int(order.data["quantity"]) - accepted)

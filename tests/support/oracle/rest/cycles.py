"""Agreements and their cycles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.oracle.facts import World
from tests.support.oracle.rest.days import rounded
from tests.support.oracle.terms import deselected_on, stretches

Cycle = Mapping[str, Any]


@dataclass(frozen=True)
class Agreement:
    """One agreement as last told, with the cycle that is its own; days, end exclusive."""

    id: str
    hospital: str
    product: str
    start: date
    end: date
    agreed: int
    data: Mapping[str, Any]

    def is_in_force(self, day: date) -> bool:
        """Whether the day is one of its own."""
        return self.start <= day < self.end

    def meets(self, first: date, until: date) -> bool:
        """Whether it is in force on any day of `[first, until)`."""
        return max(self.start, first) < min(self.end, until)


def every_agreement(world: World) -> list[Agreement]:
    """All agreements with days, in the order of tellings: one with start >= end is void."""
    return [agreement for agreement in all_told(world) if agreement.start < agreement.end]


def all_told(world: World) -> list[Agreement]:
    """All agreements, void ones too, in the order of tellings."""
    return world.once(("all told",), lambda: _all_told(world))


def _all_told(world: World) -> list[Agreement]:
    told = [telling.data for telling in world.last("agreement.signed", "agreement")]
    return [
        Agreement(
            id=data["agreement"],
            hospital=data["hospital"],
            product=data["product"],
            start=date.fromisoformat(data["start"]),
            end=date.fromisoformat(data["end"]),
            agreed=data["agreed_quantity"],
            data=data,
        )
        for data in told
    ]


def agreements(world: World, hospital: str, product: str | None = None) -> list[Agreement]:
    """The agreements of a hospital, or of hospital and product, that have days."""
    return [
        agreement
        for agreement in every_agreement(world)
        if agreement.hospital == hospital and product in (None, agreement.product)
    ]


def cycles(world: World, product: str) -> list[Cycle]:
    """Every cycle told of a product, by its start."""
    told = world.last("product.selected", "product", "cycle_start")
    own = [telling.data for telling in told if telling.data["product"] == product]
    return sorted(own, key=start_of)


def start_of(cycle: Cycle) -> date:
    """The first day of a cycle."""
    return date.fromisoformat(cycle["cycle_start"])


def next_start(world: World, cycle: Cycle) -> date:
    """Where the product's next cycle starts, the last of days if there is none."""
    starts = [start_of(other) for other in cycles(world, cycle["product"])]
    return min((day for day in starts if day > start_of(cycle)), default=date.max)


def end_of(world: World, cycle: Cycle) -> date:
    """The cycle's end, exclusive; the bridge is not in it."""
    return min(
        date.fromisoformat(cycle["cycle_end"]),
        next_start(world, cycle),
        deselected_on(world, cycle["product"], start_of(cycle)),
    )


def listing(world: World, product: str) -> Mapping[str, Any] | None:
    """What was last told of a product as listed."""
    told = [t.data for t in world.last("product.listed", "product") if t.data["product"] == product]
    return told[0] if told else None


def is_known(world: World, product: str) -> bool:
    """Whether anybody told of the product, as selected or as listed."""
    return bool(cycles(world, product)) or listing(world, product) is not None


def cycle_of(world: World, agreement: Agreement) -> Cycle | None:
    """The agreement's cycle."""
    for cycle in cycles(world, agreement.product):
        if start_of(cycle) <= agreement.start < end_of(world, cycle):
            return cycle
    supplied = stretches(world, agreement.product)
    for stretch in supplied:
        if agreement.start < stretch.start < agreement.end:
            return stretch.cycle
    for stretch in supplied:
        if stretch.start <= agreement.start < stretch.end:
            return stretch.cycle
    return None


def is_under_the_policy(world: World, agreement: Agreement) -> bool:
    """Whether the jurisdiction's policy holds on any of the agreement's days."""
    return agreement.meets(world.policy.start, world.policy.until)


def judged_agreements(world: World, rule: str) -> Iterator[tuple[Agreement, Cycle]]:
    """The agreements that a rule judges, each with its cycle; unknown products are unjudged."""
    if rule not in world.policy.rules:
        return
    for agreement in every_agreement(world):
        if not is_under_the_policy(world, agreement):
            continue
        if not is_known(world, agreement.product):
            world.unjudged.add((rule, "product"))
            continue
        cycle = cycle_of(world, agreement)
        if cycle is not None:
            yield agreement, cycle


def deselected(world: World, cycle: Cycle) -> date:
    """The day of the deselection that counts for an agreement of a cycle, or the last of days."""
    return deselected_on(world, cycle["product"], start_of(cycle))


def agreed_amount(agreement: Agreement, cycle: Cycle) -> Decimal:
    """Agreed quantity times unit price, else selected price, rounded."""
    price = agreement.data.get("unit_price")
    return rounded(agreement.agreed * Decimal(cycle["selected_price"] if price is None else price))

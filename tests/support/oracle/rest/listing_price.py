"""`listing-price`: the platform's price is not the selected price."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import is_known
from tests.support.oracle.rest.days import by_now, runs
from tests.support.oracle.terms import governing, stretches

RULE = "listing-price"


def price_on(world: World, kind: str, field: str, product: str, day: date) -> str | None:
    """What the platform's price, or the standard, of a product is on a day; None if not told."""
    told = [t.data for t in world.last(kind, "product", "effective_on")]
    own = [data for data in told if data["product"] == product]
    known = [data for data in own if date.fromisoformat(data["effective_on"]) <= day]
    return max(known, key=lambda data: data["effective_on"])[field] if known else None


def changes(world: World, kind: str, product: str) -> set[date]:
    """The days on which the platform's price, or the standard, of a product changes."""
    told = [t.data for t in world.last(kind, "product", "effective_on")]
    return {date.fromisoformat(d["effective_on"]) for d in told if d["product"] == product}


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    told = world.last("price.listed", "product", "effective_on")
    for product in sorted({telling.data["product"] for telling in told}):
        if RULE in world.policy.rules and not is_known(world, product):
            world.unjudged.add((RULE, "product"))
        yield from _of(world, product)


def _of(world: World, product: str) -> Iterator[Finding]:
    def listed(day: date) -> str | None:
        return price_on(world, "price.listed", "price", product, day)

    def differs(day: date) -> bool:
        cycle, price = governing(world, product, day), listed(day)
        if cycle is None or price is None or not world.policy.carries(RULE, day):
            return False
        return Decimal(price) != Decimal(cycle["selected_price"])

    boundaries = changes(world, "price.listed", product) | {world.policy.start, world.policy.until}
    for stretch in stretches(world, product):
        boundaries |= {stretch.start, stretch.end}
    for start, end in runs(boundaries, differs):
        if midnight_of(start) > world.now:
            continue
        last = latest(world, boundaries, start, end)
        yield Finding(
            rule=RULE,
            subject=product,
            anchor=start.isoformat(),
            severity="warning",
            occurred_at=midnight_of(start),
            cured_at=None if end == date.max else by_now(world, midnight_of(end)),
            observed=listed(last),
            limit=_cycle(world, product, last)["selected_price"],
            parties={
                "product": product,
                "manufacturer": _cycle(world, product, start)["manufacturer"],
            },
        )


def latest(world: World, boundaries: set[date], start: date, end: date) -> date:
    """The later of an interval's start and the last change in it that has come."""
    inside = [day for day in boundaries if start <= day < end]
    return max(day for day in inside if midnight_of(day) <= world.now)


def _cycle(world: World, product: str, day: date) -> dict[str, Any]:
    return dict(governing(world, product, day) or {})

"""Plants days on which the insurance paid by another standard than it may, and some not so."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from services.sources.province.breaches import above
from services.sources.province.market import Product
from services.sources.province.plan import midnight
from services.sources.province.planting.listings import Days, free_days
from services.sources.province.story import DAY
from services.sources.province.telling import Data
from services.sources.province.truth import Evidence, Seen
from services.sources.province.world import NoGroundError, World

CHECKS = {"drug": "not-passed", "consumable": "class"}
"""What is asked of a product that was never selected, by its category."""


class Mispaid(NamedTuple):
    """On which days which check fails: the amount that is paid, and the one that may be."""

    check: str
    days: Days
    amount: str
    allowed: str


def paid(world: World, product: Product, on: date, amount: str) -> Evidence:
    """Tell a standard from a day on, days ahead."""
    data: Data = {
        "product": product.code,
        "effective_on": on.isoformat(),
        "standard_price": amount,
    }
    at = min(world.midday(on - 3 * DAY), world.plan.end - DAY)
    told = world.teller.tell("standard.set", world.teller.platform, at, data)
    world.told.append(told)
    return [{"id": told[1]["id"], "source": world.teller.platform}]


def found(world: World, product: Product, mispaid: Mispaid, on: Evidence) -> None:
    """Plant that a product was paid otherwise than it may be."""
    check, days, amount, allowed = mispaid
    begun, over = map(midnight, days)
    wanted = Decimal(allowed)
    limit = int(wanted) if wanted == int(wanted) else f"{wanted:f}".rstrip("0")
    world.truth.plant(
        "payment-standard",
        product.code,
        f"{check}:{days[0].isoformat()}",
        {"product": product.code, "manufacturer": product.manufacturer},
        Seen(begun, over, amount, limit, "warning"),
        on,
    )


def selected(world: World, amount: Callable[[str], str]) -> None:
    """Pay a selected product by another amount than its price for some days."""
    product, cycle, (begun, over) = free_days(world, lambda product: product.standards)
    other = amount(cycle.price)
    told = paid(world, product, begun, other)
    paid(world, product, over, cycle.price)
    found(world, product, Mispaid("base", (begun, over), other, cycle.price), told)


def selected_above(world: World) -> None:
    """Pay a selected product above its price for some days."""
    selected(world, above)


def selected_below(world: World) -> None:
    """Pay a selected product below its price for some days: it is no more the basis."""
    selected(world, lambda price: f"{Decimal(price) / 2}")


def kinds_of_both(world: World) -> list[tuple[Product, Product]]:
    """Pair products that were never selected with those of their kind that are."""
    return [
        (listed, chosen)
        for listed in world.products
        for chosen in world.products
        if not listed.cycles
        and chosen.cycles
        and (listed.variety, listed.category) == (chosen.variety, chosen.category)
    ]


def beside_selected(world: World) -> tuple[Product, Product]:
    """Find a product that was never selected, and the one of its kind that is."""
    pairs = kinds_of_both(world)
    kinds = [chosen.variety for _, chosen in pairs]
    alone = [pair for pair in pairs if kinds.count(pair[1].variety) == 1]
    if not alone:
        raise NoGroundError
    return world.random.choice(alone)


def listed_above(world: World) -> None:
    """Pay what was never selected above the selected product of its kind for some days."""
    listed, chosen = beside_selected(world)
    _, cycle, (begun, over) = free_days(
        world, lambda product: product.standards, lambda product: product is chosen
    )
    other = above(cycle.price)
    told = paid(world, listed, begun, other)
    paid(world, listed, over, "0.01")
    mispaid = Mispaid(CHECKS[listed.category], (begun, over), other, cycle.price)
    found(world, listed, mispaid, told)


def listed_at_it(world: World) -> None:
    """Pay what was never selected just as the selected product of its kind: it may be."""
    listed, chosen = beside_selected(world)
    _, cycle, (begun, over) = free_days(
        world, lambda product: product.standards, lambda product: product is chosen
    )
    paid(world, listed, begun, cycle.price)
    paid(world, listed, over, "0.01")


PLANTINGS = (
    (selected_above, 14),
    (selected_below, 8),
    (listed_above, 8),
    (listed_at_it, 3),
)

"""Plants days on which the platform listed another price than the selected one, and some not so."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from services.sources.province.breaches import above
from services.sources.province.market import Cycle, Product
from services.sources.province.plan import midnight
from services.sources.province.planting.ground import renewed
from services.sources.province.story import DAY
from services.sources.province.telling import Data
from services.sources.province.truth import Evidence, Seen
from services.sources.province.world import NoGroundError, World

LONGEST = 9
TRIES = 60
Days = tuple[date, date]


def ground(world: World, wanted: Callable[[Product], bool] = bool) -> tuple[Product, Cycle, Days]:
    """Take some days of a product within one cycle, on which no other plant touches its price."""
    return free_days(world, lambda product: product.listings, wanted)


def free_days(
    world: World,
    taken: Callable[[Product], list[Days]],
    wanted: Callable[[Product], bool] = bool,
) -> tuple[Product, Cycle, Days]:
    """Take some days of a product within one cycle that are not among those taken of it."""
    first = world.plan.start.date()
    for _ in range(TRIES):
        product = world.random.choice([held for held in world.products if wanted(held)])
        begun = first + timedelta(days=world.random.randrange(2, world.plan.days - LONGEST - 3))
        over = begun + timedelta(days=world.random.randint(2, LONGEST))
        cycle = product.cycle_on(begun)
        if cycle is None or cycle.start == begun:
            continue
        if product.cycle_on(over) is cycle and take(taken(product), begun, over):
            return product, cycle, (begun, over)
    raise NoGroundError


def take(taken: list[Days], begun: date, over: date) -> bool:
    """Take days if nobody has; findings that touch would be one."""
    if any(begun <= last and first <= over for first, last in taken):
        return False
    taken.append((begun, over))
    return True


def listed(world: World, product: Product, on: date, price: str, again: int = 0) -> Evidence:
    """Tell a price from a day on, days ahead; `again` days later it is told anew."""
    at = min(world.midday(on - 3 * DAY) + again * DAY, world.plan.end - DAY)
    data: Data = {"product": product.code, "effective_on": on.isoformat(), "price": price}
    told = world.teller.tell("price.listed", world.teller.platform, at, data)
    world.told.append(told)
    return [{"id": told[1]["id"], "source": world.teller.platform}]


def found(
    world: World, product: Product, days: Days, prices: tuple[str, str], on: Evidence
) -> None:
    """Plant: on these days the first of two prices was listed, and not the second."""
    begun, over = map(midnight, days)
    world.truth.plant(
        "listing-price",
        product.code,
        days[0].isoformat(),
        {"product": product.code, "manufacturer": product.manufacturer},
        Seen(begun, over, *prices, "warning"),
        on,
    )


def listed_above(world: World) -> None:
    """List a higher price for some days."""
    product, cycle, (begun, over) = ground(world)
    price = above(cycle.price)
    told = listed(world, product, begun, price)
    listed(world, product, over, cycle.price)
    found(world, product, (begun, over), (price, cycle.price), told)


def listed_below(world: World) -> None:
    """List a lower price for some days: another price all the same."""
    product, cycle, (begun, over) = ground(world, lambda product: Decimal(product.price) > 1)
    told = listed(world, product, begun, "0.99")
    listed(world, product, over, cycle.price)
    found(world, product, (begun, over), ("0.99", cycle.price), told)


def listed_above_twice(world: World) -> None:
    """List one price too high, then another: one finding, of the later price."""
    product, cycle, (begun, over) = ground(world)
    higher = above(cycle.price, "0.4")
    listed(world, product, begun, above(cycle.price))
    told = listed(world, product, begun + DAY, higher)
    listed(world, product, over, cycle.price)
    found(world, product, (begun, over), (higher, cycle.price), told)


def renewed_late(world: World) -> None:
    """Go on listing the old price for some days of a cycle that lowered it."""
    product = renewed(world)
    older, newer = product.cycles
    over = newer.start + timedelta(days=world.random.randint(2, LONGEST))
    if not take(product.listings, newer.start, over):
        raise NoGroundError
    told = listed(world, product, newer.start, older.price)
    listed(world, product, over, newer.price)
    found(world, product, (newer.start, over), (older.price, newer.price), told)


def listed_in_other_words(world: World) -> None:
    """List the selected price with more places, which changes nothing."""
    product, cycle, (begun, _) = ground(world)
    listed(world, product, begun, f"{cycle.price}00")


def corrected(world: World) -> None:
    """List a price too high and correct it: it never was so."""
    product, cycle, (begun, _) = ground(world)
    listed(world, product, begun, above(cycle.price))
    listed(world, product, begun, cycle.price, again=4)


def listed_without_being_selected(world: World) -> None:
    """List a high price for a product that nobody selected."""
    product = next(product for product in world.products if product.fate == "listed")
    listed(world, product, world.plan.start.date() + 3 * DAY, above(product.price, "3"))


PLANTINGS = (
    (renewed_late, 2),
    (listed_above, 12),
    (listed_below, 8),
    (listed_above_twice, 6),
    (listed_in_other_words, 4),
    (corrected, 4),
    (listed_without_being_selected, 2),
)

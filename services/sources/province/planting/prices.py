"""Plants orders and invoices above the selected price, and some that are just not above it."""

from datetime import datetime
from decimal import Decimal

from services.sources.province import breaches
from services.sources.province.breaches import above
from services.sources.province.market import Product
from services.sources.province.planting.ground import (
    FRESH,
    HOUR,
    MINUTE,
    order,
    order_of,
    renewed,
    supply,
)
from services.sources.province.story import DAY, Story
from services.sources.province.world import NoGroundError, Pair, World


def dear(world: World, pair: Pair | None = None, placed: datetime | None = None) -> Story:
    """Place an order above the selected price; what happens next is told afterwards."""
    placed = placed or world.moment(FRESH)
    pair = pair or world.pick(placed.date())
    cycle = pair.product.cycle_on(placed.date())
    if cycle is None:
        raise NoGroundError
    story = order_of(world, pair, placed, price=above(cycle.price))
    breaches.overpriced(world, story, placed, story.price)
    return story


def invoice_above(world: World, story: Story, share: str = "0.15") -> None:
    """Invoice above the selected price once the goods are due."""
    at = story.delivery.at + world.random.randint(1, 30) * HOUR
    price = above(story.selected_price, share)
    breaches.overpriced(world, story, at, price, story.invoice(at, price))


def ordered_above_the_price(world: World) -> None:
    """Order above the price, and deliver in time."""
    supply(world, dear(world))


def ordered_above_the_price_and_cancelled(world: World) -> None:
    """Order above the price; the order is cancelled, the breach stays."""
    story = dear(world)
    story.cancel(story.placed + 20 * MINUTE)


def invoiced_above_the_price(world: World) -> None:
    """Order at the price and invoice above it."""
    story = order(world, FRESH)
    supply(world, story)
    invoice_above(world, story)


def ordered_and_invoiced_above_the_price(world: World) -> None:
    """Order and invoice above the price: two breaches."""
    story = dear(world)
    supply(world, story)
    invoice_above(world, story)


def invoiced_twice_above_the_price(world: World) -> None:
    """Invoice above the price twice: two breaches."""
    story = order(world, FRESH)
    supply(world, story)
    invoice_above(world, story)
    invoice_above(world, story, "0.4")


def of(world: World, product: Product, placed: datetime) -> Pair:
    """Draw a pair of a product that was renewed."""
    return world.pick(placed.date(), lambda pair: pair.product is product, fate=product.fate)


def ordered_at_the_price_of_the_cycle_before(world: World) -> None:
    """Go on at the old price after a renewal that lowered it."""
    product = renewed(world)
    older, newer = product.cycles
    placed = world.moment(FRESH, world.midday(newer.start))
    story = order_of(world, of(world, product, placed), placed, price=older.price)
    breaches.overpriced(world, story, placed, older.price)
    supply(world, story)


def ordered_at_the_price_of_its_day(world: World) -> None:
    """Order before the renewal at the price of then, invoiced after it: no breach."""
    product = renewed(world)
    turn = world.midday(product.cycles[1].start)
    story = order_of(world, of(world, product, turn - DAY), turn - DAY)
    supply(world, story)
    story.invoice(turn + 8 * DAY)


def ordered_at_the_price_in_other_words(world: World) -> None:
    """Write the selected price with more places, which changes nothing."""
    placed = world.moment(FRESH)
    pair = world.pick(placed.date())
    supply(world, order_of(world, pair, placed, price=f"{pair.product.price}00"))


def ordered_below_the_price(world: World) -> None:
    """Order below the selected price."""
    supply(world, order(world, FRESH, lambda pair: Decimal(pair.product.price) > 1, price="0.99"))


def told_again_above_the_price(world: World) -> None:
    """Tell the order again, later and dearer: the first telling holds."""
    story = order(world, FRESH)
    story.place(story.placed + 10 * MINUTE, above(story.selected_price))
    supply(world, story)


def listed_product_above_any_price(world: World) -> None:
    """Order a product that was never selected, at a high price.

    Who agreed to buy another of its variety would have to use that one first.
    """
    agreed = {(pair.hospital.code, pair.product.variety) for pair in world.pairs if pair.weight}
    free = [
        pair
        for pair in world.pairs
        if pair.product.fate == "listed"
        and (pair.hospital.code, pair.product.variety) not in agreed
    ]
    if not free:
        raise NoGroundError
    placed = world.moment(FRESH)
    pair = world.random.choice(free)
    supply(world, order_of(world, pair, placed, price=above(pair.product.price, "3")))


PLANTINGS = (
    (ordered_above_the_price, 12),
    (ordered_above_the_price_and_cancelled, 4),
    (invoiced_above_the_price, 12),
    (ordered_and_invoiced_above_the_price, 5),
    (invoiced_twice_above_the_price, 3),
    (ordered_at_the_price_of_the_cycle_before, 8),
    (ordered_at_the_price_of_its_day, 4),
    (ordered_at_the_price_in_other_words, 5),
    (ordered_below_the_price, 4),
    (told_again_above_the_price, 4),
    (listed_product_above_any_price, 40),
)

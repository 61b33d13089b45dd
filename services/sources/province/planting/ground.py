"""Where plants are put, so that none stands in another's light."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypedDict, Unpack

from services.sources.province.market import Product
from services.sources.province.plan import midnight
from services.sources.province.story import DAY, Story
from services.sources.province.terms import TERMS
from services.sources.province.world import Agreement, Cell, Pair, World

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
FRESH = 5 * DAY
"""Long enough ago for an order to be delivered late, yet before the last instant."""

STALE = 12 * DAY
"""Long enough ago for a refusal's episode to be over."""

OLD = 25 * DAY
"""Long enough ago for a stock-out by silence and its episode to be over."""

FOREVER = 2000 * DAY
FEWEST = 4
"""Planted orders are divisible: they may come in parts."""


class Options(TypedDict, total=False):
    """What may differ from an ordinary order."""

    urgent: bool
    deliver_by: date | datetime
    price: str
    named: Agreement
    distributor: str


def anywhere(_: Pair) -> bool:
    """Accept any pair."""
    return True


def order(
    world: World,
    ago: timedelta,
    wanted: Callable[[Pair], bool] = anywhere,
    **options: Unpack[Options],
) -> Story:
    """Place a planted order at least `ago` before the end, with a pair that is wanted."""
    placed = world.moment(ago)
    return order_of(world, world.pick(placed.date(), wanted), placed, **options)


def order_of(world: World, pair: Pair, placed: datetime, **options: Unpack[Options]) -> Story:
    """Place a planted order of a pair, and keep what it will tell."""
    story = Story(world, pair, placed, quantity=max(pair.unit, FEWEST), **options)
    pair.room -= story.quantity
    world.lists.append(story.told)
    return story


def empty_shelf(world: World, ago: timedelta, **options: Unpack[Options]) -> Story:
    """Place an order that may find the shelf empty where no other episode is near."""
    placed = world.moment(ago)
    pair = world.pick(placed.date(), lambda pair: world.cell(pair).free(placed, placed + 12 * DAY))
    story = order_of(world, pair, placed, **options)
    world.take(world.cell(pair), placed, placed + 12 * DAY)
    return story


def stocked_out(story: Story) -> datetime:
    """Find the instant at which silence becomes a stock-out."""
    return story.delivery.at + TERMS.stock_out_after


def between(world: World, first: datetime, last: datetime) -> datetime:
    """Draw an instant strictly between two, in whole seconds."""
    share = world.random.uniform(0.1, 0.9)
    return (first + (last - first) * share).replace(microsecond=0)


def answer(world: World, story: Story) -> datetime:
    """Accept the order well in time."""
    latest = min(story.response.at, story.delivery.at)
    at = between(world, story.placed, story.placed + (latest - story.placed) / 2)
    story.accept(at)
    return at


def supply(world: World, story: Story) -> datetime:
    """Answer and deliver the order well in time."""
    at = answer(world, story)
    shipped = between(world, at, at + (story.delivery.at - at) / 3)
    story.ship(shipped)
    received = between(world, shipped, shipped + (story.delivery.at - shipped) / 2)
    story.receive(received)
    return received


def renewed(world: World) -> Product:
    """Draw a product whose next cycle lowered its price."""
    return world.random.choice([held for held in world.products if held.fate == "renewed"])


def reserve(cell: Cell) -> None:
    """Keep the stock-outs of other plants out of a cell for good, since a report was told there."""
    begun = midnight(cell.product.cycles[0].start)
    cell.taken.append((begun - FOREVER, begun + FOREVER))

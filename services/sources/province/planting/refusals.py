"""Plants orders that are refused within the agreed volume, and refusals that are excused."""

from datetime import datetime

from services.sources.province import breaches
from services.sources.province.planting.ground import (
    FRESH,
    HOUR,
    STALE,
    answer,
    between,
    order,
    order_of,
)
from services.sources.province.story import Story
from services.sources.province.world import NoGroundError, Pair, World

REASONS = ("price", "volume_exceeded", "remote_area", "hospital_in_arrears", "other")


def early(world: World, story: Story) -> datetime:
    """Draw an instant well before any deadline."""
    latest = min(story.response.at, story.delivery.at)
    return between(world, story.placed, story.placed + (latest - story.placed) / 2)


def refuse(world: World, story: Story, reason: str | None = None) -> None:
    """Refuse at once, for a reason that excuses nothing."""
    at = early(world, story)
    reason = reason or world.random.choice(REASONS)
    story.reject(at, reason)
    breaches.refused(world, story, at, reason)


def refused(world: World) -> None:
    """Refuse an order within the volume."""
    refuse(world, order(world, FRESH))


def urgently_refused(world: World) -> None:
    """Refuse an emergency."""
    refuse(world, order(world, FRESH, urgent=True))


def refused_without_agreement(world: World) -> None:
    """Refuse a hospital that has signed nothing: the duty of the cycle holds all the same."""
    placed = world.moment(FRESH)
    unsigned = [
        pair
        for pair in world.pairs
        if not pair.agreements
        and pair.product.fate == "plain"
        and not pair.exclusive
        and world.bears(pair, placed.date())
    ]
    if not unsigned:
        raise NoGroundError
    pair = world.random.choice(unsigned)
    # Who went on buying without an agreement would owe an explanation for that, too.
    pair.exclusive = True
    refuse(world, order_of(world, pair, placed))


def refused_after_accepting(world: World) -> None:
    """Accept first, and refuse before the goods are due."""
    story = order(world, FRESH)
    accepted = answer(world, story)
    at = between(world, accepted, story.delivery.at)
    story.reject(at, "price")
    breaches.refused(world, story, at, "price")


def refused_after_an_excuse(world: World) -> None:
    """Name the hospital's error first and the price afterwards: the second refusal counts."""
    story = order(world, FRESH)
    excused = early(world, story)
    at = between(world, excused, story.delivery.at)
    story.reject(excused, "hospital_error")
    story.reject(at, "price")
    breaches.refused(world, story, at, "price")


def refused_on_the_day_the_volume_was_reached(world: World) -> None:
    """Reach the volume on the very day of the order: it still counts as within."""
    placed = world.moment(STALE)
    pair = exclusive(world, placed)
    fill = order_of(world, pair, placed - 3 * HOUR)
    fill.accept(placed - 2 * HOUR)
    fill.receive(placed - HOUR)
    set_volume(pair, placed, fill.quantity)
    refuse(world, order_of(world, pair, placed))


def exclusive(world: World, placed: datetime) -> Pair:
    """Take a pair for this plant alone, so that its volume is known."""
    pair = world.pick(placed.date(), lambda pair: pair.room == signed(pair) - 1)
    pair.exclusive = True
    return pair


def signed(pair: Pair) -> int:
    """Find the agreed quantity of every year of a pair."""
    return pair.agreements[0].quantity


def set_volume(pair: Pair, placed: datetime, quantity: int) -> None:
    """Sign another quantity for the year of an order."""
    agreement = pair.agreement_on(placed.date())
    if agreement is None:
        raise NoGroundError
    agreement.quantity = quantity


def excused(world: World) -> None:
    """Refuse for the hospital's own error, which is excused."""
    story = order(world, FRESH)
    story.reject(early(world, story), "hospital_error")


def refused_after_the_cancellation(world: World) -> None:
    """Refuse what the hospital has already cancelled."""
    story = order(world, FRESH)
    cancelled = early(world, story)
    story.cancel(cancelled)
    story.reject(between(world, cancelled, story.delivery.at), "price")


def refused_once_nobody_had_a_duty(world: World) -> None:
    """Refuse after the product was deselected or its cycle was over, or one never selected."""
    last = world.plan.end - 2 * FRESH
    over = [
        pair
        for pair in world.pairs
        if pair.product.fate == "listed"
        or (pair.product.fate in {"deselected", "expired"} and pair.product.ends_on < last.date())
    ]
    pair = world.random.choice(over)
    since = world.midday(pair.product.ends_on) if pair.product.cycles else None
    story = order_of(world, pair, world.moment(FRESH, since))
    story.reject(early(world, story), "out_of_stock")


PLANTINGS = (
    (refused, 14),
    (urgently_refused, 4),
    (refused_without_agreement, 5),
    (refused_after_accepting, 5),
    (refused_after_an_excuse, 4),
    (refused_on_the_day_the_volume_was_reached, 3),
    (excused, 6),
    (refused_after_the_cancellation, 4),
    (refused_once_nobody_had_a_duty, 8),
)

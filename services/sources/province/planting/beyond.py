"""Plants orders beyond the agreed volume that are refused, dear or undelivered, and honest ones."""

from datetime import datetime

from services.sources.province import breaches
from services.sources.province.breaches import StockOut, above
from services.sources.province.planting.ground import (
    FRESH,
    HOUR,
    OLD,
    STALE,
    answer,
    between,
    order_of,
    stocked_out,
    supply,
)
from services.sources.province.planting.refusals import REASONS, early, refuse, set_volume
from services.sources.province.story import DAY, Story
from services.sources.province.world import Pair, World

FILLED_BEFORE = 4 * DAY
"""The agreed volume is reached at least a day before the order that goes beyond it."""


def filled(world: World, placed: datetime, told: datetime | None = None) -> tuple[Pair, Story]:
    """Take a pair and fill its volume, exactly, before the day of `placed`; `told` may be later."""
    pair = world.pick(
        placed.date(),
        lambda pair: (
            pair.room == pair.agreements[0].quantity - 1
            and pair.agreement_on(placed.date())
            == pair.agreement_on((placed - FILLED_BEFORE).date())
            and world.cell(pair).free(placed, placed + 12 * DAY)
        ),
    )
    pair.exclusive = True
    fill = order_of(world, pair, placed - FILLED_BEFORE)
    fill.accept(fill.placed + HOUR)
    fill.receive(fill.placed + 5 * HOUR, recorded=told)
    set_volume(pair, placed, fill.quantity)
    return pair, fill


def further(world: World, placed: datetime) -> Story:
    """Place an order beyond the volume, at the selected price."""
    pair, _ = filled(world, placed)
    return order_of(world, pair, placed)


def refused(world: World) -> None:
    """Refuse beyond the volume."""
    story = further(world, world.moment(FRESH))
    at, reason = early(world, story), world.random.choice(REASONS)
    story.reject(at, reason)
    breaches.refused(world, story, at, reason, beyond=True)


def refused_for_want_of_goods(world: World) -> None:
    """Refuse beyond the volume because there is nothing: a shortage as well."""
    story = further(world, world.moment(STALE))
    at = early(world, story)
    story.reject(at, "out_of_stock")
    world.take(world.cell(story.pair), at, at)
    breaches.refused(world, story, at, "out_of_stock", beyond=True)
    breaches.shortage(world, world.cell(story.pair), [StockOut(at, story)])


def dear(world: World) -> None:
    """Take more than the selected price beyond the volume."""
    placed = world.moment(FRESH)
    pair, fill = filled(world, placed)
    story = order_of(world, pair, placed, price=above(fill.selected_price))
    breaches.overpriced(world, story, placed, story.price, beyond=True)
    supply(world, story)


def invoiced_dear(world: World) -> None:
    """Invoice more than the selected price beyond the volume."""
    story = further(world, world.moment(FRESH))
    supply(world, story)
    at, price = story.delivery.at + 3 * HOUR, above(story.selected_price)
    breaches.overpriced(world, story, at, price, story.invoice(at, price), beyond=True)


def lost(world: World) -> None:
    """Ship beyond the volume and never deliver."""
    story = further(world, world.moment(STALE))
    story.ship(between(world, answer(world, story), story.delivery.at))
    breaches.late_delivery(world, story, 0, None)
    breaches.undelivered(world, story, None)


def found_again(world: World) -> None:
    """Ship beyond the volume and deliver after more than a week."""
    story = further(world, world.moment(OLD))
    story.ship(between(world, answer(world, story), story.delivery.at))
    received = between(world, stocked_out(story), world.plan.end)
    story.receive(received)
    breaches.late_delivery(world, story, 0, received)
    breaches.undelivered(world, story, received)


def accepted_nothing(world: World) -> None:
    """Deliver only what the hospital sends straight back, then the first good part late."""
    story = further(world, world.moment(OLD))
    arrived = between(world, answer(world, story), story.delivery.at)
    story.receive(arrived, 0, rejected=story.quantity)
    received = between(world, stocked_out(story), world.plan.end)
    story.receive(received, 1)
    breaches.late_delivery(world, story, 0, None)
    breaches.undelivered(world, story, received)


def refused_after_a_week(world: World) -> None:
    """Ship beyond the volume, do not deliver, and refuse after more than a week."""
    story = further(world, world.moment(OLD))
    story.ship(between(world, answer(world, story), story.delivery.at))
    at = between(world, stocked_out(story), world.plan.end)
    story.reject(at, "price")
    breaches.late_delivery(world, story, 0, at)
    breaches.undelivered(world, story, at)
    breaches.refused(world, story, at, "price", beyond=True)


def silent(world: World) -> None:
    """Say and do nothing beyond the volume: every silence is a breach of its own."""
    story = further(world, world.moment(OLD))
    at = stocked_out(story)
    world.take(world.cell(story.pair), at, at)
    breaches.late_response(world, story, None)
    breaches.late_delivery(world, story, 0, None)
    breaches.undelivered(world, story, None)
    breaches.shortage(world, world.cell(story.pair), [StockOut(at, story)])


def delivered(world: World) -> None:
    """Deliver beyond the volume at the selected price, as is due."""
    story = further(world, world.moment(FRESH))
    supply(world, story)
    story.invoice(story.delivery.at)


def refused_after_a_return(world: World) -> None:
    """Refuse after a return has brought the hospital back within its volume."""
    placed = world.moment(FRESH)
    pair, fill = filled(world, placed)
    fill.give_back(placed - DAY, 1)
    refuse(world, order_of(world, pair, placed))


def refused_after_a_receipt_was_told_late(world: World) -> None:
    """Refuse beyond a volume that was reached in time but told only days afterwards."""
    placed = world.moment(STALE)
    pair, _ = filled(world, placed, told=placed + 9 * DAY)
    story = order_of(world, pair, placed)
    at = early(world, story)
    story.reject(at, "volume_exceeded")
    breaches.refused(world, story, at, "volume_exceeded", beyond=True)


PLANTINGS = (
    (refused, 8),
    (refused_for_want_of_goods, 4),
    (dear, 6),
    (invoiced_dear, 5),
    (lost, 5),
    (found_again, 4),
    (accepted_nothing, 3),
    (refused_after_a_week, 3),
    (silent, 4),
    (delivered, 6),
    (refused_after_a_return, 4),
    (refused_after_a_receipt_was_told_late, 4),
)

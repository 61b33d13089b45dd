"""Plants stock-outs that nobody reported, alone and in episodes."""

from collections.abc import Callable
from datetime import datetime, timedelta

from services.sources.province import breaches
from services.sources.province.breaches import StockOut
from services.sources.province.planting.ground import (
    HOUR,
    OLD,
    STALE,
    answer,
    between,
    empty_shelf,
    order_of,
    reserve,
    stocked_out,
)
from services.sources.province.planting.refusals import early
from services.sources.province.story import DAY, Story
from services.sources.province.terms import TERMS
from services.sources.province.world import Cell, Pair, World

REASONS = ("out_of_stock", "production_stopped")
EPISODE = 45 * DAY
"""Long enough ago for several stock-outs in a row and the end of their episode."""


def nothing_there(world: World, story: Story, reason: str | None = None) -> StockOut:
    """Refuse for want of goods: a refusal and a stock-out."""
    at = early(world, story)
    reason = reason or world.random.choice(REASONS)
    story.reject(at, reason)
    breaches.refused(world, story, at, reason)
    return StockOut(at, story)


def nothing_sent(world: World, story: Story) -> StockOut:
    """Accept and send nothing: late without end, and a stock-out after a week."""
    answer(world, story)
    breaches.late_delivery(world, story, 0, None)
    return StockOut(stocked_out(story), story)


def nothing_said(world: World, story: Story) -> StockOut:
    """Do not even answer."""
    breaches.late_response(world, story, None)
    breaches.late_delivery(world, story, 0, None)
    return StockOut(stocked_out(story), story)


def sent_after_all(world: World, story: Story) -> StockOut:
    """Deliver only after the silence has become a stock-out."""
    answer(world, story)
    at = stocked_out(story)
    received = between(world, at + HOUR, world.plan.end)
    story.ship(at + HOUR)
    story.receive(received)
    breaches.late_delivery(world, story, 0, received)
    return StockOut(at, story)


Empty = Callable[[World, Story], StockOut]


def alone(world: World, ago: timedelta, empty: Empty) -> None:
    """Let one order find the shelf empty, and nobody report it."""
    story = empty_shelf(world, ago)
    breaches.shortage(world, world.cell(story.pair), [empty(world, story)])


def refused_for_want_of_goods(world: World) -> None:
    """Refuse for want of goods, unreported."""
    alone(world, STALE, nothing_there)


def accepted_and_never_sent(world: World) -> None:
    """Accept and send nothing, unreported."""
    alone(world, OLD, nothing_sent)


def never_answered(world: World) -> None:
    """Neither answer nor send, unreported."""
    alone(world, OLD, nothing_said)


def sent_too_late(world: World) -> None:
    """Send after more than a week, unreported."""
    alone(world, OLD, sent_after_all)


def quiet_cell(world: World, *, whole: bool = False) -> Cell:
    """Take a cell with a hospital for episodes; with `whole`, its product in every area."""

    def quiet(cell: Cell) -> bool:
        everywhere = [c for c in world.all_cells if c.product is cell.product]
        return any(map(takes, cell.pairs)) and not (
            whole and any(other.taken for other in everywhere)
        )

    cell = world.vacant("shortage", quiet)
    for other in world.all_cells:
        if other is cell or (whole and other.product is cell.product):
            reserve(other)
    return cell


def takes(pair: Pair) -> bool:
    """Tell whether a pair may carry planted orders on any day, and several of them late."""
    return (
        bool(pair.agreements)
        and pair.agreements[0].start < pair.product.cycles[0].start + 9 * DAY
        and pair.hospital.withdrawn_on is None
        and not pair.hospital.is_ever_remote
    )


def orders_in(world: World, cell: Cell, *placed: datetime) -> list[Story]:
    """Place orders of a cell's hospitals, one at each instant."""
    pairs = [pair for pair in cell.pairs if takes(pair)]
    return [order_of(world, world.random.choice(pairs), at) for at in placed]


def several_orders_one_episode(world: World) -> None:
    """Run out again and again, each time less than a week later: one finding."""
    cell, placed = quiet_cell(world), world.moment(EPISODE)
    stories = orders_in(
        world, cell, *(placed + n * 6 * DAY for n in range(world.random.randint(2, 4)))
    )
    breaches.shortage(world, cell, [nothing_there(world, story) for story in stories])


def refusal_and_silence_one_episode(world: World) -> None:
    """Stay silent on one order and refuse the next: one episode of two kinds."""
    cell, placed = quiet_cell(world), world.moment(EPISODE)
    (silent,) = orders_in(world, cell, placed)
    stock_out = nothing_sent(world, silent)
    (refused,) = orders_in(world, cell, stock_out.at + 2 * DAY)
    breaches.shortage(world, cell, [stock_out, nothing_there(world, refused)])


def two_episodes_a_week_apart(world: World) -> None:
    """Run out again exactly the gap later: a new episode begins as the old one ends."""
    cell, placed = quiet_cell(world), world.moment(EPISODE)
    for story in orders_in(world, cell, placed, placed + TERMS.episode_gap):
        at = story.placed + 2 * HOUR / 3
        story.reject(at, "out_of_stock")
        breaches.refused(world, story, at, "out_of_stock")
        breaches.shortage(world, cell, [StockOut(at, story)])


def cancelled_before_a_week_was_over(world: World) -> None:
    """Cancel an order that was accepted and not sent, just before it is a stock-out."""
    story = empty_shelf(world, STALE)
    answer(world, story)
    at = stocked_out(story)
    story.cancel(at)
    breaches.late_delivery(world, story, 0, at)


PLANTINGS = (
    (several_orders_one_episode, 5),
    (refusal_and_silence_one_episode, 4),
    (two_episodes_a_week_apart, 3),
    (refused_for_want_of_goods, 12),
    (accepted_and_never_sent, 8),
    (never_answered, 8),
    (sent_too_late, 5),
    (cancelled_before_a_week_was_over, 3),
)

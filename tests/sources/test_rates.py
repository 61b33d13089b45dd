from datetime import UTC, date, datetime, timedelta

import pytest

from services.sources.province import Plan
from services.sources.province.story import Story
from services.sources.province.world import Pair, World

UNTIL = datetime(2026, 3, 4, 1, 30, tzinfo=UTC)
PLACED = datetime(2026, 1, 14, 1, 0, tzinfo=UTC)
NEXT_MONTH = PLACED + timedelta(days=30)


@pytest.fixture
def world() -> World:
    return World(Plan(until=UNTIL, hospitals=12, days=60, orders=150))


def pair_of(world: World, *, remote: bool) -> Pair:
    """Find a pair of a hospital whose remoteness stays."""
    return next(
        pair
        for pair in world.pairs
        if pair.hospital.remote is remote and pair.hospital.remote_changes_on is None
    )


def order(world: World, pair: Pair, *, comes: bool = False) -> Story:
    story = Story(world, pair, PLACED, quantity=10)
    if comes:
        story.receive(story.delivery.at)
    return story


def test_plants_order_less_in_a_month_than_anybody_holds_against_a_rate(world: World) -> None:
    pair, orders = pair_of(world, remote=False), 0

    while world.bears(pair, PLACED.date()):
        order(world, pair)
        order(world, pair)
        orders += 2

    assert orders == 18
    assert world.bears(pair, NEXT_MONTH.date())


def test_plants_bring_three_orders_of_a_month_late_to_remote_hospitals_and_no_more(
    world: World,
) -> None:
    far, near, late = pair_of(world, remote=True), pair_of(world, remote=False), 0

    while world.bears(far, PLACED.date()):
        order(world, far, comes=True)
        order(world, far)
        late += 1

    assert late == 3
    assert near.product is far.product
    assert world.bears(near, PLACED.date())
    assert world.bears(far, NEXT_MONTH.date())


@pytest.mark.parametrize(("missing", "most"), [(1, 40), (2, 19)])
def test_honest_orders_stay_few_where_more_than_a_tenth_did_not_come(
    world: World, missing: int, most: int
) -> None:
    pair, orders = pair_of(world, remote=False), missing
    for _ in range(missing):
        order(world, pair)
    world.rates.take(world.stories)

    while orders < 40 and world.rates.bear(pair, PLACED):
        order(world, pair, comes=True)
        world.rates.take(world.stories)
        orders += 1

    assert orders == most


def test_goods_of_an_order_that_nobody_places_make_up_for_nothing(world: World) -> None:
    pair = pair_of(world, remote=False)
    for _ in range(19):
        order(world, pair)
    goods = Story(world, pair, PLACED, quantity=100_000, is_placed=False)
    goods.receive(PLACED)
    world.rates.take(world.stories)

    assert not world.rates.bear(pair, PLACED)


def test_an_order_that_turns_out_to_be_placed_earlier_is_due_earlier(world: World) -> None:
    story = order(world, pair_of(world, remote=False))
    due = story.delivery.at

    story.place(PLACED + timedelta(minutes=5))
    assert story.delivery.at == due
    story.place(PLACED - timedelta(minutes=5))
    assert story.delivery.at == due - timedelta(minutes=5)


def test_what_is_due_at_the_end_of_a_month_is_of_that_month(world: World) -> None:
    pair = pair_of(world, remote=False)
    for _ in range(19):
        Story(world, pair, PLACED, quantity=10, deliver_by=date(2026, 1, 31))
    world.rates.take(world.stories)

    assert not world.bears(pair, date(2026, 1, 20))
    assert world.bears(pair, date(2026, 2, 2))

from datetime import UTC, datetime

import pytest

from services.sources.province import Plan, completion
from services.sources.province.plan import ZONE
from services.sources.province.story import DAY
from services.sources.province.world import World

UNTIL = datetime(2026, 3, 4, 1, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def world() -> World:
    made = World(Plan(until=UNTIL, hospitals=8, days=400, orders=500))
    completion.complete(made)
    return made


def test_what_an_agreement_may_lack_comes_on_its_last_day_from_whom_it_names(world: World) -> None:
    ended = {
        agreement.id: (pair, agreement)
        for pair in world.pairs
        for agreement in pair.agreements
        if agreement.end <= world.plan.end.date()
        and pair.product.cycle_on(agreement.end - DAY) is not None
    }

    assert {story.named.id for story in world.stories if story.named} == set(ended)
    for story in world.stories:
        assert story.named is not None
        pair, agreement = ended[story.named.id]
        ((came, units),) = story.arrivals
        assert story.placed.date() == came.astimezone(ZONE).date() == agreement.end - DAY
        assert units >= agreement.quantity + pair.room // 2
        assert story.distributor == world.cell(pair).standing[0]
        assert not story.is_late


def test_nobody_completes_what_was_agreed_of_a_product_that_was_deselected(world: World) -> None:
    named = {story.named.id for story in world.stories if story.named}
    over = [
        agreement
        for pair in world.pairs
        for agreement in pair.agreements
        if pair.product.deselected_on is not None and pair.product.deselected_on < agreement.end
    ]

    assert over
    assert not named & {agreement.id for agreement in over}

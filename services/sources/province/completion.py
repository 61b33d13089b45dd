"""Lets hospitals buy what they agreed to: what an agreement may lack comes on its last day.

No order can follow that day under the same agreement, and so none lies beyond its volume for it.
"""

from services.sources.province import seasons
from services.sources.province.planting.ground import HOUR
from services.sources.province.story import DAY, Story
from services.sources.province.world import Agreement, Pair, World


def complete(world: World) -> None:
    """Complete every agreement that ends in the simulated days while its product is selected."""
    for pair in world.pairs:
        for agreement in pair.agreements:
            last = agreement.end - DAY
            if agreement.end <= world.plan.end.date() and pair.product.cycle_on(last):
                buy(world, pair, agreement)


def buy(world: World, pair: Pair, agreement: Agreement) -> None:
    """Order the whole agreed quantity, half as much for what may go back, and get it that day.

    Whom an agreement names may deliver under it, though nobody appoints him.
    """
    story = Story(
        world,
        pair,
        seasons.office_hour(agreement.end - DAY, world.random),
        quantity=agreement.quantity + agreement.quantity // 2,
        named=agreement,
        distributor=world.cell(pair).standing[0],
    )
    story.accept(story.placed + HOUR)
    story.receive(story.placed + 5 * HOUR)
    world.lists.append(story.told)

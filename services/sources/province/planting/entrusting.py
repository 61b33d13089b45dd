"""Plants orders past the winner's distributors or past the platform, and some that are not so."""

from datetime import datetime, timedelta

from services.sources.province.planting.ground import FRESH, HOUR, answer, between, supply
from services.sources.province.planting.refusals import early
from services.sources.province.story import DAY, Story
from services.sources.province.terms import TERMS
from services.sources.province.truth import Keys, Seen, instant_text
from services.sources.province.world import Cell, NoGroundError, Pair, World

STANDING = "shortage"
"""A cell of this purpose keeps its standing distributors, and no plant appoints others there."""

STRANGER = "D9{:03d}"
"""Distributors that nobody ever appoints."""

WAYS = ("phone", "Platform", "微信")


def stranger(world: World) -> str:
    """Draw a distributor that the winner never entrusted."""
    return STRANGER.format(world.random.randrange(1000))


def pair_of(world: World, day: datetime) -> Pair:
    """Take a pair in a cell whose standing distributors are all that were ever entrusted."""

    def still(cell: Cell) -> bool:
        return cell.purpose is None or cell.purpose == STANDING

    pair = world.pick(day.date(), lambda pair: still(world.cell(pair)))
    world.cell(pair).purpose = STANDING
    return pair


def story_of(world: World, *, distributor: str | None = None, channel: str = "platform") -> Story:
    """Place an order with such a pair, and keep what it will tell."""
    placed = world.moment(FRESH)
    pair = pair_of(world, placed)
    story = Story(world, pair, placed, distributor=distributor, channel=channel)
    pair.room -= story.quantity
    world.lists.append(story.told)
    return story


def unappointed(
    world: World, story: Story, at: datetime, distributor: str, anchor: str = "placed"
) -> None:
    """Plant: a distributor that was not entrusted took the order on, or shipped for it."""
    entrusted = sorted(world.cell(story.pair).standing)
    seen = Seen(at, at, distributor, entrusted, "breach")
    keys: Keys = {**story.keys, "distributor": distributor}
    rule = "unappointed-distributor"
    world.truth.plant(rule, story.order, anchor, keys, seen, story.evidence)


def placed_with_a_stranger(world: World) -> None:
    """Order from somebody whom nobody entrusted, who delivers in time."""
    story = story_of(world, distributor=stranger(world))
    unappointed(world, story, story.placed, story.distributor)
    supply(world, story)


def shipped_by_a_branch(world: World) -> None:
    """Order from whom one may, and let another ship in two lots: one finding, at the first."""
    story, other = story_of(world), stranger(world)
    at = answer(world, story)
    first = between(world, at, at + (story.delivery.at - at) / 3)
    half = max(1, story.quantity // 2)
    story.ship(first, half, by=other)
    story.ship(first + HOUR / 2, half, by=other)
    story.receive(between(world, first + HOUR / 2, story.delivery.at))
    unappointed(world, story, first, other, f"shipped:{other}")


def refused_by_a_stranger(world: World) -> None:
    """Order from a stranger who refuses for the hospital's own error: nothing came of it."""
    story = story_of(world, distributor=stranger(world))
    story.reject(early(world, story), "hospital_error")


def delivered_by_the_winner(world: World) -> None:
    """Let the winner deliver itself, which needs no appointment."""
    placed = world.moment(FRESH)
    pair = pair_of(world, placed)
    story = Story(world, pair, placed, distributor=pair.product.manufacturer)
    pair.room -= story.quantity
    world.lists.append(story.told)
    supply(world, story)


def by_another_way(world: World) -> None:
    """Order past the platform, and deliver in time."""
    story = story_of(world, channel=world.random.choice(WAYS))
    seen = Seen(story.placed, story.placed, story.channel, "platform", "breach")
    anchor = "channel"
    world.truth.plant("off-platform", story.order, anchor, story.keys, seen, story.evidence)
    supply(world, story)


def goods(world: World, later: timedelta = timedelta()) -> tuple[Story, datetime]:
    """Receive goods of an order that nobody places, or only later, days before the end."""
    if world.plan.end - 8 * DAY <= TERMS.orders_asked_from:
        raise NoGroundError
    received = world.moment(7 * DAY, max(world.plan.start + 2 * DAY, TERMS.orders_asked_from))
    pair = pair_of(world, received)
    story = Story(world, pair, received + later, is_placed=False)
    pair.room -= story.quantity
    story.receive(received)
    world.lists.append(story.told)
    return story, received


def without_an_order(world: World, story: Story, last: datetime, placed: datetime | None) -> None:
    """Plant: days after its goods the order had not been placed."""
    keys: Keys = {
        "product": story.product.code,
        "manufacturer": story.product.manufacturer,
        "order": story.order,
    }
    ordered = None if placed is None else instant_text(placed)
    seen = Seen(last, placed, ordered, instant_text(last), "warning", "assumption")
    world.truth.plant("off-platform", story.order, "no-order", keys, seen, story.evidence)


def never_ordered(world: World) -> None:
    """Receive goods without any order."""
    story, received = goods(world)
    without_an_order(world, story, received + TERMS.order_settles, None)


def ordered_in_time(world: World) -> None:
    """Place the order after its goods, at the last instant at which one may."""
    story, _ = goods(world, TERMS.order_settles)
    story.place(story.placed)


def ordered_too_late(world: World) -> None:
    """Place the order a second after the last instant at which one may."""
    story, received = goods(world, TERMS.order_settles + timedelta(seconds=1))
    story.place(story.placed)
    without_an_order(world, story, received + TERMS.order_settles, story.placed)


PLANTINGS = (
    (placed_with_a_stranger, 14),
    (shipped_by_a_branch, 12),
    (refused_by_a_stranger, 4),
    (delivered_by_the_winner, 4),
    (by_another_way, 12),
    (never_ordered, 10),
    (ordered_too_late, 6),
    (ordered_in_time, 4),
)

"""Plants in the month before the simulated days, when nobody else orders: counts are then known."""

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

from services.sources.province import breaches
from services.sources.province.market import QUIET
from services.sources.province.plan import midnight
from services.sources.province.planting.ground import HOUR, MINUTE
from services.sources.province.planting.standards import kinds_of_both
from services.sources.province.story import DAY, Story, settled_by
from services.sources.province.terms import TERMS
from services.sources.province.truth import Evidence, Seen
from services.sources.province.world import NoGroundError, Pair, World
from shared.domain.ids import pair as joined

EACH = 10
"""So many units has each order of a month that is counted."""

COUNTED, COUNTED_REMOTE = TERMS.rated_orders, TERMS.rated_remote_orders
"""So many orders, and so many of hospitals that are remote and of the others, are asked for."""

PLACED_ON = 10
RUNNING = timedelta(days=62)
"""An agreement is so old before it is held against its pace."""

LATE_BY, MUCH_TOO_LATE = 2 * DAY, 10 * DAY
"""What comes within a week still counts as delivered."""


def month_before(world: World) -> date:
    """Find the month before the simulated days; raises NoGroundError if it had no policy."""
    first = (world.plan.start.date().replace(day=1) - DAY).replace(day=1)
    if first <= TERMS.in_force_from:
        raise NoGroundError
    return first


def following(month: date) -> date:
    """Find the first day of the next month."""
    return (month + 32 * DAY).replace(day=1)


def unused(world: World, day: date, orders: int, *, remote: bool | None = None) -> Pair:
    """Draw a pair with room for so many orders, of a product of which nothing is counted yet."""
    return world.pick(
        day,
        lambda pair: (
            pair.product.code not in world.counted
            and pair.room > orders * EACH + 4 * pair.unit
            and remote in {None, pair.hospital.remote}
        ),
    )


def many(world: World, pair: Pair, month: date, count: int) -> list[Story]:
    """Place orders of one pair on one morning, minutes apart, and have them accepted at once."""
    begun = midnight(month.replace(day=PLACED_ON)) + 9 * HOUR
    stories = []
    for number in range(count):
        story = Story(world, pair, begun + number * MINUTE, quantity=EACH)
        story.accept(story.placed + HOUR / 2)
        world.lists.append(story.told)
        stories.append(story)
    pair.room -= count * EACH
    world.counted.add(pair.product.code)
    return stories


def in_time(story: Story, units: int = EACH) -> None:
    """Receive units of an order well before they are due."""
    story.receive(story.placed + (story.delivery.at - story.placed) / 2, units)


def late(world: World, story: Story, there: int, by: timedelta) -> None:
    """Receive what is missing so long after it was due: a late delivery, too."""
    at = story.delivery.at + by
    story.receive(at, EACH - there)
    breaches.late_delivery(world, story, there, at)


def too_little(world: World) -> None:
    """Deliver too little of a month's orders of an area within a week of their day."""
    month = month_before(world)
    pair = unused(world, month.replace(day=PLACED_ON), COUNTED)
    behind, there = world.random.randint(4, 6), world.random.randint(1, 4)
    stories = many(world, pair, month, COUNTED)
    for number, story in enumerate(stories):
        in_time(story, there if number < behind else EACH)
        if number < behind:
            late(world, story, there, MUCH_TOO_LATE)
    heard, product = TERMS.stock_out_after, pair.product
    delivered = COUNTED * EACH - behind * (EACH - there)
    world.truth.plant(
        "short-delivery",
        product.code,
        f"{product.manufacturer}:{pair.hospital.area}:{month:%Y-%m}",
        {
            "product": product.code,
            "area": pair.hospital.area,
            "manufacturer": product.manufacturer,
        },
        Seen(
            midnight(following(month)) + heard,
            midnight(following(following(month))) + heard,
            {"delivered": delivered, "ordered": COUNTED * EACH},
            "0.9",
            "warning",
        ),
        evidence_of(stories),
    )


def remote_served_worse(world: World) -> None:
    """Serve some of a month's remote orders late, and all others in time."""
    month = month_before(world)
    day = month.replace(day=PLACED_ON)
    far = unused(world, day, COUNTED_REMOTE, remote=True)
    near = world.pick(
        day,
        lambda pair: (
            pair.product is far.product
            and not pair.hospital.remote
            and pair.room > COUNTED_REMOTE * EACH + 4 * pair.unit
        ),
    )
    behind = world.random.randint(4, 9)
    remote, others = (many(world, pair, month, COUNTED_REMOTE) for pair in (far, near))
    for story in others + remote[behind:]:
        in_time(story)
    for story in remote[:behind]:
        in_time(story, 1)
        late(world, story, 1, LATE_BY)
    product = far.product
    seen = Seen(
        midnight(following(month)),
        midnight(following(following(month))),
        {
            "r": COUNTED_REMOTE - behind,
            "R": COUNTED_REMOTE,
            "o": COUNTED_REMOTE,
            "O": COUNTED_REMOTE,
        },
        "0.1",
        "warning",
    )
    world.truth.plant(
        "remote-service",
        product.code,
        f"{product.manufacturer}:{month:%Y-%m}",
        {"product": product.code, "manufacturer": product.manufacturer},
        seen,
        evidence_of(remote + others),
    )


def others_first(world: World) -> None:
    """Buy what was not selected while nothing of the selected product of its kind is bought."""
    month, pair = lagging(world)
    over, units = following(month), world.random.randint(20, 400)
    listed = next(one for one, chosen in kinds_of_both(world) if chosen is pair.product)
    others = world.cells[listed.code, pair.hospital.area].pairs
    other = next(held for held in others if held.hospital is pair.hospital)
    placed = midnight(month.replace(day=PLACED_ON)) + 10 * HOUR
    story = Story(world, other, placed, quantity=units)
    story.receive(story.placed + DAY, pays=False)
    world.lists.append(story.told)
    world.truth.plant(
        "non-selected-first",
        joined(pair.hospital.code, pair.product.variety),
        f"{month:%Y-%m}",
        {"hospital": pair.hospital.code, "area": pair.hospital.area},
        Seen(midnight(over), midnight(following(over)), units, 0, "explain"),
        story.evidence,
    )


def lagging(world: World) -> tuple[date, Pair]:
    """Take a pair that buys nothing all the time, and a month that is held against its pace."""
    selected = [chosen for _, chosen in kinds_of_both(world)]
    last = world.plan.end.date() - QUIET
    month = month_before(world)
    while following(following(month)) <= last:
        over = following(month)
        for pair in world.random.sample(world.pairs, len(world.pairs)):
            agreed = pair.agreement_on(over - DAY)
            if (
                pair.product in selected
                and pair.product.fate == "plain"
                and pair.product.code not in world.counted
                and not pair.exclusive
                and agreed is not None
                and pair.room == agreed.quantity - 1
                and agreed.start + RUNNING < over
                and agreed.end > world.plan.end.date() + QUIET
                and pair.hospital.withdrawn_on is None
                and pair.hospital.enrolled_on < month
            ):
                pair.exclusive = True
                world.counted.add(pair.product.code)
                return month, pair
        month = over
    raise NoGroundError


def unpaid(world: World, share: Decimal, paid: timedelta | None) -> None:
    """Leave a share of a receipt unpaid when it is due, and pay it so long afterwards, or never."""
    month = month_before(world)
    placed = midnight(month.replace(day=world.random.randint(3, 20))) + 11 * HOUR
    pair = world.pick(placed.date(), lambda pair: pair.product.code not in world.counted)
    story = Story(world, pair, placed)
    pair.room -= story.quantity
    story.accept(placed + HOUR / 2)
    at = placed + (story.delivery.at - placed) / 2
    story.receive(at, pays=False)
    receipt = f"R{story.order}-{story.notes}"
    amount = (Decimal(story.price) * story.quantity).quantize(Decimal("0.01"), ROUND_HALF_UP)
    left = (amount * share).quantize(Decimal("0.01"), ROUND_HALF_UP)
    due = settled_by(at.date())
    if left < amount:
        story.pay_sum(receipt, amount - left, due - 5 * DAY)
    if paid is not None:
        story.pay_sum(receipt, left, due + paid, "b")
    world.lists.append(story.told)
    world.truth.plant(
        "late-settlement",
        joined(story.order, receipt),
        "settlement",
        story.keys,
        Seen(due, None if paid is None else due + paid, str(left), str(amount), "breach"),
        story.evidence,
    )


def never_paid(world: World) -> None:
    """Pay nothing for a receipt."""
    unpaid(world, Decimal(1), None)


def paid_late(world: World) -> None:
    """Pay a receipt days after it was due."""
    unpaid(world, Decimal(1), world.random.randint(1, 20) * DAY)


def paid_in_part(world: World) -> None:
    """Pay half of a receipt in time, and the rest later."""
    unpaid(world, Decimal("0.5"), world.random.randint(1, 20) * DAY)


def evidence_of(stories: list[Story]) -> Evidence:
    """Gather what was told of several orders."""
    return [told for story in stories for told in story.evidence]


# What counts all orders of a product comes before what stands beside it.
PLANTINGS = (
    (others_first, 3),
    (too_little, 3),
    (remote_served_worse, 3),
    (never_paid, 6),
    (paid_late, 6),
    (paid_in_part, 4),
)

"""The honest majority: orders that are answered, delivered and invoiced with a margin."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import accumulate
from random import Random

from services.sources.province import seasons
from services.sources.province.story import DAY, Story
from services.sources.province.telling import Told
from services.sources.province.world import Pair, World

QUIET_HOURS = timedelta(hours=6)
"""No honest order is placed later than this before the last instant: all are complete by then."""

REDRAWS = 40

# How often something else than the usual happens, as shares of all orders; each list of cases is
# cumulative, so that one draw decides.
URGENT, PROMISED, NAMED, PLACED_EARLIER = 0.06, 0.03, 0.6, 0.005
CANCELLED, DECLINED = 0.008, 0.014
IN_PARTS, REPLACED, CHECKED_LATER, TOLD_LATER = 0.04, 0.05, 0.09, 0.13
INVOICED, KEPT = 0.7, 0.992


class Conduct:
    """Draws the honest orders of one day after another."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.end = world.plan.end
        self.random = Random(f"{world.plan.seed}/conduct")
        self.pairs = [pair for pair in world.pairs if pair.weight and self.served(pair)]
        self.weights = list(accumulate(pair.weight for pair in self.pairs))

    def served(self, pair: Pair) -> bool:
        """Leave out pairs whose volume is planted, and places that nobody delivers to."""
        return not pair.exclusive and self.world.cell(pair).purpose != "coverage"

    def days(self) -> Iterator[tuple[date, list[Told]]]:
        """Tell day by day what concerns the orders placed on that day."""
        plan = self.world.plan
        all_days = [plan.start.date() + n * DAY for n in range(plan.days + 1)]
        weights = [seasons.weight(day) for day in all_days]
        shares = list(accumulate(weight * plan.orders / sum(weights) for weight in weights))
        done = 0
        for day, share in zip(all_days, shares, strict=True):
            count = round(share) - done
            done += count
            told: list[Told] = []
            for _ in range(count):
                told += self.order(day)
            yield day, told

    def order(self, day: date) -> list[Told]:
        """Tell one order of a day, from placing to payment; what lies after the end is left out."""
        urgent = self.random.random() < URGENT
        draw = seasons.any_hour if urgent else seasons.office_hour
        placed = min(draw(day, self.random), self.end - QUIET_HOURS)
        pair = self.pair_on(placed)
        if pair is None:
            return []
        quantity = max(1, round(pair.unit * self.random.choice((0.5, 0.8, 1, 1, 1.5, 2))))
        pair.room -= quantity
        agreement = pair.agreement_on(placed.date())
        deliver_by = None
        if not urgent and self.random.random() < PROMISED:
            deliver_by = placed.date() + self.random.randint(3, 6) * DAY
        story = Story(
            self.world,
            pair,
            placed,
            quantity=quantity,
            urgent=urgent,
            deliver_by=deliver_by,
            named=agreement if self.random.random() < NAMED else None,
        )
        self.tell(story)
        return [told for told in story.told if told[0] <= self.end]

    def pair_on(self, placed: datetime) -> Pair | None:
        """Draw who orders what, within the agreed volume and while both take part."""
        self.world.rates.take(self.world.stories)
        day = placed.date()
        for _ in range(REDRAWS):
            (pair,) = self.random.choices(self.pairs, cum_weights=self.weights)
            hospital = pair.hospital
            if (
                pair.room > 3 * pair.unit
                and pair.product.cycle_on(day) is not None
                and pair.agreement_on(day) is not None
                and hospital.enrolled_on <= day
                and (hospital.withdrawn_on is None or day < hospital.withdrawn_on)
                and self.world.rates.bear(pair, placed)
            ):
                return pair
        return None

    def tell(self, story: Story) -> None:
        """Choose an honest course of events."""
        draw = self.random.random()
        window = min(story.response.at, story.delivery.at, self.end) - story.placed
        answered = story.placed + window * self.random.uniform(0.04, 0.6)
        if draw < CANCELLED:
            story.cancel(answered)
        elif draw < DECLINED:
            story.reject(answered, "hospital_error")
        else:
            self.deliver(story, answered)
        if self.random.random() < PLACED_EARLIER and not story.urgent:
            # The platform finds out that the order was placed a little earlier than first told.
            story.place(story.placed - timedelta(minutes=self.random.randint(5, 40)))

    def deliver(self, story: Story, answered: datetime) -> None:
        """Answer, ship, deliver and invoice, all before the end of the simulation."""
        latest = min(story.delivery.at, self.end)
        arrived = max(
            story.placed + (latest - story.placed) * self.random.uniform(0.35, 0.85),
            answered + (latest - answered) * 0.3,
        )
        answered = min(answered, story.placed + (arrived - story.placed) * 0.6)
        story.accept(seconds(answered))
        shipped = seconds(answered + (arrived - answered) * self.random.uniform(0.1, 0.7))
        story.ship(shipped)
        self.receive(story, shipped, seconds(arrived))
        self.settle(story, arrived)

    def receive(self, story: Story, shipped: datetime, arrived: datetime) -> None:
        """Check the goods in: mostly at once, else in two parts, after a replacement, or late."""
        draw, quantity = self.random.random(), story.quantity
        if draw < IN_PARTS and quantity > 1:
            part = self.random.randint(1, quantity - 1)
            story.receive(seconds(shipped + (arrived - shipped) / 2), part)
            story.receive(arrived, quantity - part)
        elif draw < REPLACED and quantity > 1:
            broken = max(1, quantity // 20)
            story.receive(
                seconds(shipped + (arrived - shipped) / 2), quantity - broken, rejected=broken
            )
            story.receive(arrived, broken)
        elif draw < CHECKED_LATER:
            story.receive(
                min(arrived + timedelta(hours=self.random.randint(1, 9)), self.end),
                arrived=arrived,
            )
        elif draw < TOLD_LATER:
            recorded = arrived + timedelta(hours=self.random.randint(2, 70))
            story.receive(arrived, recorded=min(recorded, self.end))
        else:
            story.receive(arrived)

    def settle(self, story: Story, arrived: datetime) -> None:
        """Invoice most orders, return a few goods."""
        draw = self.random.random()
        if draw < INVOICED:
            story.invoice(seconds(arrived + timedelta(hours=self.random.randint(2, 60))))
        if draw > KEPT:
            at = seconds(arrived + timedelta(days=self.random.uniform(1, 9)))
            story.give_back(at, max(1, story.quantity // 10))


def seconds(instant: datetime) -> datetime:
    """Cut off what no platform writes down."""
    return instant.replace(microsecond=0)

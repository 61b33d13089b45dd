"""Plants orders that come late, in part or never, and some that only nearly do."""

from dataclasses import replace
from datetime import datetime

from services.sources.province import breaches
from services.sources.province.planting.ground import (
    FRESH,
    HOUR,
    MINUTE,
    STALE,
    answer,
    between,
    order,
    order_of,
    stocked_out,
    supply,
)
from services.sources.province.story import DAY, Story
from services.sources.province.world import Pair, World


def under_way(world: World, story: Story) -> Story:
    """Answer and ship in time; what becomes of the goods is told afterwards."""
    at = answer(world, story)
    story.ship(between(world, at, story.delivery.at))
    return story


def late(world: World, story: Story) -> None:
    """Let the goods come some hours or days after the deadline."""
    under_way(world, story)
    latest = min(world.plan.end, stocked_out(story))
    received = between(world, story.delivery.at, latest)
    story.receive(received)
    breaches.late_delivery(world, story, 0, received)


def delivered_late(world: World) -> None:
    """Deliver everything late."""
    late(world, order(world, FRESH))


def urgently_delivered_late(world: World) -> None:
    """Deliver an urgent order late."""
    late(world, order(world, FRESH, urgent=True))


def delivered_late_to_a_remote_hospital(world: World) -> None:
    """Deliver late to a county far away, which waits longer before it counts."""
    late(world, order(world, FRESH, lambda pair: pair.hospital.remote))


def delivered_late_under_changed_remoteness(world: World) -> None:
    """Deliver late to a hospital whose remoteness was told anew within the simulated days."""
    late(world, order(world, FRESH, lambda pair: pair.hospital.remote_changes_on is not None))


def delivered_after_the_agreed_hours(world: World) -> None:
    """Miss the hours that the agreement itself names."""
    late(world, order(world, FRESH, agreed))


def agreed(pair: Pair) -> bool:
    """Accept pairs whose agreements name delivery hours."""
    return any("delivery_hours" in agreement.hours for agreement in pair.agreements)


def delivered_after_the_day_of_the_contract(world: World) -> None:
    """Miss the day that the order names."""
    promised(world, by_day=True)


def delivered_after_the_instant_of_the_contract(world: World) -> None:
    """Miss the instant that the order names."""
    promised(world, by_day=False)


def promised(world: World, *, by_day: bool) -> None:
    """Place an order with a deadline of its own, some days off, and deliver it later."""
    placed = world.moment(STALE)
    deadline = placed + world.random.randint(2, 4) * DAY
    pair = world.pick(placed.date())
    late(world, order_of(world, pair, placed, deliver_by=deadline.date() if by_day else deadline))


def in_time(world: World, story: Story) -> datetime:
    """Draw an instant after the shipment and before the deadline."""
    shipped = story.told[-1][0]
    return between(world, shipped, story.delivery.at)


def delivered_in_two_parts(world: World) -> None:
    """Bring one part in time and the rest late."""
    story = under_way(world, order(world, FRESH))
    part = world.random.randint(1, story.quantity - 1)
    story.receive(in_time(world, story), part)
    received = between(world, story.delivery.at, world.plan.end)
    story.receive(received, story.quantity - part)
    breaches.late_delivery(world, story, part, received)


def never_complete(world: World) -> None:
    """Bring one part and leave it at that."""
    story = under_way(world, order(world, FRESH))
    part = world.random.randint(1, story.quantity - 1)
    story.receive(in_time(world, story), part)
    breaches.late_delivery(world, story, part, None)


def lost_on_the_way(world: World) -> None:
    """Ship the goods, which never arrive."""
    story = under_way(world, order(world, FRESH))
    breaches.late_delivery(world, story, 0, None)


def broken_and_replaced_late(world: World) -> None:
    """Bring everything in time, some of it broken; the replacement is late."""
    story = under_way(world, order(world, FRESH))
    broken = max(1, story.quantity // 10)
    story.receive(in_time(world, story), story.quantity - broken, rejected=broken)
    received = between(world, story.delivery.at, world.plan.end)
    story.receive(received, broken)
    breaches.late_delivery(world, story, story.quantity - broken, received)


def arrived_late_and_checked_in_later(world: World) -> None:
    """Arrive late; the acceptance is later still, but the arrival cures."""
    story = under_way(world, order(world, FRESH))
    arrived = between(world, story.delivery.at, world.plan.end)
    story.receive(between(world, arrived, world.plan.end), arrived=arrived)
    breaches.late_delivery(world, story, 0, arrived)


def given_up_by_the_hospital(world: World) -> None:
    """Let the hospital cancel once the goods are late."""
    story = under_way(world, order(world, FRESH))
    at = between(world, story.delivery.at, world.plan.end)
    story.cancel(at)
    breaches.late_delivery(world, story, 0, at)


def declined_once_late(world: World) -> None:
    """Find the hospital's error once the goods are late."""
    story = order(world, FRESH)
    answer(world, story)
    at = between(world, story.delivery.at, min(world.plan.end, stocked_out(story)))
    story.reject(at, "hospital_error")
    breaches.late_delivery(world, story, 0, at)


def refused_once_late(world: World) -> None:
    """Accept, let the deadline pass, and refuse then."""
    story = order(world, FRESH)
    answer(world, story)
    at = between(world, story.delivery.at, min(world.plan.end, stocked_out(story)))
    story.reject(at, "remote_area")
    breaches.late_delivery(world, story, 0, at)
    breaches.refused(world, story, at, "remote_area")


def found_to_be_placed_earlier(world: World) -> None:
    """Tell the placing again with a later time: the first holds, and what seems in time is late."""
    story = under_way(world, order(world, FRESH))
    received = story.delivery.at + 30 * MINUTE
    story.receive(received)
    story.place(story.placed + 30 * MINUTE)
    breaches.late_delivery(world, story, 0, received)


def delivered_at_the_deadline(world: World) -> None:
    """Deliver at the very deadline, which is in time."""
    story = under_way(world, order(world, FRESH))
    story.receive(story.delivery.at)


def checked_in_after_the_deadline(world: World) -> None:
    """Arrive in time and be checked in after the deadline, which is in time."""
    story = under_way(world, order(world, FRESH))
    story.receive(story.delivery.at + 5 * HOUR, arrived=story.delivery.at - MINUTE)


def cancelled_at_the_delivery_deadline(world: World) -> None:
    """Cancel at the very deadline."""
    story = under_way(world, order(world, FRESH))
    story.cancel(story.delivery.at)


def returned_after_completion(world: World) -> None:
    """Give goods back after a complete delivery, which does not make it late."""
    story = order(world, FRESH)
    story.give_back(supply(world, story) + 9 * HOUR, story.quantity // 2)


def delivered_late_to_a_stranger(world: World) -> None:
    """Deliver late to a hospital that nobody enrolled: whether it is remote is not known."""
    placed = world.moment(FRESH)
    known = world.pick(placed.date())
    code = f"H{known.hospital.area}9{world.orders:06d}"
    stranger = Pair(replace(known.hospital, code=code), known.product, known.unit, weight=0.0)
    story = under_way(world, order_of(world, stranger, placed))
    story.receive(between(world, story.delivery.at, world.plan.end))


PLANTINGS = (
    (delivered_late, 16),
    (urgently_delivered_late, 8),
    (delivered_late_to_a_remote_hospital, 8),
    (delivered_late_under_changed_remoteness, 4),
    (delivered_after_the_agreed_hours, 8),
    (delivered_after_the_day_of_the_contract, 5),
    (delivered_after_the_instant_of_the_contract, 4),
    (delivered_in_two_parts, 10),
    (never_complete, 8),
    (lost_on_the_way, 8),
    (broken_and_replaced_late, 5),
    (arrived_late_and_checked_in_later, 5),
    (given_up_by_the_hospital, 4),
    (declined_once_late, 3),
    (refused_once_late, 4),
    (found_to_be_placed_earlier, 3),
    (delivered_at_the_deadline, 6),
    (checked_in_after_the_deadline, 5),
    (cancelled_at_the_delivery_deadline, 4),
    (returned_after_completion, 4),
    (delivered_late_to_a_stranger, 3),
)

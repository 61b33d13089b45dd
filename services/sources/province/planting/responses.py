"""Plants orders that are answered late or never, and some that only nearly are."""

from datetime import datetime, timedelta

from services.sources.province import breaches
from services.sources.province.planting.ground import (
    FRESH,
    HOUR,
    STALE,
    between,
    order,
    order_of,
)
from services.sources.province.story import Story
from services.sources.province.world import Pair, World

SECOND = timedelta(seconds=1)


def answerable(pair: Pair) -> bool:
    """Accept pairs whose goods may come two hours after an answer is due, urgent or not."""
    agreed = [agreement.hours for agreement in pair.agreements]
    return all(
        hours.get("delivery_hours", 48) >= hours.get("response_hours", 24) + 2
        and hours.get("urgent_delivery_hours", 8) >= hours.get("urgent_response_hours", 2) + 2
        for hours in agreed
    )


def slow(world: World, *, urgent: bool = False, own: bool = False) -> Story:
    """Place an order whose answer will be late though its goods may still be in time."""

    def wanted(pair: Pair) -> bool:
        named = any("response_hours" in agreement.hours for agreement in pair.agreements)
        return answerable(pair) and (named or not own)

    return order(world, FRESH, wanted, urgent=urgent)


def late_instant(world: World, story: Story) -> datetime:
    """Draw an instant after the answer was due and before the goods are."""
    return between(world, story.response.at, story.delivery.at)


def accepted_late(world: World) -> None:
    """Accept after the deadline, deliver in time."""
    deliver_after(world, slow(world), "accept")


def urgently_accepted_late(world: World) -> None:
    """Let an urgent order wait too long for its answer."""
    deliver_after(world, slow(world, urgent=True), "accept")


def accepted_after_the_agreed_hours(world: World) -> None:
    """Miss the hours that the agreement itself names."""
    deliver_after(world, slow(world, own=True), "accept")


def shipped_without_a_word(world: World) -> None:
    """Answer by the shipment alone, and late."""
    deliver_after(world, slow(world), "ship")


def arrived_without_a_word(world: World) -> None:
    """Answer by the goods' arrival alone, checked in later."""
    story = slow(world)
    arrived = late_instant(world, story)
    story.receive(between(world, arrived, arrived + 5 * HOUR), arrived=arrived)
    breaches.late_response(world, story, arrived)


def deliver_after(world: World, story: Story, answer: str) -> None:
    """Answer late, and still deliver in time."""
    at = late_instant(world, story)
    shipped = at
    if answer == "accept":
        story.accept(at)
        shipped = between(world, at, story.delivery.at)
    story.ship(shipped)
    story.receive(between(world, shipped, story.delivery.at))
    breaches.late_response(world, story, at)


def declined_late(world: World) -> None:
    """Find the hospital's error only after the deadline."""
    story = slow(world)
    at = late_instant(world, story)
    story.reject(at, "hospital_error")
    breaches.late_response(world, story, at)


def cancelled_unanswered(world: World) -> None:
    """Let the hospital give up after the deadline, before the goods are due."""
    story = slow(world)
    at = late_instant(world, story)
    story.cancel(at)
    breaches.late_response(world, story, None, at)


def accepted_after_the_cancellation(world: World) -> None:
    """Answer an order that the hospital has already given up, after the deadline."""
    story = slow(world)
    at = late_instant(world, story)
    response = between(world, at, story.delivery.at)
    story.cancel(at)
    story.accept(response)
    breaches.late_response(world, story, response, at)


def answered_and_delivered_late(world: World) -> None:
    """Answer late, and deliver late too."""
    story = order(world, STALE)
    due = max(story.response.at, story.delivery.at)
    at = between(world, due, due + 6 * HOUR)
    received = between(world, at + HOUR, at + 40 * HOUR)
    story.accept(at)
    story.ship(at + HOUR)
    story.receive(received)
    breaches.late_response(world, story, at)
    breaches.late_delivery(world, story, 0, received)


def answered_late_under_last_years_hours(world: World) -> None:
    """Name an agreement that is out of force: its hours count all the same."""
    placed = world.moment(FRESH)

    def renewed(pair: Pair) -> bool:
        first = pair.agreements[0]
        over = first.end <= placed.date()
        return over and "response_hours" in first.hours and answerable(pair)

    pair = world.pick(placed.date(), renewed)
    deliver_after(world, order_of(world, pair, placed, named=pair.agreements[0]), "accept")


def answered_at_the_deadline(world: World) -> None:
    """Answer at the very deadline, which is in time."""
    story = slow(world)
    story.accept(story.response.at)
    story.ship(story.response.at + SECOND)
    story.receive(between(world, story.response.at + SECOND, story.delivery.at))


def cancelled_at_the_deadline(world: World) -> None:
    """Cancel at the very deadline; the answer that follows is of no concern."""
    story = slow(world)
    story.cancel(story.response.at)
    story.accept(story.response.at + HOUR)


def told_again_as_placed_later(world: World) -> None:
    """Tell the placing again with a later time: the first telling holds, the answer is late."""
    story = slow(world)
    story.place(between(world, story.placed, story.response.at))
    deliver_after(world, story, "accept")


PLANTINGS = (
    (accepted_late, 14),
    (urgently_accepted_late, 10),
    (accepted_after_the_agreed_hours, 8),
    (shipped_without_a_word, 6),
    (arrived_without_a_word, 4),
    (declined_late, 5),
    (cancelled_unanswered, 5),
    (accepted_after_the_cancellation, 3),
    (answered_and_delivered_late, 8),
    (answered_late_under_last_years_hours, 3),
    (told_again_as_placed_later, 3),
    (answered_at_the_deadline, 6),
    (cancelled_at_the_deadline, 4),
)

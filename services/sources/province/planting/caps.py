"""Plants areas with more distributors than the cap, and some with just as many."""

from datetime import datetime, timedelta

from services.sources.province.planting.appointing import appoint, first_instant, release, stand
from services.sources.province.planting.ground import between
from services.sources.province.story import DAY
from services.sources.province.terms import TERMS
from services.sources.province.truth import Seen, instant_text
from services.sources.province.world import Cell, World
from shared.domain.ids import pair

FAR = timedelta(days=200)


def full(world: World, category: str | None = None) -> Cell:
    """Take a cell and appoint exactly as many distributors as the cap allows."""
    cell = world.vacant("cap", lambda cell: category in {None, cell.product.category})
    stand(world, cell, cap(cell))
    return cell


def cap(cell: Cell) -> int:
    """Find the cap of a cell's category."""
    return TERMS.caps[cell.product.category]


def exceeded(world: World, cell: Cell, since: datetime, until: datetime | None, count: int) -> None:
    """Plant: more than the cap from `since` until `until`."""
    begun = max(since, *map(first_instant, (cell.product.cycles[0].start, TERMS.in_force_from)))
    mine = [
        {"id": event["id"], "source": event["source"]}
        for _, event in world.told
        if event["type"] == "vbp.distributor.appointed.v1" and about(event, cell)
    ]
    world.truth.plant(
        "distributor-cap",
        pair(cell.product.code, cell.area),
        instant_text(begun),
        {
            "product": cell.product.code,
            "area": cell.area,
            "manufacturer": cell.product.manufacturer,
        },
        Seen(begun, until, count, cap(cell), "explain"),
        mine,
    )


def about(event: dict[str, object], cell: Cell) -> bool:
    """Tell whether an event concerns a cell."""
    data = event["data"]
    return (
        isinstance(data, dict)
        and data["product"] == cell.product.code
        and data["area"] == cell.area
    )


def span(world: World) -> tuple[datetime, datetime]:
    """Draw two midnights or instants of the simulated days, in order, days before the last."""
    middle = world.plan.start + (world.plan.end - world.plan.start) / 2
    first = between(world, world.plan.start + 2 * DAY, middle)
    return first, between(world, middle, world.plan.end - 3 * DAY)


def for_a_while(world: World) -> None:
    """Appoint one more than the cap for some weeks."""
    cell, (first, last) = full(world), span(world)
    appoint(world, cell, cell.spare[0], first, last)
    exceeded(world, cell, first, last, cap(cell) + 1)


def still(world: World) -> None:
    """Appoint one more than the cap, from a day on and without an end."""
    cell, (_, last) = full(world), span(world)
    appoint(world, cell, cell.spare[0], last.date())
    exceeded(world, cell, first_instant(last.date()), None, cap(cell) + 1)


def still_with_a_distant_end(world: World) -> None:
    """Appoint two more than the cap with an end that lies months ahead."""
    cell, (first, _) = full(world), span(world)
    for distributor in cell.spare[:2]:
        appoint(world, cell, distributor, first, (world.plan.end + FAR).date())
    exceeded(world, cell, first, None, cap(cell) + 2)


def of_consumables(world: World) -> None:
    """Appoint an eleventh distributor of a consumable."""
    cell, (first, _) = full(world, "consumable"), span(world)
    appoint(world, cell, cell.spare[0], first)
    exceeded(world, cell, first, None, cap(cell) + 1)


def until_released(world: World) -> None:
    """Release one of too many, whose appointment had no end."""
    cell, (first, last) = full(world), span(world)
    release(world, cell, appoint(world, cell, cell.spare[0], first), last)
    exceeded(world, cell, first, last, cap(cell) + 1)


def overlapping(world: World) -> None:
    """Appoint two more in turn, both serving for some days: one finding, its highest count."""
    cell, (first, last) = full(world), span(world)
    middle = between(world, first, last)
    appoint(world, cell, cell.spare[0], first, middle + DAY)
    appoint(world, cell, cell.spare[1], middle, last)
    if middle + DAY >= last:
        exceeded(world, cell, first, middle + DAY, cap(cell) + 2)
    else:
        exceeded(world, cell, first, last, cap(cell) + 2)


def twice(world: World) -> None:
    """Exceed the cap, come back to it, and exceed it again: two findings."""
    cell, (first, last) = full(world), span(world)
    middle = between(world, first, last)
    appoint(world, cell, cell.spare[0], first, middle)
    appoint(world, cell, cell.spare[1], last)
    exceeded(world, cell, first, middle, cap(cell) + 1)
    exceeded(world, cell, last, None, cap(cell) + 1)


def since_before_the_cycle(world: World) -> None:
    """Exceed the cap before the cycle begins: the finding begins with the cycle."""
    cell, (_, last) = full(world), span(world)
    first = first_instant(cell.product.cycles[0].start) - 5 * DAY
    appoint(world, cell, cell.spare[0], first, last)
    exceeded(world, cell, first, last, cap(cell) + 1)


def with_some_hospitals_only(world: World) -> None:
    """Appoint one more for a single hospital, who counts like any other."""
    cell, (first, last) = full(world), span(world)
    hospitals = [cell.pairs[0].hospital.code]
    appoint(world, cell, cell.spare[0], first, last, hospitals=hospitals)
    exceeded(world, cell, first, last, cap(cell) + 1)


def corrected_to_be_shorter(world: World) -> None:
    """Tell an appointment again with an earlier end: the last telling holds."""
    cell, (first, last) = full(world), span(world)
    middle = between(world, first, last)
    number = appoint(world, cell, cell.spare[0], first, last)
    appoint(world, cell, cell.spare[0], first, middle, appointment=number, told=middle + DAY)
    exceeded(world, cell, first, middle, cap(cell) + 1)


def corrected_to_be_none(world: World) -> None:
    """Tell an appointment again, over before it began: there never was one too many."""
    cell, (first, last) = full(world), span(world)
    number = appoint(world, cell, cell.spare[0], first)
    appoint(world, cell, cell.spare[0], first, first, appointment=number, told=last)


def maker_as_one_more(world: World) -> None:
    """Let the manufacturer deliver itself beside as many distributors as are allowed."""
    cell, (first, _) = full(world), span(world)
    appoint(world, cell, cell.product.manufacturer, first)


def appointed_twice(world: World) -> None:
    """Appoint the same distributor a second time."""
    cell, (first, _) = full(world), span(world)
    appoint(world, cell, cell.standing[0], first)


def handed_over(world: World) -> None:
    """Let one end at the very instant at which another begins."""
    cell = world.vacant("cap")
    numbers = stand(world, cell, cap(cell))
    first, _ = span(world)
    release(world, cell, numbers[-1], first)
    # Whoever was released must not deliver honest orders of later days.
    cell.standing = cell.standing[:-1]
    appoint(world, cell, cell.spare[0], first)


def planned(world: World) -> None:
    """Appoint one more from a day that is months ahead."""
    cell = full(world)
    appoint(world, cell, cell.spare[0], (world.plan.end + FAR).date())


PLANTINGS = (
    (for_a_while, 5),
    (still, 4),
    (still_with_a_distant_end, 3),
    (of_consumables, 3),
    (until_released, 4),
    (overlapping, 3),
    (twice, 3),
    (since_before_the_cycle, 2),
    (with_some_hospitals_only, 3),
    (corrected_to_be_shorter, 2),
    (corrected_to_be_none, 2),
    (maker_as_one_more, 4),
    (appointed_twice, 2),
    (handed_over, 3),
    (planned, 2),
)

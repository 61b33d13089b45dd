"""Plants hospitals that nobody delivers to, for a while or still, and some just covered."""

from collections.abc import Callable
from datetime import datetime

from services.sources.province.plan import midnight
from services.sources.province.planting.appointing import (
    appoint,
    before,
    first_instant,
    release,
    stand,
)
from services.sources.province.planting.caps import span
from services.sources.province.planting.ground import HOUR
from services.sources.province.terms import TERMS
from services.sources.province.truth import Seen, instant_text
from services.sources.province.world import Cell, NoGroundError, Pair, World
from shared.domain.ids import pair as key_of_pair


def anywhere(_: Cell) -> bool:
    """Accept any cell."""
    return True


def bare(world: World, most: int = 12, wanted: Callable[[Cell], bool] = anywhere) -> Cell:
    """Take a wanted cell where somebody takes part, and appoint nobody."""
    return world.vacant(
        "coverage",
        lambda cell: 0 < sum(bool(p.agreements) for p in cell.pairs) <= most and wanted(cell),
    )


def uncovered(
    world: World, pair: Pair, since: datetime | None = None, until: datetime | None = None
) -> None:
    """Plant: a hospital without cover from `since` (always) until `until`, while it takes part."""
    if not pair.agreements:
        return
    hospital, product = pair.hospital, pair.product
    days = [pair.agreements[0].start, hospital.enrolled_on, TERMS.in_force_from]
    begun = max([midnight(day) for day in days] + ([since] if since else []))
    ends = [midnight(day) for day in (hospital.withdrawn_on, product.ends_on) if day]
    end = min(ends + ([until] if until else []))
    if begun >= end or begun >= world.plan.end:
        return
    world.truth.plant(
        "coverage-gap",
        key_of_pair(product.code, hospital.code),
        instant_text(begun),
        {
            "product": product.code,
            "hospital": hospital.code,
            "area": hospital.area,
            "manufacturer": product.manufacturer,
        },
        Seen(begun, end if end <= world.plan.end else None, 0, 1, "breach"),
        pair.evidence,
    )


def uncovered_all(
    world: World, cell: Cell, since: datetime | None = None, until: datetime | None = None
) -> None:
    """Plant the same for every hospital of a cell."""
    for pair in cell.pairs:
        uncovered(world, pair, since, until)


def nobody_ever(world: World) -> None:
    """Appoint nobody at all: the worst gap of all."""
    uncovered_all(world, bare(world, most=6))


def nobody_ever_for_a_deselected_product(world: World) -> None:
    """Appoint nobody for a product that is deselected later: the gap ends that day."""
    cells = [
        cell
        for cell in world.all_cells
        if cell.product.fate == "deselected" and cell.purpose is None
    ]
    if not cells:
        raise NoGroundError
    cell = world.random.choice(cells)
    cell.purpose = "coverage"
    uncovered_all(world, cell)


def only_later(world: World) -> None:
    """Appoint the first distributor some weeks after the agreements have begun."""
    cell, (first, _) = bare(world), span(world)
    appoint(world, cell, cell.standing[0], first)
    uncovered_all(world, cell, until=first)


def between_two(world: World) -> None:
    """Release the only distributor and appoint the next some weeks later."""
    cell, (first, last) = bare(world), span(world)
    release(world, cell, appoint(world, cell, cell.standing[0], before(cell)), first)
    appoint(world, cell, cell.standing[1], last)
    uncovered_all(world, cell, first, last)


def after_the_last(world: World) -> None:
    """Let the only appointment run out, and appoint nobody after it."""
    cell, (_, last) = bare(world, most=6), span(world)
    appoint(world, cell, cell.standing[0], before(cell), last.date())
    uncovered_all(world, cell, first_instant(last.date()))


def one_forgotten(world: World) -> None:
    """Name every hospital of the area but one."""
    cell, (first, _) = bare(world), span(world)
    pairs = [pair for pair in cell.pairs if pair.agreements]
    forgotten = world.random.choice(pairs)
    appoint(world, cell, cell.standing[0], before(cell), first)
    names = [pair.hospital.code for pair in pairs if pair is not forgotten]
    appoint(world, cell, cell.standing[1], first, hospitals=names)
    uncovered(world, forgotten, first)


def released_again(world: World) -> None:
    """Correct a release to an earlier end, told after it: the last telling holds."""
    cell, (first, last) = bare(world), span(world)
    number = appoint(world, cell, cell.standing[0], before(cell))
    release(world, cell, number, last)
    release(world, cell, number, first, told=last + HOUR)
    appoint(world, cell, cell.standing[1], last)
    uncovered_all(world, cell, first, last)


def handed_over(world: World) -> None:
    """Let one end at the very instant at which the next begins, which leaves no gap."""
    cell, (first, _) = bare(world), span(world)
    release(world, cell, appoint(world, cell, cell.standing[0], before(cell)), first)
    appoint(world, cell, cell.standing[1], first)


def named_from_elsewhere(world: World) -> None:
    """Cover every hospital by name from another area's appointment, which is cover all the same."""

    def others(cell: Cell) -> list[Cell]:
        return [
            other
            for other in world.all_cells
            if other.product is cell.product and other is not cell and other.purpose is None
        ]

    cell = bare(world, wanted=lambda cell: bool(others(cell)))
    names = [pair.hospital.code for pair in cell.pairs]
    elsewhere = others(cell)[0]
    elsewhere.purpose = "elsewhere"
    stand(world, elsewhere)
    appoint(world, elsewhere, elsewhere.standing[0], before(cell), hospitals=names)


def covered_by_the_maker(world: World) -> None:
    """Let the manufacturer deliver itself, which covers."""
    cell = bare(world)
    appoint(world, cell, cell.product.manufacturer, before(cell))


PLANTINGS = (
    (nobody_ever, 3),
    (nobody_ever_for_a_deselected_product, 2),
    (only_later, 3),
    (between_two, 4),
    (after_the_last, 3),
    (one_forgotten, 6),
    (released_again, 2),
    (handed_over, 3),
    (named_from_elsewhere, 2),
    (covered_by_the_maker, 3),
)

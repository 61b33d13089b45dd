"""Plants violations of every rule, each kind so often as the size of the province allows."""

from services.sources.province import pilot
from services.sources.province.planting import (
    beyond,
    caps,
    coverage,
    deliveries,
    earlier,
    entrusting,
    listings,
    prices,
    refusals,
    renewals,
    reports,
    responses,
    shortages,
    standards,
)
from services.sources.province.planting.exemptions import grant_some
from services.sources.province.world import NoGroundError, World

FULL = 24_000
"""So many orders carry each planting as often as its module says."""

LARGEST_SCALE = 2.0

# What needs the most room comes first: a place is taken for good.
PLANTINGS = (
    *reports.PLANTINGS,
    *shortages.PLANTINGS,
    *coverage.PLANTINGS,
    *caps.PLANTINGS,
    *earlier.PLANTINGS,
    *renewals.PLANTINGS,
    *beyond.PLANTINGS,
    *refusals.PLANTINGS,
    *prices.PLANTINGS,
    *responses.PLANTINGS,
    *deliveries.PLANTINGS,
    *listings.PLANTINGS,
    *standards.PLANTINGS,
    *entrusting.PLANTINGS,
)


def plant(world: World) -> None:
    """Plant every kind at least once; what finds no ground in a small province is left out."""
    scale = min(LARGEST_SCALE, world.plan.orders / FULL)
    for planting, times in (*PLANTINGS, *pilot.plantings(world)):
        for _ in range(max(1, round(times * scale))):
            try:
                planting(world)
            except NoGroundError:
                break
    grant_some(world)

"""Plants cycles of before the notice whose next ones began on another day than all renewals."""

from datetime import date

from services.sources.province.plan import midnight
from services.sources.province.story import DAY
from services.sources.province.telling import Data
from services.sources.province.terms import TERMS
from services.sources.province.truth import Evidence, Seen
from services.sources.province.world import World

FIRST_SHARED = date(2022, 1, 1)
"""The first of the days on which cycles of before the notice are renewed."""


def renewed_on_another_day(world: World) -> None:
    """Begin the next cycle of a product some days after the day that all renewals share."""
    latest = world.plan.end.date() - 60 * DAY
    shared = [
        day
        for year in range(FIRST_SHARED.year, max(latest, FIRST_SHARED).year + 1)
        for day in (date(year, 1, 1), date(year, 7, 1))
        if day <= max(latest, FIRST_SHARED)
    ]
    aligned = world.random.choice(shared)
    begun = aligned + world.random.randint(1, 20) * DAY
    older = TERMS.in_force_from - world.random.randint(200, 700) * DAY
    ended = aligned - world.random.randint(1, 100) * DAY
    number = len(world.told)
    product = f"XB{world.plan.mark.upper()}{number:013d}"
    maker = f"M{world.random.randint(1, 28):04d}"
    evidence: Evidence = []
    for start, end in ((older, max(ended, older + DAY)), (begun, begun + 10 * DAY)):
        data: Data = {
            "product": product,
            "variety": f"续约品种{number}",
            "name": "续约药品片",
            "category": "drug",
            "manufacturer": maker,
            "unit": "片",
            "round": "0",
            "selected_price": "1.00",
            "cycle_start": start.isoformat(),
            "cycle_end": end.isoformat(),
        }
        told = world.teller.tell(
            "product.selected", world.teller.platform, world.midday(start - 20 * DAY), data
        )
        world.told.append(told)
        evidence.append({"id": told[1]["id"], "source": world.teller.platform})
    at = midnight(begun)
    world.truth.plant(
        "renewal-date",
        product,
        f"cycle:{older}",
        {"product": product, "manufacturer": maker},
        Seen(at, at, begun.isoformat(), aligned.isoformat(), "warning"),
        evidence,
    )


PLANTINGS = ((renewed_on_another_day, 4),)

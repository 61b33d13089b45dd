"""Plants what the province's own policy does not ask: the pilot of another city, years before."""

from collections.abc import Callable, Iterator
from functools import partial

from services.sources.province.pilot import agreements, goods, money
from services.sources.province.pilot.city import City
from services.sources.province.world import World

PLANTINGS: tuple[tuple[Callable[[City], None], int], ...] = (
    *agreements.PLANTINGS,
    *money.PLANTINGS,
    *goods.PLANTINGS,
)


def plantings(world: World) -> Iterator[tuple[Callable[[World], None], int]]:
    """Give the plantings of the pilot as those of the province are, all in one city."""
    city = City(world)
    for planting, times in PLANTINGS:
        yield partial(_in_city, city, planting), times


def _in_city(city: City, planting: Callable[[City], None], _world: World) -> None:
    """Plant in the city, whose province is known to it."""
    planting(city)

"""A province that never was: real hospitals, invented contracts, and breaches planted by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from services.sources.province import completion, planting, register, supplies
from services.sources.province.conduct import Conduct
from services.sources.province.noise import Archive
from services.sources.province.plan import Plan
from services.sources.province.truth import Finding
from services.sources.province.world import World

__all__ = ["Plan", "Province", "simulate"]


@dataclass(frozen=True, slots=True)
class Province:
    """What a simulated province tells, and what must be found in it.

    `events` gives structured CloudEvents once, each a line of JSON with its LF, roughly in the
    order of telling; none happened or was told after the plan's last instant. `truth` is the list
    of violations as of that instant and of every instant of the following seven days.
    """

    events: Iterator[bytes]
    truth: list[Finding]


def simulate(plan: Plan) -> Province:
    """Make the province of a plan: the same plan gives the same bytes."""
    world = World(plan)
    completion.complete(world)
    planting.plant(world)
    register.tell(world)
    supplies.tell(world)
    planted = chain.from_iterable(world.lists)
    events = Archive(plan).lines(planted, Conduct(world).days())
    return Province(events=events, truth=world.truth.findings)

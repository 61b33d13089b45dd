"""Eras of a product: stretches of one manufacturer that touch count as one."""

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from services.compliance.law.supply_period import Stretch
from shared.domain.records.product import Cycle


class Era(NamedTuple):
    """A part `[start, end)` of the supply period in which one manufacturer is the winner."""

    manufacturer: str
    start: datetime
    end: datetime
    cycles: tuple[Cycle, ...]

    def holds(self, instant: datetime) -> bool:
        """Whether an instant lies in it."""
        return self.start <= instant < self.end


def eras(stretches: Iterable[Stretch]) -> list[Era]:
    """Join stretches, which come in order, where the same manufacturer goes on."""
    found: list[Era] = []
    for stretch in stretches:
        maker, last = stretch.cycle.manufacturer, found[-1] if found else None
        if last is not None and (last.end, last.manufacturer) == (stretch.start, maker):
            cycles = (*last.cycles, stretch.cycle)
            found[-1] = last._replace(end=stretch.end, cycles=cycles)
        else:
            found.append(Era(maker, stretch.start, stretch.end, (stretch.cycle,)))
    return found

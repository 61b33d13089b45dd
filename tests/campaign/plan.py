"""What a seed comes to: how many workers, how large a load, which faults and when."""

from dataclasses import dataclass
from random import Random

from typing_extensions import override

from tests.campaign.faults import KINDS, LENGTHS, LOSE, USUAL_LENGTH, Fault

FIRST_AT = 2.0
"""Seconds before which nothing happens."""


@dataclass(frozen=True)
class Scale:
    """How much happens in a run: seconds of publishing, orders, faults, their length at most."""

    seconds: tuple[float, float] = (12, 25)
    orders: tuple[int, int] = (400, 1_800)
    hospitals: int = 30
    faults: tuple[int, int] = (1, 4)
    longest: float = 40.0


SHORT = Scale(seconds=(4, 6), orders=(150, 250), hospitals=8, faults=(5, 5), longest=4.0)


@dataclass(frozen=True)
class Plan:
    """A run, to be told and to be run again; the load's instants alone are those of the day."""

    seed: int
    workers: int
    orders: int
    hospitals: int
    seconds: float
    faults: tuple[Fault, ...]

    @override
    def __str__(self) -> str:
        faults = "; ".join(map(str, self.faults))
        return (
            f"seed {self.seed}: {self.workers} workers, {self.orders} orders in "
            f"{self.seconds:.0f} s: {faults}"
        )


def plan(seed: int, scale: Scale, *, without: frozenset[str] = frozenset()) -> Plan:
    """Draw a run; every kind comes first in its turn, and others are drawn beside it.

    `without` are kinds that cannot be had on this machine.
    """
    chance = Random(f"{seed}/plan")
    kinds = [kind for kind in KINDS if kind not in without]
    seconds = chance.uniform(*scale.seconds)
    drawn = [kinds[seed % len(kinds)]]
    for _ in range(chance.randint(*scale.faults) - 1):
        drawn.append(chance.choice([kind for kind in kinds if _bears(drawn, kind)]))
    faults = tuple(
        Fault(
            kind,
            at=chance.uniform(FIRST_AT, seconds),
            lasts=min(chance.uniform(1, LENGTHS.get(kind, USUAL_LENGTH)), scale.longest),
        )
        for kind in drawn
    )
    return Plan(
        seed,
        chance.randint(1, 3),
        chance.randint(*scale.orders),
        scale.hospitals,
        seconds,
        tuple(sorted(faults, key=lambda fault: fault.at)),
    )


def _bears(drawn: list[str], kind: str) -> bool:
    """Whether a kind may come beside others: what is lost once is lost by one cause, and counted
    by offsets, of which a transaction takes some.
    """
    lost = bool(LOSE & set(drawn))
    return not (lost and (kind in LOSE or kind == "transaction open")) and not (
        "transaction open" in drawn and kind in LOSE
    )

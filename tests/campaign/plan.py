"""What a seed comes to: how many workers, how large a load, which faults and when."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random

from typing_extensions import override

from tests.campaign.faults import KINDS, LENGTHS, LOSE, TAKE_OFFSETS, USUAL_LENGTH, Fault

FIRST_AT = 2.0
"""Seconds before which nothing happens."""

TAKE_OFFSETS_EVERY = 4
"""What is lost is counted by offsets, of which a transaction takes some: one run in four has
transactions, all others have losses."""


@dataclass(frozen=True)
class Scale:
    """How much happens in a run: faults, seconds from one to the next, orders, and the longest.

    `apart` of the faults are of the kinds that lose something, or else open transactions.
    """

    faults: int = 20
    every: float = 9.0
    orders: tuple[int, int] = (4_000, 8_000)
    hospitals: int = 30
    longest: float = 40.0
    apart: int = 4


SHORT = Scale(faults=5, every=0.8, orders=(100, 140), hospitals=4, longest=2.0, apart=1)


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
        return (
            f"seed {self.seed}: {self.workers} workers, {self.orders} orders, "
            f"{len(self.faults)} faults in {self.seconds:.0f} s"
        )


def plan(seed: int, scale: Scale, *, without: frozenset[str] = frozenset()) -> Plan:
    """Draw a run; over many seeds in a row every kind comes as often as any other.

    `without` are kinds that cannot be had on this machine.
    """
    chance = Random(f"{seed}/plan")
    kinds = _kinds(seed, scale, without)
    chance.shuffle(kinds)
    faults = tuple(
        Fault(
            kind,
            at=FIRST_AT + scale.every * (number + chance.uniform(0, 0.6)),
            lasts=min(chance.uniform(1, LENGTHS.get(kind, USUAL_LENGTH)), scale.longest),
        )
        for number, kind in enumerate(kinds)
    )
    return Plan(
        seed,
        chance.randint(1, 3),
        chance.randint(*scale.orders),
        scale.hospitals,
        FIRST_AT + scale.every * scale.faults,
        faults,
    )


def _kinds(seed: int, scale: Scale, without: frozenset[str]) -> list[str]:
    """Give the kinds of a run: the next ones of all that go together, and some of one sort."""
    turn, place = divmod(seed, TAKE_OFFSETS_EVERY)
    sort, number = (TAKE_OFFSETS, turn) if place == 0 else (LOSE, seed - turn - 1)
    apart = _part(sorted(sort), number, scale.apart)
    together = [kind for kind in KINDS if kind not in LOSE | TAKE_OFFSETS | without]
    return apart + _part(together, seed, scale.faults - len(apart))


def _part(kinds: list[str], number: int, size: int) -> list[str]:
    """Give a part of all kinds told over and over, each time in another order."""

    def over_and_over() -> Iterator[str]:
        for turn in range((number + 1) * size // len(kinds) + 1):
            yield from Random(f"{turn}/{kinds}").sample(kinds, len(kinds))

    return list(islice(over_and_over(), number * size, (number + 1) * size))

"""How money finds its claim: recomputed whole for every instant that is asked for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.support.oracle.facts import World

BEGINNING = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Claim:
    """What is owed; `stands` is None for a claim that stands from the beginning.

    `age` sorts claims, the oldest first; `changes` are the instants at which the amount may fall.
    """

    key: Any
    age: tuple[Any, ...]
    stands: datetime | None
    amount_at: Callable[[datetime], Decimal]
    names: Mapping[str, frozenset[str]]
    changes: tuple[datetime, ...] = ()

    def stands_at(self, instant: datetime) -> bool:
        """Whether it is a claim at an instant."""
        return self.stands is None or self.stands <= instant


@dataclass(frozen=True)
class Sum:
    """Money with what it names."""

    time: datetime
    id: str
    amount: Decimal
    names: Mapping[str, str]

    @property
    def breadth(self) -> int:
        """The pass in which it is given: the narrowest name first."""
        if "receipt" in self.names:
            return 1
        if "order" in self.names or "agreement" in self.names:
            return 2
        if "product" in self.names:
            return 3
        return 4 if "category" in self.names else 5

    def fits(self, claim: Claim) -> bool:
        """Whether each name that it carries is one of the claim's."""
        return all(value in claim.names.get(name, ()) for name, value in self.names.items())


def sum_of(time: datetime, id_: str, data: Mapping[str, Any], names: tuple[str, ...]) -> Sum:
    """A sum from the data of its event, which may name only some things."""
    told = {name: data[name] for name in names if data.get(name) is not None}
    return Sum(time, id_, Decimal(data["amount"]), told)


@dataclass(frozen=True)
class Account:
    """Claims, and the sums that fill them."""

    world: World
    claims: list[Claim]
    sums: list[Sum]

    def state(self, instant: datetime) -> dict[Any, Decimal]:
        """What is left to pay of each claim that stands at an instant."""
        standing = [claim for claim in self.claims if claim.stands_at(instant)]
        standing.sort(key=lambda claim: claim.age)
        left = {claim.key: claim.amount_at(instant) for claim in standing}
        paid = [given for given in self.sums if given.time <= instant]
        for given in sorted(paid, key=lambda s: (s.breadth, s.time, s.id)):
            has = given.amount
            for claim in standing:
                if not given.fits(claim) or left[claim.key] <= self.world.policy.rounding_tolerance:
                    continue
                taken = min(has, left[claim.key])
                left[claim.key] -= taken
                has -= taken
        return left

    def left(self, claim: Claim, instant: datetime) -> Decimal:
        """What is left to pay of a claim; nothing of one that does not stand yet."""
        return self.state(instant).get(claim.key, Decimal(0))

    def instants(self) -> list[datetime]:
        """Every instant until now at which the state may change."""
        found = {given.time for given in self.sums}
        found |= {claim.stands for claim in self.claims if claim.stands is not None}
        found |= {instant for claim in self.claims for instant in claim.changes}
        return sorted(instant for instant in found if instant <= self.world.now)

    def paid_at(self, claim: Claim) -> datetime | None:
        """The first instant at which a claim is paid, None if it is not by now."""
        tolerance = self.world.policy.rounding_tolerance
        if claim.stands is None and claim.amount_at(self.world.now) <= tolerance:
            return BEGINNING
        for instant in self.instants():
            if claim.stands_at(instant) and self.left(claim, instant) <= tolerance:
                return instant
        return None

"""Filling: how money finds its claim (rules.md, *Filling*).

The narrowest name first, in five passes: sums that name a receipt; an order or agreement; a
product; a category; nothing. In a pass by (time, id), and each sum to the oldest claims that it
fits. What holds at an instant is what all five passes give on the claims and sums of then.

It is not filled whole for every instant, but fact by fact. A claim that begins to stand is younger
than all others: it takes only what was left over. A sum is the last of its pass: it only adds,
unless a broader pass had paid what it comes to. What that pass gave there and to younger claims is
then taken back and given anew; older claims stay as they are, for a sum comes to them first. So it
is where a return lowers what was paid. Facts make claims only more paid, never less: what is paid
once stays paid. `tests/compliance/law/test_filling.py` holds this against filling whole.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple, TypeAlias

from services.compliance.law.money import of_units, units
from shared.domain.calendar import EARLIEST

Name: TypeAlias = tuple[str, str]
"""What is named, and its code: `("order", "O1")`."""

Step: TypeAlias = tuple[datetime, Decimal]
"""An instant, and an amount of yuan that holds from then on."""

PASSES = {"receipt": 0, "order": 1, "agreement": 1, "product": 2, "category": 3, "nothing": 4}
NOTHING: Name = ("nothing", "")
BROADEST = PASSES["nothing"]

_instant = itemgetter(0)


class Debt(NamedTuple):
    """What is owed: `amounts` are one or more steps, which fall; it stands from the first."""

    amounts: Sequence[Step]
    names: frozenset[Name]


class Sum(NamedTuple):
    """Money, with what it names."""

    time: datetime
    id: str
    amount: Decimal
    names: frozenset[Name]

    @property
    def narrowest(self) -> Name:
        """Give what it names most narrowly."""
        if len(self.names) == 1:
            return next(iter(self.names))
        return min(self.names, key=lambda name: (PASSES[name[0]], name), default=NOTHING)


def value_at(steps: Sequence[Step], instant: datetime) -> Decimal:
    """Give what holds at an instant; 0 before the first step."""
    found = bisect_right(steps, instant, key=_instant)
    return steps[found - 1][1] if found else Decimal(0)


def fill(
    claims: Sequence[Debt], sums: Iterable[Sum], tolerance: Decimal, since: datetime = EARLIEST
) -> "Filling":
    """Pay claims, the oldest first in the sequence, none standing before one that precedes it.

    A claim is paid when no more than `tolerance` is left. What was until `since` is paid whole, as
    it is at that instant.
    """
    filling = Filling(claims, sums, units(tolerance))
    filling.run(since)
    return filling


class Filling:
    """Claims with what is left of each, from when on; claims by their place in the sequence.

    Sums that name the same thing most narrowly share a purse, and so do things that one claim has
    several of: what one of them gives, another may have to wait for.
    """

    def __init__(self, claims: Sequence[Debt], sums: Iterable[Sum], tolerance: int) -> None:
        self._claims = claims
        self._sums = sorted(sums, key=_time_and_id)
        self._tolerance = tolerance
        joined = _joined(claims)
        self._purse = [_purse(given, joined) for given in self._sums]
        self._purses = [{joined.get(name, name) for name in claim.names} for claim in claims]
        self._rest = [units(given.amount) for given in self._sums]
        self._amount = [0] * len(claims)
        self._paid = [[0] * (BROADEST + 1) for _ in claims]
        self._pours: list[list[tuple[int, int]]] = [[] for _ in claims]
        self._fitting: dict[Name, list[int]] = defaultdict(list)
        self._front: dict[Name, int] = defaultdict(int)
        self._waiting: dict[Name, set[int]] = defaultdict(set)
        self._anew: tuple[dict[Name, int], ...] = tuple({} for _ in range(BROADEST + 1))
        self._moved: set[int] = set()
        self._steps: list[list[tuple[datetime, int]]] = [[] for _ in claims]

    def steps(self, claim: int) -> list[Step]:
        """Give what is left of a claim, from when on."""
        return [(instant, of_units(left)) for instant, left in self._steps[claim]]

    def given(self, claim: int) -> list[tuple[Sum, Decimal]]:
        """Give which sums pay a claim in the end, and how much of it each."""
        return [(self._sums[which], of_units(part)) for which, part in self._pours[claim]]

    def rests(self) -> list[tuple[Sum, Decimal]]:
        """Give each sum with what of it nobody has taken in the end."""
        rests = zip(self._sums, self._rest, strict=True)
        return [(given, of_units(rest)) for given, rest in rests]

    def run(self, since: datetime) -> None:
        """Take all facts, instant by instant; those until `since` at once."""
        facts = self._facts()
        before = bisect_right(facts, since, key=_instant)
        if before:
            self._take(since, sorted(facts[:before], key=itemgetter(1)))
        for instant, told in groupby(facts[before:], key=_instant):
            self._take(instant, told)

    def _facts(self) -> list[tuple[datetime, int, int, int]]:
        """Give what happens, in order; of one instant first claims, then returns, then sums."""
        facts = [
            (instant, _FALLS if number else _STANDS, which, units(amount))
            for which, claim in enumerate(self._claims)
            for number, (instant, amount) in enumerate(claim.amounts)
        ]
        facts += [(given.time, _SUM, which, 0) for which, given in enumerate(self._sums)]
        return sorted(facts)

    def _take(self, instant: datetime, facts: Iterable[tuple[datetime, int, int, int]]) -> None:
        """Take what happens at an instant, and note what is left of the claims that it moves."""
        sums: dict[Name, list[int]] = {}
        for _, kind, which, amount in facts:
            if kind == _SUM:
                sums.setdefault(self._purse[which], []).append(which)
                continue
            self._amount[which] = amount
            self._moved.add(which)
            if kind == _STANDS:
                self._stand(which)
            else:
                self._take_back(which)
        self._give(sums)
        for which in self._moved:
            left, steps = self._left(which), self._steps[which]
            if not steps or steps[-1][1] != left:
                steps.append((instant, left))
        self._moved.clear()

    def _left(self, which: int) -> int:
        return self._amount[which] - sum(self._paid[which])

    def _stand(self, which: int) -> None:
        """Give a claim that begins to stand what sums that fit it had left over."""
        names = self._claims[which].names
        waiting: list[int] = []
        for purse in (*self._purses[which], NOTHING):
            self._fitting[purse].append(which)
            waiting += [held for held in self._waiting[purse] if self._sums[held].names <= names]
        for held in sorted(waiting, key=self._turn):
            if self._left(which) <= self._tolerance:
                break
            self._pour(held, which)

    def _turn(self, held: int) -> tuple[int, int]:
        """Say when a sum's turn is: its pass, and in that its place by time and id."""
        return PASSES[self._purse[held][0]], held

    def _take_back(self, which: int, after: int = -1) -> None:
        """Have the purses of broader passes than `after` that paid a claim give anew from it on."""
        for held, _ in self._pours[which]:
            purse = self._purse[held]
            anew = self._anew[PASSES[purse[0]]]
            if PASSES[purse[0]] > after:
                anew[purse] = min(anew.get(purse, which), which)

    def _give(self, sums: Mapping[Name, list[int]]) -> None:
        """Give sums in five passes, and of each what must be given anew."""
        for turn, anew in enumerate(self._anew):
            for purse, since in anew.items():
                taken = self._emptied(purse, since)
                self._pour_out(purse, sorted({*taken, *self._waiting[purse], *sums.get(purse, ())}))
            for purse, held in sums.items():
                if PASSES[purse[0]] == turn and purse not in anew:
                    self._pour_out(purse, held)
            anew.clear()

    def _emptied(self, purse: Name, since: int) -> set[int]:
        """Take back what a purse gave to claims from one on; gives its sums."""
        turn, sums, fitting = PASSES[purse[0]], set[int](), self._fitting[purse]
        for at in range(bisect_left(fitting, since), len(fitting)):
            claim = fitting[at]
            paid = self._paid[claim]
            if not paid[turn]:
                continue
            kept = []
            for held, part in self._pours[claim]:
                if self._purse[held] == purse:
                    self._rest[held] += part
                    paid[turn] -= part
                    sums.add(held)
                else:
                    kept.append((held, part))
            self._pours[claim] = kept
            self._moved.add(claim)
            self._take_back(claim, turn)
        self._front[purse] = min(self._front[purse], since)
        return sums

    def _pour_out(self, purse: Name, sums: Iterable[int]) -> None:
        """Give the sums of a purse, in order, each to the oldest claims that it fits."""
        turn, fitting = PASSES[purse[0]], self._fitting[purse]
        front = bisect_left(fitting, self._front[purse])
        dead = 0
        for held in sums:
            names = self._sums[held].names
            for at in range(front, len(fitting)):
                claim = fitting[at]
                paid = self._paid[claim]
                left = self._amount[claim] - sum(paid[: turn + 1])
                if left <= self._tolerance:
                    # For this pass it is paid.
                    front += at == front
                    dead += not paid[turn]
                    continue
                if names <= self._claims[claim].names:
                    if any(paid[turn + 1 :]):
                        self._take_back(claim, turn)
                    self._pour(held, claim, left)
                    if not self._rest[held]:
                        break
            else:
                self._waiting[purse].add(held)
        if fitting:
            self._front[purse] = fitting[front] if front < len(fitting) else fitting[-1] + 1
        if dead > len(fitting) // 2:
            self._forget_dead(purse)

    def _forget_dead(self, purse: Name) -> None:
        """Forget claims that narrower passes have paid, for they stay so."""
        turn = PASSES[purse[0]]
        self._fitting[purse] = [
            claim
            for claim in self._fitting[purse]
            if self._paid[claim][turn]
            or self._amount[claim] - sum(self._paid[claim][:turn]) > self._tolerance
        ]

    def _pour(self, held: int, claim: int, left: int | None = None) -> None:
        part = min(self._rest[held], self._left(claim) if left is None else left)
        self._rest[held] -= part
        self._paid[claim][PASSES[self._purse[held][0]]] += part
        self._pours[claim].append((held, part))
        self._moved.add(claim)
        if not self._rest[held]:
            self._waiting[self._purse[held]].discard(held)


_STANDS, _FALLS, _SUM = range(3)


def _joined(claims: Iterable[Debt]) -> dict[Name, Name]:
    """Give by which name each goes that some claim has beside another of its kind."""
    joined: dict[Name, Name] = {}

    def root(name: Name) -> Name:
        while name in joined:
            name = joined[name]
        return name

    for claim in claims:
        first: dict[int, Name] = {}
        for name in claim.names:
            one, other = root(first.setdefault(PASSES[name[0]], name)), root(name)
            if one != other:
                joined[max(one, other)] = min(one, other)
    return {name: root(name) for name in joined}


def _purse(given: Sum, joined: Mapping[Name, Name]) -> Name:
    narrowest = given.narrowest
    return joined.get(narrowest, narrowest)


def _time_and_id(given: Sum) -> tuple[datetime, str]:
    return given.time, given.id

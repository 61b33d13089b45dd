"""Of how many things rules said something, and of whom: what "of how many" is answered with.

A rule has judged what it came to an answer on: it found something, or it asks for nothing more.
What it waits for is not counted yet, and what it cannot judge for want of a term is counted apart.
An order belongs to the month in which it was placed, and a statement to its own; what lasts belongs
to none. Records keep what they were weighed as, so that counts move by new minus kept.
"""

from collections import defaultdict
from collections.abc import Collection, Container, Iterable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Struct

from services.compliance.findings.accused import Role, Unit, accused_of
from services.compliance.findings.finding import About, Finding, Watch
from services.compliance.findings.rule import Rule
from services.compliance.judging.contributions.contribution import Unjudged
from services.compliance.law.goods_terms import GoodsTerms
from services.compliance.law.order_terms import OrderTerms
from services.compliance.rules import RULES
from shared.domain.records.order import Order

NO_MONTH = ""
"""The month of what lasts."""


WeighedKey = tuple[str, str, str, str, str, str, bool]
"""Jurisdiction, role, party, month, area, rules, and whether they judged."""


class Weighed(Struct, frozen=True, array_like=True, gc=False):
    """How many things of a party, in an area and month, some rules judged, or could not.

    `rules` are their names in order, with blanks between: records that are alike share one row of
    the counts, however many rules there are. Unknown parties and areas are empty.
    """

    role: Role
    party: str
    area: str
    month: str
    rules: str
    judged: bool = True
    number: int = 1

    def key(self, jurisdiction: str) -> WeighedKey:
        """Give under what it is counted."""
        where = (jurisdiction, self.role, self.party, self.month, self.area)
        return (*where, self.rules, self.judged)


class Place(NamedTuple):
    """Things of a unit that a record holds: who is named in them, and where and when they are."""

    unit: Unit
    about: About
    month: str = NO_MONTH
    number: int = 1


class Score:
    """Which rules came to an answer on a record, and which lacked a term; others wait."""

    __slots__ = ("judged", "unjudged")

    def __init__(self) -> None:
        self.judged: list[str] = []
        self.unjudged: list[str] = []

    def take(self, rule: Rule, said: Sequence[Any]) -> None:
        """Note what a rule came to; most rules say nothing."""
        if not said:
            self.judged.append(rule.name)
            return
        waits = lacks = False
        for item in said:
            if isinstance(item, Watch):
                waits = True
            elif isinstance(item, Unjudged):
                lacks = True
            elif isinstance(item[-1], Finding):
                waits = lacks = False
                break
        if lacks:
            self.unjudged.append(rule.name)
        elif not waits or rule.interval:
            self.judged.append(rule.name)


_BESIDE = tuple(
    rule.name for rule in RULES if rule.unit == "order" and not issubclass(rule.record, Order)
)
"""The rules that judge orders one by one in the record that orders contribute to."""

_RULES = {rule.name: rule for rule in RULES}


def weigh_order(terms: OrderTerms, score: Score, lacking: Collection[str]) -> list[Weighed]:
    """Weigh an order; `lacking` are the rules that cannot judge what it contributes."""
    placed = terms.placed
    about = About(None, terms.area, placed.hospital, terms.manufacturer, placed.distributor)
    if lacking:
        score.unjudged += [name for name in lacking if name not in score.unjudged]
    return weigh([Place("order", about, terms.day.isoformat()[:7])], score, terms.in_force.rules)


def weigh_goods(terms: GoodsTerms, score: Score) -> list[Weighed]:
    """Weigh goods whose order nobody placed as the order that there should have been."""
    place = Place("order", About(hospital=terms.goods.hospital), terms.day.isoformat()[:7])
    return weigh([place], score, terms.in_force.rules)


def score_beside(score: Score, carried: Container[str], lacking: Container[str]) -> None:
    """Note which rules judge an order in scope in the record that it contributes to."""
    score.judged += [name for name in _BESIDE if name in carried and name not in lacking]


def weigh(places: Iterable[Place], score: Score, carried: Container[str]) -> list[Weighed]:
    """Weigh things by the rules carried; what accuses nobody in one of them is left out."""
    judged = tuple([name for name in score.judged if name in carried])
    unjudged = tuple(sorted(name for name in score.unjudged if name in carried))
    numbers: dict[tuple[Role, str, str, str, str, bool], int] = {}
    for unit, about, month, number in places if judged or unjudged else ():
        named = _Named(
            about.manufacturer is not None,
            about.distributor is not None,
            about.hospital is not None,
            about.distributor == about.manufacturer,
        )
        for names, is_judged in ((judged, True), (unjudged, False)):
            for role, rules in _by_role(names, unit, named) if names else ():
                party = "" if role == "authority" else getattr(about, role) or ""
                key = (role, party, about.area or "", month, rules, is_judged)
                numbers[key] = numbers.get(key, 0) + number
    return [Weighed(*key, number) for key, number in numbers.items() if number]


class _Named(NamedTuple):
    """Who is named in a thing, and whether the manufacturer delivers it itself."""

    manufacturer: bool
    distributor: bool
    hospital: bool
    delivers_itself: bool


@lru_cache(maxsize=4_096)
def _by_role(names: tuple[str, ...], unit: Unit, named: _Named) -> tuple[tuple[Role, str], ...]:
    """Give those of some rules that judge a unit, by whom they accuse.

    Things that are alike share the answer. Orders of an unknown maker count all the same.
    """
    own = named.delivers_itself
    maker = "M" if named.manufacturer or unit == "order" else None
    distributor = ("M" if own else "D") if named.distributor else None
    about = About(None, None, "H" if named.hospital else None, maker, distributor)
    by_role: dict[Role, list[str]] = defaultdict(list)
    for name in names:
        rule = _RULES.get(name)
        if rule is not None and rule.unit == unit:
            role, party = accused_of(rule.accused, about)
            if party or role == "authority":
                by_role[role].append(name)
    return tuple((role, " ".join(sorted(held))) for role, held in sorted(by_role.items()))

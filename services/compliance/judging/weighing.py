"""Of how many things rules said something, and of whom: what "of how many" is answered with.

A rule has judged what it came to an answer on: it found something, or it asks for nothing more.
What it waits for is not counted yet, and what it cannot judge for want of a term is counted apart.
An order belongs to the month in which it was placed, for another who ships for it to those of its
shipments, and a statement to its own; what lasts belongs to none. Where something was found, the
thing counts in the month of that instead, once for each finding: so no more is ever found of a
party in a month than was judged of it. Records keep what they were weighed as, so that counts move
by new minus kept.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple, Self

from msgspec import Struct
from msgspec.structs import replace

from services.compliance.findings.accused import Accused, Role, Unit, accused_of
from services.compliance.findings.finding import About, Finding, Watch
from services.compliance.findings.rule import Rule
from services.compliance.judging.contributions.contribution import Unjudged
from services.compliance.law.goods_terms import GoodsTerms
from services.compliance.law.order_terms import OrderTerms
from services.compliance.rules import RULES
from shared.domain.calendar import day_of
from shared.domain.records.order import Order
from shared.domain.records.record import Record

NO_MONTH = ""
"""The month of what lasts."""


WeighedKey = tuple[str, str, str, str, str, str, bool]
"""Jurisdiction, role, party, month, area, rules, and whether they judged."""


class Weighed(Struct, frozen=True, array_like=True, gc=False):
    """How many things of a party, in an area and month, some rules judged, or could not.

    `rules` are their names in order, with blanks between: records that are alike share one row of
    the counts, however many rules there are. Unknown parties and areas are empty. A number below
    zero takes away what counts elsewhere.
    """

    role: Role
    party: str
    area: str
    month: str
    rules: str
    judged: bool = True
    number: int = 1

    def accuses(self, who: Accused, rule: str) -> bool:
        """Whether a rule judged these things, and would accuse somebody of them."""
        return self.judged and (self.role, self.party) == who and rule in self.rules.split()

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
    """Which rules came to an answer on a record, what they found, and which lacked a term.

    Others wait.
    """

    __slots__ = ("found", "judged", "unjudged")

    def __init__(self) -> None:
        self.found: list[tuple[Rule, Finding]] = []
        self.judged: list[str] = []
        self.unjudged: list[str] = []

    def take(self, rule: Rule, said: Sequence[Any]) -> None:
        """Note what a rule came to; most rules say nothing."""
        if not said:
            self.judged.append(rule.name)
            return
        waits = lacks = finds = False
        for item in said:
            if isinstance(item, Watch):
                waits = True
            elif isinstance(item, Unjudged):
                lacks = True
            elif isinstance(item[-1], Finding):
                finds = True
                self.found.append(item)
        if lacks and not finds:
            self.unjudged.append(rule.name)
        elif finds or not waits or rule.interval:
            self.judged.append(rule.name)

    def leave(self, elsewhere: Collection[str]) -> None:
        """Leave out rules that are counted elsewhere, unless they found something here."""
        found = {rule.name for rule, _ in self.found}
        self.judged = [name for name in self.judged if name in found or name not in elsewhere]

    def among(self, carried: Container[str]) -> Self:
        """Leave out the rules that are not carried."""
        self.judged = [name for name in self.judged if name in carried]
        self.unjudged = [name for name in self.unjudged if name in carried]
        return self


_RULES = {rule.name: rule for rule in RULES}
_OF_SHIPPERS = frozenset(rule.name for rule in RULES if rule.of_shippers)


def weigh_order(
    order: Order, terms: OrderTerms, score: Score, lacking: Collection[str]
) -> list[Weighed]:
    """Weigh an order; `lacking` are the rules that cannot judge what it contributes."""
    if lacking:
        score.unjudged += [name for name in lacking if name not in score.unjudged]
    weighed = _counted([_of_order(terms, terms.placed.distributor, terms.day)], score)
    others = {
        (shipment.distributor, day_of(shipment.telling.time).replace(day=1))
        for shipment in order.shipments.values()
        if shipment.distributor not in {None, terms.placed.distributor}
    }
    if others:
        places = [_of_order(terms, other, month) for other, month in sorted(others)]
        weighed += _counted(places, score.among(_OF_SHIPPERS))
    return [*weighed, *_moved(weighed, score)]


def _of_order(terms: OrderTerms, distributor: str | None, day: date) -> Place:
    about = About(None, terms.area, terms.placed.hospital, terms.manufacturer, distributor)
    return Place("order", about, _month(day))


def weigh_goods(terms: GoodsTerms, score: Score) -> list[Weighed]:
    """Weigh goods whose order nobody placed, or too late, as the order that there should have been.

    As what is found of them, they lie in no area, and name a hospital only if they tell it.
    """
    place = Place("order", About(hospital=terms.goods.hospital), _month(terms.day))
    return weigh([place], score)


def beside(unit: Unit, *records: type[Record]) -> tuple[str, ...]:
    """Give the rules that judge things of a unit one by one in another record than the things'."""
    return tuple(rule.name for rule in RULES if rule.unit == unit and rule.record not in records)


def weigh(places: Iterable[Place], score: Score) -> list[Weighed]:
    """Weigh things by the rules that came to an answer; what accuses nobody is left out."""
    weighed = _counted(places, score)
    return [*weighed, *_moved(weighed, score)]


def _counted(places: Iterable[Place], score: Score) -> list[Weighed]:
    """Count things where and when they are."""
    judged, unjudged = tuple(score.judged), tuple(sorted(score.unjudged))
    if not (judged or unjudged):
        return []
    numbers: dict[tuple[Role, str, str, str, str, bool], int] = {}
    for unit, about, month, number in places:
        maker, distributor = about.manufacturer, about.distributor
        named = (maker is not None, distributor is not None, about.hospital is not None)
        for role, rules, is_judged in _by_role(judged, unjudged, unit, named, distributor == maker):
            party = "" if role == "authority" else getattr(about, role) or ""
            key = (role, party, about.area or "", month, rules, is_judged)
            numbers[key] = numbers.get(key, 0) + number
    return [Weighed(*key, number) for key, number in numbers.items() if number]


def _moved(weighed: Sequence[Weighed], score: Score) -> Iterator[Weighed]:
    """Move things of which something was found to the months in which it was, and add what lacks.

    An order that another record counts is moved from the day that the finding tells.
    """
    found: dict[tuple[str, Accused, str | None], list[Finding]] = defaultdict(list)
    for rule, finding in score.found:
        order = None if finding.counted_on is None else finding.about.order
        found[rule.name, accused_of(rule.accused, finding.about), order].append(finding)
    for (rule_name, who, _), findings in found.items():
        day, area = findings[0].counted_on, findings[0].about.area or ""
        if day is None:
            home = [one for one in weighed if one.accuses(who, rule_name)]
        else:
            home = [Weighed(*who, area, _month(day), rule_name)]
        yield from _moves(home, findings, Weighed(*who, area, NO_MONTH, rule_name))


def _moves(home: list[Weighed], findings: list[Finding], one: Weighed) -> Iterator[Weighed]:
    """Give what leaves the months of things for those of findings, as far as these are more."""
    found = Counter(_month(day_of(finding.occurred_at)) for finding in findings)
    counted = Counter[str]()
    for held in home:
        counted[held.month] += held.number
    lasting = counted.pop(NO_MONTH, 0)
    lacking = Counter({month: number - lasting for month, number in found.items()}) - counted
    for month in islice((counted - found).elements(), lacking.total()):
        area = next(held.area for held in home if held.month == month)
        yield replace(one, area=area, month=month, number=-1)
    for month, number in lacking.items():
        yield replace(one, month=month, number=number)


def _month(day: date) -> str:
    return day.isoformat()[:7]


@lru_cache(maxsize=4_096)
def _by_role(
    judged: tuple[str, ...],
    unjudged: tuple[str, ...],
    unit: Unit,
    named: tuple[bool, bool, bool],
    delivers_itself: bool,  # noqa: FBT001  # a key of what is remembered has no keywords
) -> tuple[tuple[Role, str, bool], ...]:
    """Give those of some rules that judge a unit, by whom they accuse, and whether they judged.

    Things that are alike share the answer: whether maker, distributor and hospital are `named` in
    them, and whether the maker delivers itself. Orders of an unknown maker, and goods that tell no
    hospital, count all the same.
    """
    has_maker, has_distributor, has_hospital = named
    maker = "M" if has_maker or unit == "order" else None
    hospital = "H" if has_hospital or unit == "order" else None
    distributor = ("M" if delivers_itself else "D") if has_distributor else None
    about = About(None, None, hospital, maker, distributor)
    return tuple(
        (role, " ".join(sorted(held)), is_judged)
        for names, is_judged in ((judged, True), (unjudged, False))
        for role, held in sorted(_accusing(names, unit, about).items())
    )


def _accusing(names: Iterable[str], unit: Unit, about: About) -> dict[Role, list[str]]:
    by_role: dict[Role, list[str]] = defaultdict(list)
    for name in names:
        rule = _RULES.get(name)
        if rule is not None and rule.unit == unit:
            role, party = accused_of(rule.accused, about)
            if party or role == "authority":
                by_role[role].append(name)
    return by_role

"""What was found beside of how many things: by area and rule, and by who is accused.

Reads the counts alone that are kept in step, never the violations.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Literal, NamedTuple

from msgspec import Struct

from services.compliance.answers import owned
from services.compliance.answers.database import Database, Row
from services.compliance.answers.names import called
from services.compliance.findings.accused import Role
from services.compliance.rules import RULES
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

MONTHS = 12
"""Months that are looked at, the one at hand among them."""

PARTIES_SHOWN = 100
OTHER = "other"
"""The area of what stands in one in which no hospital takes part: anybody may write any."""

State = Literal["found", "clean", "unjudged", "none", "not-applicable"]
Shown = Literal["open", "year"]

_WEIGHTS = ("breach", "explain", "warning")
_WITHOUT_AREA = frozenset({"product", "agreement"})
"""The units that lie in no area, or in all of them."""

_OF_A_MONTH = frozenset({"order", "receipt", "payment", "prepayment", "use"})
"""The units that count in months; the others last."""

_UNITS = {rule.name: rule.unit for rule in RULES}
_DATED = [name for name, unit in _UNITS.items() if unit in _OF_A_MONTH]


class Cell(Struct, frozen=True):
    """What a rule found, by severity, and of how many things; `unjudged` is what lacked a term."""

    state: State
    found: int
    judged: int
    unjudged: int
    by_severity: dict[str, int]

    @property
    def severity(self) -> str:
        """The weightiest severity of what was found; empty where nothing was."""
        return next((name for name in _WEIGHTS if self.by_severity.get(name)), "")


class MatrixRow(Struct, frozen=True):
    """An area with its cells, by rule; the empty one is of what lies in no area."""

    area: str
    cells: dict[str, Cell]
    found: int


class Matrix(Struct, frozen=True):
    """What stands open, or occurred in some months, area by area and rule by rule.

    What was judged is of the same months, of what belongs to none, and of what stands open since
    before them. Of what lasts more than one violation may be found: it counts once.
    """

    jurisdiction: str
    show: Shown
    first_month: str
    last_month: str
    rules: list[str]
    rows: list[MatrixRow]


class PartyRow(Struct, frozen=True):
    """Who is accused of how much, and of how many judgements that could have accused it.

    An order that five rules judged counts five times. What is exempt is left out. `name` is what
    the party is called, as far as that was told.
    """

    role: str
    party: str
    name: str | None
    open: int
    breaches: int
    occurred: int
    judged: int


class Parties(Struct, frozen=True):
    """Who is accused of most, a hundred at most."""

    jurisdiction: str
    items: list[PartyRow]


class PartyRule(Struct, frozen=True):
    """What a rule found of a party, month by month; what belongs to no month is of each."""

    rule: str
    unit: str
    cells: list[Cell]
    found: int
    open: int
    judged: int
    unjudged: int


class PartyShown(Struct, frozen=True):
    """A party: what it is accused of in some months, of how many things."""

    jurisdiction: str
    role: str
    party: str
    name: str | None
    months: list[str]
    rules: list[PartyRule]

    @property
    def open(self) -> int:
        """How much of it stands open."""
        return sum(rule.open for rule in self.rules)

    @property
    def found(self) -> int:
        """How much was found."""
        return sum(rule.found for rule in self.rules)


class MatrixAsked(NamedTuple):
    """Of which jurisdiction, what to count, whether with what is exempt, only some severity."""

    jurisdiction: str
    show: Shown = "open"
    exempt: bool = False
    severity: str | None = None


def months_until(day: date) -> list[str]:
    """Give the last MONTHS months, as YYYY-MM, up to the one of a day."""
    last = day.year * 12 + day.month - 1
    numbers = range(last - MONTHS + 1, last + 1)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in numbers]


async def matrix(
    database: Database, asked: MatrixAsked, carried: Sequence[str], today: date
) -> Matrix:
    """Give what stands open, or occurred in the last months, by area and by each rule carried."""
    where, (first, *_, last) = asked.jurisdiction, months_until(today)
    enrolled = [row["area"] for row in await database.fetch(QUERIES["areas"], where)]
    weighed = await owned.fetch(database, QUERIES["judged"], where, first, last)
    if asked.show == "open":
        weighed += await owned.fetch(database, QUERIES["open_before"], where, first, _DATED)
    if asked.show == "open" and database.confined:
        told = await owned.fetch(database, QUERIES["open_accused"], where, asked.exempt)
    elif asked.show == "open":
        told = await database.fetch(QUERIES["open"], where, asked.exempt)
    else:
        told = await owned.fetch(database, QUERIES["occurred"], where, asked.exempt, first, last)
    found = [row for row in told if asked.severity in {None, row["severity"]}]
    known = {"", *enrolled}
    counts = _Counts(lambda row: row["area"] if row["area"] in known else OTHER)
    counts.take(weighed, found)
    areas = [*enrolled, *(area for area in (OTHER, "") if area in counts.places())]
    rows = []
    for area in areas:
        cells = {rule: counts.cell(area, rule, applies=_lies_in(rule, area)) for rule in carried}
        rows.append(MatrixRow(area, cells, sum(cell.found for cell in cells.values())))
    return Matrix(where, asked.show, first, last, list(carried), rows)


async def areas(database: Database, jurisdiction: str) -> list[str]:
    """Give the areas of a jurisdiction in which hospitals take part."""
    return [row["area"] for row in await database.fetch(QUERIES["areas"], jurisdiction)]


async def parties(
    database: Database, jurisdiction: str, role: Role | None, begins: str, today: date
) -> list[PartyRow]:
    """Give who is accused of most, PARTIES_SHOWN at most, of those whose code begins so."""
    first, *_, last = months_until(today)
    rows = await owned.fetch(
        database, QUERIES["parties"], jurisdiction, role, begins, first, last, PARTIES_SHOWN
    )
    known = await called(
        database.fetch, {(jurisdiction, one["role"], one["party"]) for one in rows}
    )
    return [
        PartyRow(**row, name=known.get((jurisdiction, row["role"], row["party"]))) for row in rows
    ]


async def party(
    database: Database, jurisdiction: str, role: Role, code: str, today: date
) -> PartyShown | None:
    """Give what a party is accused of in the last months; None where nothing was ever judged.

    Of one that was judged earlier alone there are no rules.
    """
    months = months_until(today)
    who = (jurisdiction, role, code, months[0], months[-1])
    weighed = await database.fetch(QUERIES["judged_of"], *who)
    found = await database.fetch(QUERIES["accused_of"], *who)
    if not weighed and not found and not await database.fetch(QUERIES["ever"], *who[:3]):
        return None
    counts = _Counts(lambda row: row["month"])
    counts.take(weighed, found)
    still_open: Counter[str] = Counter()
    for row in found:
        still_open[row["rule"]] += row["open"] or 0
    named = {row["rule"] for row in (*weighed, *found)}
    known = [rule.name for rule in RULES if rule.name in named]
    rules = [_of_party(rule, months, counts, still_open[rule]) for rule in known]
    names = await called(database.fetch, {(jurisdiction, role, code)})
    return PartyShown(
        jurisdiction, role, code, names.get((jurisdiction, role, code)), months, rules
    )


def _of_party(rule: str, months: list[str], counts: "_Counts", still_open: int) -> PartyRule:
    lasting = counts.cell("", rule)
    cells = [counts.cell(month, rule, beside=lasting) for month in months]
    return PartyRule(
        rule,
        _UNITS[rule],
        cells,
        sum(cell.found for cell in cells),
        still_open,
        sum(cell.judged - lasting.judged for cell in cells) + lasting.judged,
        sum(cell.unjudged - lasting.unjudged for cell in cells) + lasting.unjudged,
    )


def _lies_in(rule: str, area: str) -> bool:
    return area == "" or _UNITS.get(rule) not in _WITHOUT_AREA


class _Counts:
    """What was found and judged, by a place (an area, or a month) and by rule."""

    def __init__(self, place_of: Callable[[Row], str]) -> None:
        self._place_of = place_of
        self._judged: Counter[tuple[str, str, bool]] = Counter()
        self._found: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)

    def take(self, weighed: Iterable[Row], found: Iterable[Row]) -> None:
        """Take rows of counts."""
        for row in weighed:
            self._judged[self._place_of(row), row["rule"], row["judged"]] += row["count"]
        for row in found:
            self._found[self._place_of(row), row["rule"]][row["severity"]] += row["count"]

    def places(self) -> set[str]:
        """Give the places of which anything is known."""
        return {place for place, *_ in self._judged} | {place for place, _ in self._found}

    def cell(
        self, place: str, rule: str, *, applies: bool = True, beside: Cell | None = None
    ) -> Cell:
        """Give a cell; `beside` is what lasts and so counts in it too."""
        by_severity = dict(self._found.get((place, rule), {}))
        found = sum(by_severity.values())
        judged, unjudged = (self._judged[place, rule, flag] for flag in (True, False))
        if beside is not None:
            judged, unjudged = judged + beside.judged, unjudged + beside.unjudged
        state: State = "none"
        if found:
            state = "found"
        elif not applies:
            state = "not-applicable"
        elif judged:
            state = "clean"
        elif unjudged:
            state = "unjudged"
        return Cell(state, found, judged, unjudged, by_severity)

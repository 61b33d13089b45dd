"""Scorecards: how suppliers answer, deliver and fill orders, and what was wrong with the goods.

Every figure is defined in docs/months.md, and comes with its denominator.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from services.delivery.lines import ANSWERS, CARD, NEVER_ANSWERED, SUMS
from shared.adapters import postgres
from shared.adapters.answering import month_text
from shared.adapters.postgres import Connection
from shared.adapters.reading import Database
from shared.adapters.tenancy import Own, among
from shared.domain import calendar
from shared.tally.reach import reached

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

Group = Literal["none", "distributor", "manufacturer", "product", "area", "month", "remote"]

RUNNING = timedelta(days=14)
"""How long after its end a month counts as running, twice the longest grace of a policy: what is
not due yet is then left out, line by line."""

OWN_LINES = {
    "hospitals": "hospital = ANY ({})",
    "distributors": "distributor = ANY ({})",
    "manufacturers": "manufacturer = ANY ({})",
}
"""How a line tells whose it is."""

_DUE_BY = {
    "asked": "answer_at",
    "prompt": "answer_at",
    "due": "due_at",
    "on_time": "due_at",
    "owed": "cut_at",
    "whole": "cut_at",
    "ordered": "cut_at",
    "delivered": "cut_at",
}
_REMOTE = {-1: "unknown", 0: "other", 1: "remote"}


class CardsAsked(NamedTuple):
    """What is asked for: months as numbers, both included, and what all lines must be of.

    `own` says whose lines alone are counted; None: everybody's.
    """

    jurisdiction: str
    first: int
    last: int
    group_by: Group
    distributor: str | None = None
    area: str | None = None
    remote: bool | None = None
    manufacturer: str | None = None
    product: str | None = None
    own: Own | None = None

    @property
    def given(self) -> dict[str, Any]:
        """What all lines must be of, by column."""
        remote = None if self.remote is None else int(self.remote)
        values = (self.distributor, self.area, remote, self.manufacturer, self.product)
        names = ("distributor", "area", "remote", "manufacturer", "product")
        return {name: value for name, value in zip(names, values, strict=True) if value is not None}

    @property
    def dimensions(self) -> set[str]:
        """The columns by which lines are told apart."""
        whose = set() if self.own is None else {"hospital"}
        return {*self.given, *whose, self.group_by} - {"none"}


class Response(Struct, frozen=True):
    """响应: of the lines `asked` for an answer, those answered in time, and how fast."""

    asked: int
    in_time: int
    share_in_time: float | None
    answered: int
    median_hours: int | None
    p90_hours: int | None


class Punctuality(Struct, frozen=True):
    """OTIF, by line: of the lines `due`, those complete at or before their due."""

    due: int
    on_time_in_full: int
    share: float | None


class Filling(Struct, frozen=True):
    """配送率: of the lines `owed`, what had come by the end of the grace after their due."""

    owed: int
    whole: int
    rate_by_line: float | None
    ordered: int
    delivered: int
    rate: float | None


class Quality(Struct, frozen=True):
    """Of the units `checked` at acceptance, those rejected for their quality."""

    checked: int
    rejected: int
    share: float | None


class Scorecard(Struct, frozen=True):
    """One distributor, manufacturer, product, area, month, or remote hospitals against others."""

    code: str
    lines: int
    response: Response
    punctuality: Punctuality
    filling: Filling
    quality: Quality


class Scorecards(Struct, frozen=True):
    """Scorecards of the lines that fell due in some months, the worst filled first.

    All that the bus held at `read_until` (UTC; null: never) is counted, `lag` messages wait.
    """

    jurisdiction: str
    first: str
    last: str
    as_of: datetime
    group_by: str
    rows: list[Scorecard]
    read_until: datetime | None
    lag: int


class _Found:
    """What lines of one group come to: their sums, and answers by the hours that they took."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()

    def add(self, row: Mapping[str, Any], times: int = 1) -> None:
        """Add the sums of a row, or take them off."""
        for name in SUMS.keys() & row.keys():
            self.of[name] += times * int(row[name] or 0)

    def add_answers(self, row: Mapping[str, Any]) -> None:
        """Add numbers of answers by their hours."""
        for hours, lines in zip(row["hours"], row["answers"], strict=True):
            if hours is not None and hours != NEVER_ANSWERED:
                self.hours[hours] += int(lines)


async def scorecards(database: Database, asked: CardsAsked, now: datetime) -> Scorecards:
    """Answer as of an instant (UTC)."""
    found: dict[str, _Found] = defaultdict(_Found)
    running = max(asked.first, _settled(now) + 1)
    reach = await reached(database.fetch)
    # All is read as of one moment: what is left out is then never more than what was counted.
    async with database.snapshot() as seen:
        await _count(seen, asked, found)
        if running <= asked.last:
            await _leave_out(seen, asked, running, now, found)
    rows = [_card(_code(asked.group_by, code), sums) for code, sums in found.items()]
    rows.sort(key=lambda row: (row.filling.rate is None, row.filling.rate or 0, row.code))
    if asked.group_by == "month":
        rows.sort(key=lambda row: row.code)
    months = (month_text(asked.first), month_text(asked.last))
    return Scorecards(asked.jurisdiction, *months, now, asked.group_by, rows, *reach)


def _settled(now: datetime) -> int:
    """Give the last month that has been over for so long that nothing in it is not due yet."""
    day = calendar.day_of(now - RUNNING)
    before = date(day.year, day.month, 1) - timedelta(days=1)
    return before.year * 100 + before.month


async def _count(seen: Connection, asked: CardsAsked, found: dict[str, _Found]) -> None:
    """Count what was asked for, from totals where they tell enough apart, else line by line."""
    totals, answers = CARD.asked_by(asked.dimensions), ANSWERS.asked_by(asked.dimensions)
    values = [asked.jurisdiction, asked.first, asked.last, *_values(asked)]
    source = _LINES if totals is None else totals.name
    query = QUERIES["sums"].format(
        group=_group(asked), sums=_WHOLE, source=source, of=_of(asked, source)
    )
    for row in await seen.fetch(query, *values):
        found[row["code"]].add(row)
    source = _LINES if answers is None else answers.name
    query = QUERIES["hours"].format(group=_group(asked), source=source, of=_of(asked, source))
    for row in await seen.fetch(query, *values):
        found[row["code"]].add_answers(row)


async def _leave_out(
    seen: Connection, asked: CardsAsked, running: int, now: datetime, found: dict[str, _Found]
) -> None:
    """Take what is not due by `now` out of the months from `running` on."""
    values = [asked.jurisdiction, running, asked.last, *_values(asked), now]
    at = len(values)
    sums = ", ".join(
        f"sum({name}) FILTER (WHERE {due_at} > ${at}) AS {name}" for name, due_at in _DUE_BY.items()
    )
    query = QUERIES["undue"].format(group=_group(asked), sums=sums, of=_of(asked, _LINES), now=at)
    for row in await seen.fetch(query, *values):
        found[row["code"]].add(row, -1)


def _group(asked: CardsAsked) -> str:
    return _GROUPS.get(asked.group_by, f"coalesce({asked.group_by}, '')")


def _of(asked: CardsAsked, source: str) -> str:
    """Give the conditions of a query whose values are numbered from 4 on."""
    of = " ".join(f"AND {name} = ${at}" for at, name in enumerate(asked.given, 4))
    if source == _LINES and asked.area is not None and asked.remote is None:
        # Lines of a place are found by both, so all that remoteness can be is said.
        of += f" AND remote IN ({', '.join(map(str, _REMOTE))})"
    return of + among(asked.own, OWN_LINES, 4 + len(asked.given))[0]


def _values(asked: CardsAsked) -> list[Any]:
    return [*asked.given.values(), *among(asked.own, OWN_LINES, 0)[1]]


_LINES = "line"
_GROUPS = {"none": "''", "month": "month::text", "remote": "remote::text"}
_WHOLE = ", ".join(f"sum({name}) AS {name}" for name in SUMS)


def _code(group: Group, code: str) -> str:
    if group == "month":
        return month_text(int(code))
    return _REMOTE[int(code)] if group == "remote" else code


def _card(code: str, sums: _Found) -> Scorecard:
    of, answered = sums.of, sum(sums.hours.values())
    return Scorecard(
        code,
        of["lines"],
        Response(
            of["asked"],
            of["prompt"],
            _share(of["prompt"], of["asked"]),
            answered,
            _least_hours(sums.hours, 0.5),
            _least_hours(sums.hours, 0.9),
        ),
        Punctuality(of["due"], of["on_time"], _share(of["on_time"], of["due"])),
        Filling(
            of["owed"],
            of["whole"],
            _share(of["whole"], of["owed"]),
            of["ordered"],
            of["delivered"],
            _share(of["delivered"], of["ordered"]),
        ),
        Quality(of["checked"], of["failed"], _share(of["failed"], of["checked"])),
    )


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None


def _least_hours(hours: Counter[int], share: float) -> int | None:
    """Give the least number of whole hours within which a share of the answers came."""
    wanted, there = ceil(sum(hours.values()) * share), 0
    for hour, lines in sorted(hours.items()):
        there += lines
        if there >= wanted:
            return hour
    return None

"""The bulletin of a month (通报): sheets of figures, frozen when it is issued.

A bulletin that was issued stays as it was; what has changed since is shown beside it.
"""

from collections.abc import Collection
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from services.compliance.answers.bulletin_reading import (
    NotHeardError,
    Reading,
    check_heard,
    is_reading,
    reading_of,
)
from services.compliance.answers.bulletin_sheets import (
    Sheet,
    cards_sheet,
    progress_sheet,
    quality_sheet,
    shortages_sheet,
    violations_sheet,
)
from services.compliance.answers.database import Database
from services.compliance.answers.figures import Figures
from services.compliance.answers.names import called
from services.compliance.answers.workbook import Cell
from shared.adapters import postgres
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, TransientError
from shared.domain.topics import NUMBER_OF, SUPPLY

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


PARTIES_IN: dict[str, dict[int, str]] = {
    "hospitals": {0: "hospital"},
    "distributors": {0: "distributor"},
    "shortages": {1: "product", 2: "manufacturer"},
}
"""The columns of codes, by sheet: of whom they are."""


class Amendment(Struct, frozen=True):
    """A figure that was issued as `then` and is `now`; None where the row is not there."""

    sheet: str
    row: str
    column: str
    then: Cell
    now: Cell


class Bulletin(Struct, frozen=True):
    """The bulletin of a month of a jurisdiction, as it was made at an instant (UTC).

    `told` says whether anything was told of the month; `readings` how far all was read.
    """

    jurisdiction: str
    month: str
    made_at: datetime
    sheets: list[Sheet]
    told: bool = True
    readings: list[Reading] = []


class Issue(Struct, frozen=True):
    """When a bulletin was issued (UTC), and by whom."""

    at: datetime
    by: str


class Issued(Struct, frozen=True):
    """A bulletin that was issued: of which month, when (UTC), and by whom."""

    jurisdiction: str
    month: str
    at: datetime
    by: str


class IssuedBulletins(Struct, frozen=True):
    """The bulletins that were issued, the latest month first."""

    items: list[Issued]


class Shown(Struct, frozen=True):
    """A bulletin as it is shown: as issued, with what has changed since; or as it stands."""

    bulletin: Bulletin
    issue: Issue | None = None
    since: list[Amendment] = []


class Wanted(NamedTuple):
    """Which bulletin is asked for; `month` as 2022-05."""

    jurisdiction: str
    month: str

    @property
    def span(self) -> tuple[datetime, datetime]:
        """The first instant of the month, and that of the next."""
        year, number = int(self.month[:4]), int(self.month[5:])
        following = date(year + number // 12, number % 12 + 1, 1)
        return calendar.start_of(date(year, number, 1)), calendar.start_of(following)


async def show(database: Database, figures: Figures, wanted: Wanted) -> Shown:
    """Give a bulletin; raises TransientError where figures cannot be had."""
    rows = await database.fetch(QUERIES["issued"], *wanted)
    if not rows:
        return Shown(await compose(database, figures, wanted))
    issued = msgspec.json.decode(rows[0]["body"], type=Bulletin)
    now = await compose(database, figures, wanted)
    issue = Issue(rows[0]["issued_at"], rows[0]["issued_by"])
    return Shown(issued, issue, differences(issued, now))


async def list_issued(database: Database, jurisdictions: Collection[str]) -> IssuedBulletins:
    """Give the bulletins of some jurisdictions that were issued."""
    rows = await database.fetch(QUERIES["list_issued"], sorted(jurisdictions))
    return IssuedBulletins([Issued(*row.values()) for row in rows])


async def issue(dsn: str, bulletin: Bulletin, by: str) -> bool:
    """Keep a bulletin as it is; False if one of its month was issued before.

    Raises InvalidArgumentError for a month that was not over when it was made, NotHeardError for
    one not read to its end or of which nothing was told, and TransientError where PostgreSQL fails
    meanwhile: nobody knows then whether it is kept.
    """
    _, ends = Wanted(bulletin.jurisdiction, bulletin.month).span
    if bulletin.made_at < ends:
        raise InvalidArgumentError(
            f"month: {bulletin.month} is not over, and what is issued stays as it is: issue it "
            f"from {ends.astimezone(calendar.ZONE).date()} on"
        )
    check_heard(bulletin.month, ends, bulletin.made_at, bulletin.readings)
    if not bulletin.told:
        raise NotHeardError(
            f"month: nothing was told of {bulletin.month} in {bulletin.jurisdiction}, no order and "
            "nothing to judge. Issue a month of which something was"
        )
    connection = await postgres.connect(dsn)
    try:
        body = msgspec.json.encode(bulletin).decode()
        done = await connection.execute(
            QUERIES["issue"], bulletin.jurisdiction, bulletin.month, bulletin.made_at, by, body
        )
    except postgres.PASSING as error:
        raise TransientError(f"PostgreSQL failed while it was issued: {error!r}") from error
    finally:
        connection.terminate()
    return postgres.written(done) == 1


async def compose(database: Database, figures: Figures, wanted: Wanted) -> Bulletin:
    """Make a bulletin of what is known now."""
    heard = await database.row(QUERIES["heard"], wanted.span[1])
    areas = await figures.progress(*wanted, "area")
    hospitals = await figures.progress(*wanted, "hospital")
    distributors = await figures.scorecards(*wanted, "distributor")
    remote = await figures.scorecards(*wanted, "remote")
    where, span = wanted.jurisdiction, wanted.span
    found = await database.fetch(QUERIES["violations"], where, *span)
    shortages = await database.fetch(QUERIES["shortages"], NUMBER_OF[SUPPLY.name], *span)
    quality = await database.row(QUERIES["quality"], where, *span)
    judged = await database.row(QUERIES["judged"], where, wanted.month)
    readings = [
        Reading("compliance", heard["until"], heard["waiting"], heard["unjudged"]),
        reading_of("orders", areas),
        reading_of("delivery", distributors),
    ]
    told = judged["judged"] or bool(found) or _any_told(areas["rows"], distributors["rows"])
    sheets = [
        progress_sheet("areas", "完成情况：统筹区 Completion by area", areas["rows"]),
        progress_sheet("hospitals", "完成情况：医疗机构 Completion by hospital", hospitals["rows"]),
        cards_sheet(
            "distributors", "配送企业 Distributors, the worst filled first", distributors["rows"]
        ),
        cards_sheet("remote", "偏远地区 Remote hospitals and others", remote["rows"]),
        violations_sheet(found),
        shortages_sheet(where, shortages),
        quality_sheet(quality, readings),
    ]
    named = await _with_names(database, where, sheets)
    return Bulletin(where, wanted.month, datetime.now(UTC), named, told, readings)


def _any_told(areas: list[dict[str, Any]], cards: list[dict[str, Any]]) -> bool:
    """Say whether something was ordered, accepted or returned in the month, or was due in it."""
    names = ("orders", "accepted", "returned")
    bought = [row["bought"] for row in areas if row["bought"]]
    return any(one[name] for one in bought for name in names) or any(one["lines"] for one in cards)


async def _with_names(database: Database, where: str, sheets: list[Sheet]) -> list[Sheet]:
    """Give sheets with how those are called whose codes stand in them, as far as that was told."""
    asked = {
        (where, party, str(row[column]))
        for sheet in sheets
        for column, party in PARTIES_IN.get(sheet.name, {}).items()
        for row in sheet.rows
    }
    known = await called(database.fetch, asked)
    named = []
    for sheet in sheets:
        names = {
            column: {code: name for (_, of, code), name in known.items() if of == party}
            for column, party in PARTIES_IN.get(sheet.name, {}).items()
        }
        named.append(msgspec.structs.replace(sheet, names=names))
    return named


def differences(then: Bulletin, now: Bulletin) -> list[Amendment]:
    """Give every figure that is another now."""
    fresh = {sheet.name: sheet for sheet in now.sheets}
    found = []
    for sheet in then.sheets:
        other = fresh.get(sheet.name)
        if other is not None:
            found += _changed(sheet, other)
    return found


def _changed(then: Sheet, now: Sheet) -> list[Amendment]:
    before = {str(row[0]): row for row in then.rows}
    after = {str(row[0]): row for row in now.rows}
    found = []
    for name in dict.fromkeys([*before, *after]):
        for at, column in enumerate(then.columns[1:], 1):
            one, other = _cell(before, name, at), _cell(after, name, at)
            if one != other and not is_reading(name):
                found.append(Amendment(then.name, name, column, one, other))
    return found


def _cell(rows: dict[str, list[Cell]], name: str, at: int) -> Cell:
    row = rows.get(name)
    return row[at] if row is not None and at < len(row) else None

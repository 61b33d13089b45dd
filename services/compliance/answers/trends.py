"""What moves: the cases that grow, what each day brought, and how old what stands open is.

Reads the counts alone that are kept in step, never the violations.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import Final

from msgspec import Struct

from services.compliance.answers.database import Database
from services.compliance.answers.names import called
from services.compliance.people.case import PartyCase
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

GROWTH_DAYS: Final = 7
FLOW_DAYS: Final = 30
CASES_SHOWN: Final = 7
AGES: Final = (0, 1, 3, 7, 30)
"""The days with which stretches of age begin; the last one has no end."""


class GrowingCase(Struct, frozen=True):
    """A case of which something was found in the last GROWTH_DAYS days: `news` says how much.

    `found` is what stands of it, `open` what of that goes on, `judged` how many things of its month
    (and of what lasts) the rule judged of the party. What is exempt is left out. `due` is the last
    day of its stage, where there is one.
    """

    id: str
    rule: str
    month: str
    accused_role: str
    accused: str
    name: str | None
    news: int
    found: int
    open: int
    judged: int
    stage: str
    due: date | None


class FlowDay(Struct, frozen=True):
    """How many violations a day (China) found, saw end, and took back."""

    day: date
    opened: int
    closed: int
    withdrawn: int


class Age(Struct, frozen=True):
    """How many stand open that occurred so many days ago; `until` is not among them."""

    since: int
    until: int | None
    open: int


class Trends(Struct, frozen=True):
    """What moves in a jurisdiction; to a party, flow and ages are not told, as they are of all."""

    jurisdiction: str
    today: date
    growth: list[GrowingCase]
    flow: list[FlowDay] | None
    ages: list[Age] | None


async def trends(database: Database, jurisdiction: str, today: date) -> Trends:
    """Give what moved until a day."""
    growth = await _growth(database, jurisdiction, today)
    if database.confined:
        return Trends(jurisdiction, today, growth, None, None)
    flow = await _flow(database, jurisdiction, today)
    return Trends(jurisdiction, today, growth, flow, await _ages(database, jurisdiction, today))


async def _growth(database: Database, jurisdiction: str, today: date) -> list[GrowingCase]:
    first = today - timedelta(days=GROWTH_DAYS - 1)
    rows = await database.fetch(QUERIES["growth"], jurisdiction, first, CASES_SHOWN)
    known = await called(
        database.fetch, {(jurisdiction, one["role"], one["party"]) for one in rows}
    )
    return [
        GrowingCase(
            id=str(
                PartyCase(jurisdiction, row["rule"], row["month"], row["role"], row["party"]).name
            ),
            rule=row["rule"],
            month=row["month"],
            accused_role=row["role"],
            accused=row["party"],
            name=known.get((jurisdiction, row["role"], row["party"])),
            **{name: row[name] for name in ("news", "found", "open", "judged", "stage", "due")},
        )
        for row in rows
    ]


async def _flow(database: Database, jurisdiction: str, today: date) -> list[FlowDay]:
    days = [today - timedelta(days=ago) for ago in range(FLOW_DAYS - 1, -1, -1)]
    rows = await database.fetch(QUERIES["flow"], jurisdiction, days[0])
    counts = {(row["day"], row["change"]): row["count"] for row in rows}
    kinds = ("opened", "closed", "withdrawn")
    return [FlowDay(day, *(counts.get((day, kind), 0) for kind in kinds)) for day in days]


async def _ages(database: Database, jurisdiction: str, today: date) -> list[Age]:
    rows = await database.fetch(QUERIES["ages"], jurisdiction, today, list(AGES[1:]))
    counts = {row["stretch"]: row["count"] for row in rows}
    ends = (*AGES[1:], None)
    return [
        Age(since, until, counts.get(number, 0))
        for number, (since, until) in enumerate(zip(AGES, ends, strict=True))
    ]

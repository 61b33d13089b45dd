"""The bulletins (通报) as pages: the months that have one, and one month with its charts."""

from collections.abc import Callable, Collection, Mapping
from datetime import date
from typing import NamedTuple

from fastapi import APIRouter, Request, Response

from services.compliance.answers import bulletin
from services.compliance.answers.bulletin import Issued, Shown
from services.compliance.answers.bulletin_forms import named, text_of
from services.compliance.answers.bulletin_sheets import Sheet
from services.compliance.answers.database import Database
from services.compliance.answers.workbook import Cell
from services.compliance.web.console.languages import Language, language_of, translate
from services.compliance.web.console.places import area_name
from services.compliance.web.console.renderer import Renderer, title_of
from services.compliance.web.console.telling import PLACES
from services.compliance.web.denominators import today
from shared.adapters.answering import only
from shared.adapters.identity.roles import OVERSEEN, Asker
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import may_reach

HERE = "/bulletins"

MONTHS = 13
"""Months that the list offers: the running one, and a year before it."""

ROWS = 25
"""Rows of a sheet on the page; all of them are in the files."""

CHARTED = {"areas": 4, "distributors": 6, "violations": 2}
"""The column of a sheet that is drawn, by sheet: completion, filled by quantity, found."""

BARS = 12


class Bar(NamedTuple):
    """One bar of a chart: its name, its length of 100, and what it stands for."""

    name: str
    length: float
    told: str


class Drawn(NamedTuple):
    """A sheet as a page shows it: in one language, its first rows, and its chart."""

    title: str
    columns: list[str]
    rows: list[list[str]]
    left_out: int
    drawn: str
    bars: list[Bar]


def add_bulletin_list(
    router: APIRouter, renderer: Renderer, database: Database, jurisdictions: Collection[str]
) -> None:
    """Add the page of all months."""

    @router.get(HERE, dependencies=[OVERSEEN, only("lang")])
    async def list_bulletins(request: Request, asker: Asker) -> Response:
        own = [where for where in sorted(jurisdictions) if may_reach(asker, where)]
        try:
            issued = (await bulletin.list_issued(database, own)).items
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        known = {(one.jurisdiction, one.month): one for one in issued}
        months = sorted({*_months(today()), *(one.month for one in issued)}, reverse=True)
        rows: list[tuple[str, dict[str, Issued | None]]] = [
            (month, {where: known.get((where, month)) for where in own}) for month in months
        ]
        return await renderer.page(
            request, "bulletins.html", here=HERE, data="/v1/bulletins", rows=rows, own=own
        )


async def bulletin_page(renderer: Renderer, request: Request, shown: Shown) -> Response:
    """Make the page of one month."""
    language = language_of(request)
    made = shown.bulletin
    sheets = {sheet.name: sheet for sheet in made.sheets}
    address = f"{HERE}/{made.month}?jurisdiction={made.jurisdiction}"
    return await renderer.page(
        request,
        "bulletin.html",
        here=HERE,
        data=f"{address}&format=json",
        shown=shown,
        files=address,
        parts=[_part(named(sheet), language) for sheet in made.sheets],
        titles={name: spoken(sheet.title, language) for name, sheet in sheets.items()},
        spoken=lambda text: spoken(text, language),
        rows_at_most=ROWS,
    )


def spoken(text: str, language: Language) -> str:
    """Give a heading in one language: `发现 found` has both, `事项` has its English elsewhere."""
    chinese, _, english = text.partition(" ")
    if not english or not english.isascii():
        return translate(text, language)
    return chinese if language == "zh" else english


def _area(code: str, language: Language) -> str:
    return f"{area_name(code, language)} {code}".strip()


_NAMED: Mapping[str, Callable[[str, Language], str]] = {
    "quality": spoken,
    "areas": _area,
    "remote": lambda kind, language: translate(PLACES.get(kind, kind), language),
}
"""How the first column of some sheets is shown."""


def _part(sheet: Sheet, language: Language) -> Drawn:
    texts = [[text_of(sheet, at, cell) for at, cell in enumerate(row)] for row in sheet.rows]
    if sheet.name in _NAMED:
        texts = [[_NAMED[sheet.name](first, language), *rest] for first, *rest in texts]
    if sheet.name == "violations":
        texts = [[rule, title_of(rule, language), *rest] for rule, _, *rest in texts]
    column = CHARTED.get(sheet.name)
    return Drawn(
        spoken(sheet.title, language),
        [spoken(name, language) for name in sheet.columns],
        texts[:ROWS],
        max(0, len(texts) - ROWS),
        "" if column is None else spoken(sheet.columns[column], language),
        [] if column is None else _bars(sheet, texts, column),
    )


def _bars(sheet: Sheet, texts: list[list[str]], column: int) -> list[Bar]:
    """Draw a column: shares against the whole, numbers against the largest; the first rows."""
    values = [_number(row[column]) for row in sheet.rows]
    drawn = [at for at, value in enumerate(values) if value is not None][:BARS]
    whole = max([1.0 if column in sheet.percent else 0.0, *(values[at] or 0.0 for at in drawn)])
    name = 1 if sheet.name == "violations" else 0
    return [
        Bar(
            texts[at][name], round((values[at] or 0.0) / (whole or 1.0) * 100, 1), texts[at][column]
        )
        for at in drawn
    ]


def _number(cell: Cell) -> float | None:
    return float(cell) if isinstance(cell, int | float) else None


def _months(day: date) -> list[str]:
    last = day.year * 12 + day.month - 1
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(last, last - MONTHS, -1)]

"""Violations of some filters, as many as there are: in four forms, each written bit by bit.

Pages of the list follow each other, so what is held does not grow with what is exported, and no
connection waits for a slow reader. What changes meanwhile is told as the later pages find it.
"""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal

import msgspec

from services.compliance.answers import columns, parquet, violations, workbook
from services.compliance.answers.database import Database
from services.compliance.answers.filters import LARGEST_PAGE, Asked
from services.compliance.answers.names import NamedViolation
from services.compliance.answers.sent import Sent
from services.compliance.answers.workbook import Cell
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, InvalidEventError

Form = Literal["csv", "ndjson", "xlsx", "parquet"]

MOST_IN_A_SHEET: Final = 100_000
"""Spreadsheets take a million rows, and people's machines far fewer."""

_BOM = "\ufeff"
"""Without it Excel reads Chinese as if it were something else."""


async def check(database: Database, asked: Asked, form: Form) -> None:
    """Raise InvalidArgumentError where there are more than a sheet takes.

    Asked before anything is sent: later there is no way to say so.
    """
    if form == "xlsx":
        found = await violations.counted(database, asked, MOST_IN_A_SHEET + 1)
        if found > MOST_IN_A_SHEET:
            raise InvalidArgumentError(
                f"more than {MOST_IN_A_SHEET:,} violations match, and no workbook takes as many: "
                "narrow the filters, or ask for csv or ndjson"
            )


def export(database: Database, asked: Asked, form: Form) -> AsyncIterator[bytes]:
    """Write all violations that the filters let through, newest first."""
    writers: dict[Form, Callable[[AsyncIterator[list[NamedViolation]]], AsyncIterator[bytes]]] = {
        "csv": _csv,
        "ndjson": _ndjson,
        "xlsx": _xlsx,
        "parquet": parquet.written,
    }
    return writers[form](_pages(database, asked))


async def _pages(database: Database, asked: Asked) -> AsyncIterator[list[NamedViolation]]:
    token: str | None = None
    while True:
        following = {"page_size": LARGEST_PAGE, "page_token": token}
        page = await violations.page(database, asked.model_copy(update=following))
        yield page.items
        token = page.next_page_token
        if token is None:
            return


async def _ndjson(pages: AsyncIterator[list[NamedViolation]]) -> AsyncIterator[bytes]:
    async for page in pages:
        yield b"".join(msgspec.json.encode(item) + b"\n" for item in page)


async def _csv(pages: AsyncIterator[list[NamedViolation]]) -> AsyncIterator[bytes]:
    yield (_BOM + ",".join(columns.COLUMNS) + "\r\n").encode()
    async for page in pages:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerows([workbook.safe(cell) for cell in _cells(item)] for item in page)
        yield text.getvalue().encode()


async def _xlsx(pages: AsyncIterator[list[NamedViolation]]) -> AsyncIterator[bytes]:
    sent = Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as book:
        workbook.begin_book(book, ["violations"])
        with book.open(workbook.path_of(1), "w", force_zip64=True) as sheet:
            sheet.write((workbook.sheet_begin() + workbook.row_xml(columns.COLUMNS)).encode())
            async for page in pages:
                sheet.write("".join(workbook.row_xml(_cells(item)) for item in page).encode())
                yield sent.taken()
            sheet.write(workbook.SHEET_END.encode())
    yield sent.taken()


def _cells(item: NamedViolation) -> list[Cell]:
    """Give the row of a violation; instants are Shanghai time."""
    named = zip(columns.COLUMNS, columns.told(item), strict=True)
    return [
        columns.cell(_instant(value) if name in columns.INSTANTS else value)
        for name, value in named
    ]


def _instant(told: object) -> object:
    try:
        at = calendar.parse_instant(told) if isinstance(told, str) else None
    except InvalidEventError:
        return told
    return told if at is None else at.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M:%S")

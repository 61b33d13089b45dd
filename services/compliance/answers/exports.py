"""Violations of some filters, as many as there are: NDJSON, CSV and XLSX, written bit by bit.

Pages of the list follow each other, so what is held does not grow with what is exported, and no
connection waits for a slow reader. What changes meanwhile is told as the later pages find it.
"""

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from typing import Final, Literal

import msgspec

from services.compliance.answers import violations, workbook
from services.compliance.answers.database import Database
from services.compliance.answers.filters import LARGEST_PAGE, Asked
from services.compliance.answers.names import NamedViolation
from services.compliance.answers.workbook import Cell
from services.compliance.rules import RULES
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, InvalidEventError

Form = Literal["csv", "ndjson", "xlsx"]

MOST_IN_A_SHEET: Final = 100_000
"""Spreadsheets take a million rows, and people's machines far fewer."""

_TITLES = {rule.name: rule.title_zh for rule in RULES}
_NAMES: Final = ("id", "status", "exempt", "severity", "rule")
_PARTIES: Final = (
    "jurisdiction",
    "area",
    "hospital",
    "manufacturer",
    "distributor",
    "product",
    "order",
)
_INSTANTS: Final = ("occurred_at", "cured_at", "detected_at", "recorded_at")
_TOLD: Final = ("observed", "limit", "clause", "policy", "message_zh", "message_en")
COLUMNS: Final = (*_NAMES, "title_zh", *_PARTIES, *_INSTANTS, *_TOLD)
"""The columns of a table, named as the API names them; instants are Shanghai time."""

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
    yield (_BOM + ",".join(COLUMNS) + "\r\n").encode()
    async for page in pages:
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\r\n")
        lines.writerows([workbook.safe(cell) for cell in _cells(item)] for item in page)
        yield text.getvalue().encode()


async def _xlsx(pages: AsyncIterator[list[NamedViolation]]) -> AsyncIterator[bytes]:
    sent = _Sent()
    with zipfile.ZipFile(sent, "w", zipfile.ZIP_DEFLATED) as book:
        workbook.begin_book(book, ["violations"])
        with book.open(workbook.path_of(1), "w", force_zip64=True) as sheet:
            sheet.write((workbook.sheet_begin() + workbook.row_xml(COLUMNS)).encode())
            async for page in pages:
                sheet.write("".join(workbook.row_xml(_cells(item)) for item in page).encode())
                yield sent.taken()
            sheet.write(workbook.SHEET_END.encode())
    yield sent.taken()


class _Sent:
    """Where a zip is written to that is sent on at once: it cannot go back."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        """Take a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Do nothing: all is taken by `taken`."""

    def close(self) -> None:
        """Do nothing, as well."""

    def taken(self) -> bytes:
        """Give what was written since this was last asked."""
        parts, self._parts = self._parts, []
        return b"".join(parts)


def _cells(item: NamedViolation) -> list[Cell]:
    """Give the row of a violation, a cell for each of COLUMNS."""
    told: list[object] = [getattr(item, name) for name in _NAMES]
    told.append(_TITLES.get(item.rule, item.rule))
    told += [getattr(item, name) for name in _PARTIES]
    told += [_instant(getattr(item, name)) for name in _INSTANTS]
    told += [getattr(item, name) for name in _TOLD]
    return [_cell(value) for value in told]


def _instant(told: object) -> object:
    try:
        at = calendar.parse_instant(told) if isinstance(told, str) else None
    except InvalidEventError:
        return told
    return told if at is None else at.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M:%S")


def _cell(value: object) -> Cell:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case int() | str():
            return value
        case list():
            return "; ".join(str(_cell(one)) for one in value)
        case dict():
            return msgspec.json.encode(value).decode()
        case _:
            return str(value)

"""Cells and workbooks for spreadsheets: texts are texts there, whatever they begin with.

A workbook (XLSX) is a zip of XML (ECMA-376), written sheet by sheet.
"""

import re
import zipfile
from collections.abc import Iterable, Sequence
from html import escape

Cell = str | int | float | None

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would take for a formula at the beginning of a text."""

_CHANGED = re.compile(
    r"0[0-9]+|[0-9]{12,}|[0-9.]+[eE][+-]?[0-9]+|[0-9]{1,2}[-/][0-9]{1,2}([-/][0-9]{2,4})?", re.ASCII
)
"""Codes of which a spreadsheet would make a number or a day: zeros and digits would be lost."""

_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET_END = "</sheetData></worksheet>"


def safe(cell: Cell) -> str:
    """Write a cell for CSV so that a text stays what it is: no formula, no other number, no day."""
    text = "" if cell is None else str(cell)
    changed = text.startswith(_FORMULA) or _CHANGED.fullmatch(text)
    return f"'{text}" if isinstance(cell, str) and changed else text


def begin_book(book: zipfile.ZipFile, sheets: Sequence[str]) -> None:
    """Write all of a workbook but its sheets, of which the names are given."""
    book.writestr("[Content_Types].xml", _content_types(len(sheets)))
    book.writestr(
        "_rels/.rels",
        f'{_XML}<Relationships xmlns="{_RELATIONS}"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    )
    names = "".join(
        f'<sheet name="{escape(name)}" sheetId="{at}" r:id="rId{at}"/>'
        for at, name in enumerate(sheets, 1)
    )
    book.writestr(
        "xl/workbook.xml",
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>{names}</sheets></workbook>',
    )
    targets = "".join(
        f'<Relationship Id="rId{at}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{at}.xml"/>'
        for at in range(1, len(sheets) + 1)
    )
    book.writestr(
        "xl/_rels/workbook.xml.rels",
        f'{_XML}<Relationships xmlns="{_RELATIONS}">{targets}</Relationships>',
    )


def path_of(sheet: int) -> str:
    """Give where a sheet stands in the workbook, counted from 1."""
    return f"xl/worksheets/sheet{sheet}.xml"


def sheet_begin() -> str:
    """Give what stands before the rows of a sheet."""
    return f'{_XML}<worksheet xmlns="{_MAIN}"><sheetData>'


def row_xml(cells: Iterable[Cell]) -> str:
    """Write a row of a sheet."""
    return f"<row>{''.join(map(_cell, cells))}</row>"


def _content_types(count: int) -> str:
    parts = "".join(
        f'<Override PartName="/xl/worksheets/sheet{at}.xml" ContentType="{_KIND}.worksheet+xml"/>'
        for at in range(1, count + 1)
    )
    return (
        f'{_XML}<Types xmlns="{_TYPES}"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        '<Override PartName="/xl/workbook.xml" '
        f'ContentType="{_KIND}.sheet.main+xml"/>{parts}</Types>'
    )


def _cell(cell: Cell) -> str:
    if cell is None:
        return "<c/>"
    if isinstance(cell, str):
        text = "".join(char for char in cell if char.isprintable())
        return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
    return f"<c><v>{cell}</v></c>"

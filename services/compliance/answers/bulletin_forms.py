"""Bulletins written down: HTML that prints on A4, CSV, and XLSX (a zip of XML, ECMA-376)."""

import csv
import io
import zipfile
from collections.abc import Iterator
from decimal import Decimal
from html import escape
from typing import Literal

import msgspec

from services.compliance.answers import workbook
from services.compliance.answers.bulletin import Shown
from services.compliance.answers.bulletin_sheets import Sheet
from services.compliance.answers.workbook import Cell
from shared.domain import calendar

Form = Literal["html", "csv", "xlsx", "json"]

_STYLE = """
@page { size: A4 landscape; margin: 14mm 12mm; }
body { font: 10pt/1.45 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", sans-serif;
       color: #111; margin: 2em auto; max-width: 270mm; }
h1 { font-size: 17pt; margin: 0 0 .2em; } h2 { font-size: 12pt; margin: 1.6em 0 .4em; }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt; }
th, td { border: .4pt solid #888; padding: .25em .5em; text-align: right; }
th { background: #eee; font-weight: 600; } td:first-child, th:first-child { text-align: left; }
tr { break-inside: avoid; } thead { display: table-header-group; } h2 { break-after: avoid; }
.since { background: #fff6e0; } .note { color: #444; }
@media print { body { margin: 0; max-width: none; } }
"""


def html(shown: Shown) -> str:
    """Write a page that needs nothing else and prints well."""
    bulletin = shown.bulletin
    title = f"集中带量采购履约通报 {bulletin.jurisdiction} {bulletin.month}"
    parts = [
        "<!doctype html><html lang=zh-CN><head><meta charset=utf-8>",
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1><p class=note>{escape(_made(shown))}</p>",
        *(_table(named(sheet)) for sheet in bulletin.sheets),
        _since(shown),
        "<p class=note>各项指标的定义与分母见 docs/months.md (definitions of all figures).</p>",
        "</body></html>",
    ]
    return "".join(parts)


def _made(shown: Shown) -> str:
    at = shown.bulletin.made_at.astimezone(calendar.ZONE).strftime("%Y-%m-%d %H:%M")
    if shown.issue is None:
        return f"草稿，数据截至 {at}，尚未发布 (draft as of {at}, not issued)"
    return f"由 {shown.issue.by} 发布，数据截至 {at} (issued, as of {at})"


def named(sheet: Sheet) -> Sheet:
    """Give a sheet with names beside the codes."""
    rows = [[_called(sheet, at, cell) for at, cell in enumerate(row)] for row in sheet.rows]
    return msgspec.structs.replace(sheet, rows=rows)


def _called(sheet: Sheet, at: int, cell: Cell) -> Cell:
    name = sheet.names.get(at, {}).get(cell) if isinstance(cell, str) else None
    return cell if name is None else f"{name}（{cell}）"


def _table(sheet: Sheet) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in sheet.columns)
    body = "".join(
        "<tr>"
        + "".join(f"<td>{escape(text_of(sheet, at, cell))}</td>" for at, cell in cells)
        + "</tr>"
        for cells in (list(enumerate(row)) for row in sheet.rows)
    )
    if not sheet.rows:
        return f"<h2>{escape(sheet.title)}</h2><p class=note>无 none</p>"
    return (
        f"<h2>{escape(sheet.title)}</h2><table><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table>"
    )


def text_of(sheet: Sheet, at: int, cell: Cell) -> str:
    """Write a cell of a column as people read it."""
    if cell is None:
        return ""
    if at in sheet.percent and isinstance(cell, int | float):
        return f"{cell * 100:.1f} %"
    if at in sheet.money and isinstance(cell, str):
        return f"{Decimal(cell):,}"
    if isinstance(cell, float):
        return f"{cell:.2f}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def _since(shown: Shown) -> str:
    if shown.issue is None:
        return ""
    if not shown.since:
        return "<h2>发布后变化 Changed since</h2><p class=note>无 none</p>"
    sheets = {sheet.name: sheet for sheet in shown.bulletin.sheets}
    lines = "".join(
        f"<tr class=since><td>{escape(sheets[one.sheet].title)}</td><td>"
        f"{escape(str(_called(sheets[one.sheet], 0, one.row)))}</td>"
        f"<td>{escape(one.column)}</td><td>{escape(_plain(one.then))}</td>"
        f"<td>{escape(_plain(one.now))}</td></tr>"
        for one in shown.since
    )
    return (
        "<h2>发布后变化 Changed since</h2><table><thead><tr><th>表 sheet</th><th>行 row</th>"
        "<th>列 column</th><th>发布时 then</th><th>现在 now</th></tr></thead>"
        f"<tbody>{lines}</tbody></table>"
    )


def _plain(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def csv_text(shown: Shown) -> str:
    """Write all sheets one below the other, each line led by the name of its sheet."""
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\r\n")
    for sheet in _sheets(shown):
        lines.writerow([sheet.name, *sheet.columns])
        for row in sheet.rows:
            lines.writerow([sheet.name, *map(workbook.safe, row)])
    return out.getvalue()


def _sheets(shown: Shown) -> Iterator[Sheet]:
    sheets = {sheet.name: sheet for sheet in shown.bulletin.sheets}
    yield from map(named, sheets.values())
    if shown.issue is not None:
        rows: list[list[Cell]] = [
            [_called(sheets[one.sheet], 0, one.row), one.sheet, one.column, one.then, one.now]
            for one in shown.since
        ]
        columns = ["行 row", "表 sheet", "列 column", "发布时 then", "现在 now"]
        yield Sheet("since", "发布后变化 Changed since", columns, rows)


def xlsx(shown: Shown) -> bytes:
    """Write a workbook, a sheet for each table; texts are texts, whatever they begin with."""
    sheets = list(_sheets(shown))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        workbook.begin_book(book, [sheet.name for sheet in sheets])
        for at, sheet in enumerate(sheets, 1):
            head: list[Cell] = list(sheet.columns)
            rows = "".join(map(workbook.row_xml, (head, *sheet.rows)))
            content = f"{workbook.sheet_begin()}{rows}{workbook.SHEET_END}"
            book.writestr(workbook.path_of(at), content)
    return out.getvalue()

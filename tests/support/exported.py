"""Exports as the programs that open them read them."""

import csv
import io
import zipfile
from xml.etree import ElementTree as ET

import httpx
import pyarrow as pa
from pyarrow import parquet

CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"
ROW = CELL[:-1] + "row"


def table_of(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV, as a spreadsheet would read them."""
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def sheet(answer: httpx.Response) -> list[list[str]]:
    """The rows of the only sheet; every cell must be a text or a number."""
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    assert book.testzip() is None
    told = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  # our own
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    return [["".join(cell.itertext()) for cell in row.iter(CELL)] for row in told.iter(ROW)]


def typed(answer: httpx.Response) -> pa.Table:
    """The table in a Parquet file."""
    assert answer.headers["content-type"] == "application/vnd.apache.parquet"
    return parquet.read_table(pa.BufferReader(answer.content))


def rows_of(cells: list[list[str]]) -> list[dict[str, str]]:
    """The rows of a sheet by the names in its first."""
    head, *rows = cells
    return [dict(zip(head, row, strict=True)) for row in rows]

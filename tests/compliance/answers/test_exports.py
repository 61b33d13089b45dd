"""Exports: all that the list shows, in forms that spreadsheets and programs read."""

import csv
import io
import json
import re
import zipfile
from collections.abc import AsyncIterator
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest
import pytest_asyncio

from services.compliance.answers import exports
from shared.adapters.postgres import Connection
from tests.support.kept import a_connection, a_violation, an_api, problem, read, tell

pytestmark = pytest.mark.integration

NASTY = ["=1+1", "+2", "-3", "@x", "\t=1", "配送一", 'a"b,c\r\nd', "<&>", "\x0b"]
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}c"
ROW = CELL[:-1] + "row"


@pytest_asyncio.fixture
async def kept(database: str) -> AsyncIterator[tuple[httpx.AsyncClient, Connection]]:
    async with an_api(database) as api, a_connection(database) as connection:
        told = [
            a_violation(number, distributor=NASTY[number % len(NASTY)], order=f"O{number}")
            for number in range(40)
        ]
        await tell(connection, "opened", told)
        await tell(connection, "closed", [a_violation(3, status="closed", distributor="-3")])
        yield api, connection


async def listed(api: httpx.AsyncClient, query: str) -> list[dict[str, Any]]:
    """All that the list gives, page by page."""
    items: list[dict[str, Any]] = []
    token = ""
    while True:
        page = read(await api.get(f"/v1/violations?{query}&page_size=7{token}"))
        items += page["items"]
        if page["next_page_token"] is None:
            return items
        token = f"&page_token={page['next_page_token']}"


def table(answer: httpx.Response) -> list[dict[str, str]]:
    """The rows of a CSV, as a spreadsheet would read them."""
    assert answer.content.startswith("\ufeff".encode())
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def workbook(answer: httpx.Response) -> list[list[str]]:
    """The rows of the only sheet; every cell must be a text or a number."""
    book = zipfile.ZipFile(io.BytesIO(answer.content))
    assert book.testzip() is None
    sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))  # noqa: S314  # our own
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    return [["".join(cell.itertext()) for cell in row.iter(CELL)] for row in sheet.iter(ROW)]


async def test_an_export_holds_what_the_list_does_in_its_order(
    kept: tuple[httpx.AsyncClient, Connection],
    monkeypatch: pytest.MonkeyPatch,
    subtests: pytest.Subtests,
) -> None:
    monkeypatch.setattr(exports, "LARGEST_PAGE", 16)
    api, _ = kept
    for query in ("", "status=closed", "order=O9", "month=2022-03", "area=none"):
        with subtests.test(query=query):
            expected = await listed(api, query)
            lines = (await api.get(f"/v1/violations.ndjson?{query}")).text.splitlines()
            assert [json.loads(line) for line in lines] == expected
            names = [item["id"] for item in expected]
            rows_of_csv = table(await api.get(f"/v1/violations.csv?{query}"))
            assert [row["id"] for row in rows_of_csv] == names
            head, *rows = workbook(await api.get(f"/v1/violations.xlsx?{query}"))
            assert head == list(exports.COLUMNS)
            assert [row[0] for row in rows] == names


async def test_no_text_from_outside_becomes_a_formula_and_chinese_stays_chinese(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    rows = table(await api.get("/v1/violations.csv"))
    shown = {row["distributor"] for row in rows}
    assert {"'=1+1", "'+2", "'-3", "'@x", "配送一"} <= shown
    assert not [cell for row in rows for cell in row.values() if re.match(r"[=+\-@\t\r]", cell)]
    assert {row["title_zh"] for row in rows} == {"未及时响应订单"}
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", rows[0]["occurred_at"])


async def test_what_no_workbook_takes_is_refused_before_anything_is_sent(
    kept: tuple[httpx.AsyncClient, Connection], monkeypatch: pytest.MonkeyPatch
) -> None:
    api, _ = kept
    monkeypatch.setattr(exports, "MOST_IN_A_SHEET", 39)
    answer = await api.get("/v1/violations.xlsx")
    assert answer.status_code == 400
    assert "narrow the filters, or ask for csv or ndjson" in answer.text
    assert (await api.get("/v1/violations.xlsx?status=open")).status_code == 200
    assert len(table(await api.get("/v1/violations.csv"))) == 40


REFUSED = {"rule=none": 422, "page_size=3": 400, "jurisdiction=cn-xx": 404, "month=never": 422}


async def test_an_export_refuses_what_the_list_does(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    for query, status in REFUSED.items():
        assert (await api.get(f"/v1/violations.csv?{query}")).status_code == status, query


async def test_a_filter_that_is_given_twice_is_refused_as_in_the_list(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    for path in ("", ".csv", ".ndjson", ".xlsx"):
        answer = await api.get(f"/v1/violations{path}?order=O1&order=O2")
        assert "order: given more than once" in problem(answer, 400)["detail"]
        assert (await api.get(f"/v1/violations{path}?status=open&status=closed")).status_code == 200


async def test_who_asks_for_parquet_is_told_what_to_take_instead(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    assert ".ndjson" in problem(await api.get("/v1/violations.parquet"), 501)["detail"]

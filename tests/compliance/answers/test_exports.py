"""Exports: all that the list shows, in forms that spreadsheets and programs read."""

import json
import random
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.answers import columns, exports, parquet, workbook
from shared.adapters.postgres import Connection
from tests.support.exported import sheet, table_of, typed
from tests.support.kept import TOLD, a_connection, a_violation, an_api, problem, read, tell

pytestmark = pytest.mark.integration

NASTY = ["=1+1", "+2", "-3", "@x", "\t=1", "配送一", 'a"b,c\r\nd', "<&>", "\x0b"]


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
            rows_of_csv = table_of(await api.get(f"/v1/violations.csv?{query}"))
            assert [row["id"] for row in rows_of_csv] == names
            head, *rows = sheet(await api.get(f"/v1/violations.xlsx?{query}"))
            assert head == list(columns.COLUMNS)
            assert [row[0] for row in rows] == names


async def test_no_text_from_outside_becomes_a_formula_and_chinese_stays_chinese(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    rows = table_of(await api.get("/v1/violations.csv"))
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
    assert len(table_of(await api.get("/v1/violations.csv"))) == 40


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
    for path in ("", ".csv", ".ndjson", ".xlsx", ".parquet"):
        answer = await api.get(f"/v1/violations{path}?order=O1&order=O2")
        assert "order: given more than once" in problem(answer, 400)["detail"]
        assert (await api.get(f"/v1/violations{path}?status=open&status=closed")).status_code == 200


JULY = TOLD + timedelta(days=61)
KNOWN = (TOLD - timedelta(days=1), TOLD + timedelta(days=2), JULY)
SHANGHAI = timezone(timedelta(hours=8))
OBSERVED = (None, 12, "1234567.89", "2022-03-01", 0.25, ["D1", "D2"], {"orders": 3}, "9" * 40)
ASKED: dict[str, tuple[str, ...]] = {
    "rule": ("late-response", "late-delivery"),
    "status": ("open", "closed", "withdrawn"),
    "severity": ("breach", "explain", "warning"),
    "review": ("new", "acknowledged"),
    "exempt": ("true", "false"),
    "area": ("140100", "140200", "none"),
    "product": ("P1", "007", "123456789012345678"),
    "distributor": ("D1", "=1+1", "配送一"),
    "manufacturer": ("M1",),
    "month": ("2022-01", "2022-02"),
    "occurred_from": ("2022-01-01T00:20:00Z",),
    "as_of": tuple(at.isoformat() for at in KNOWN),
}
REPEATABLE = {"rule", "status", "severity", "review"}


async def varied(api: httpx.AsyncClient, connection: Connection) -> None:
    """Violations of all kinds, told, mended and taken back, and looked at, on several days."""
    dice = random.Random(11)
    made = [
        a_violation(
            number,
            **{name: dice.choice(ASKED[name]) for name in ("rule", "severity", "area", "product")},
            distributor=dice.choice([*ASKED["distributor"], None]),
            exempt=dice.random() < 0.2,
            observed=OBSERVED[number % len(OBSERVED)],
            clause=["七", "八"][: dice.randrange(1, 3)],
        )
        for number in range(60)
    ]
    await tell(connection, "opened", made)
    later = TOLD + timedelta(days=1)
    await tell(connection, "withdrawn", made[::7], at=later)
    closed = [a_violation(number, status="closed") for number in range(1, 60, 7)]
    await tell(connection, "closed", closed, at=later)
    acknowledged = {"act": "acknowledge", "ids": [str(one.id) for one in made[2::7]], "expect": 9}
    read(await api.post("/v1/reviews", json=acknowledged))


def a_query(dice: random.Random) -> str:
    names = dice.sample(sorted(ASKED), dice.randrange(4))
    if "as_of" in names and "review" in names:
        names.remove("review")
    chosen = [
        (name, value)
        for name in names
        for value in dice.sample(ASKED[name], min(2, len(ASKED[name])) if name in REPEATABLE else 1)
    ]
    return urlencode(chosen)


def as_text(name: str, value: Any) -> str:
    """What a spreadsheet is to show of a value of the list."""
    if value is None:
        return ""
    if name in {"occurred_at", "cured_at", "detected_at", "recorded_at"}:
        at = datetime.fromisoformat(value).astimezone(SHANGHAI)
        return f"{at:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return json.dumps(value, separators=(",", ":")) if isinstance(value, dict) else str(value)


def as_typed(name: str, value: Any) -> Any:
    """What Parquet is to hold of a value of the list."""
    if value is None or name in {"exempt", "stale", "clause"}:
        return value
    if name in {"occurred_at", "cured_at", "detected_at", "recorded_at"}:
        return datetime.fromisoformat(value)
    return as_text(name, value)


async def test_all_forms_hold_what_the_list_does_whatever_is_asked(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "LARGEST_PAGE", 16)
    monkeypatch.setattr(parquet, "ROWS_OF_A_GROUP", 20)
    dice, sizes = random.Random(3), set()
    async with an_api(database, identity="local") as api, a_connection(database) as connection:
        await varied(api, connection)
        for query in ["", *(a_query(dice) for _ in range(40))]:
            expected = await listed(api, query)
            sizes.add(len(expected))
            names = [name for name in columns.COLUMNS if name != "title_zh"]
            texts = [{name: as_text(name, item[name]) for name in names} for item in expected]

            lines = (await api.get(f"/v1/violations.ndjson?{query}")).text.splitlines()
            assert [json.loads(line) for line in lines] == expected, query
            shown = table_of(await api.get(f"/v1/violations.csv?{query}"))
            plain = [{name: row[name].removeprefix("'") for name in names} for row in shown]
            assert plain == texts, query
            head, *rows = sheet(await api.get(f"/v1/violations.xlsx?{query}"))
            cells = [dict(zip(head, row, strict=True)) for row in rows]
            assert [{name: row[name] for name in names} for row in cells] == texts, query
            kept = typed(await api.get(f"/v1/violations.parquet?{query}"))
            held = [{name: row[name] for name in names} for row in kept.to_pylist()]
            told = [{name: as_typed(name, item[name]) for name in names} for item in expected]
            assert held == told, query
    assert {0, 60} <= sizes
    assert len(sizes) > 10


async def test_parquet_has_types_that_programs_reckon_with(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "LARGEST_PAGE", 16)
    monkeypatch.setattr(parquet, "ROWS_OF_A_GROUP", 30)
    async with an_api(database, identity="local") as api, a_connection(database) as connection:
        await varied(api, connection)
        answer = await api.get("/v1/violations.parquet?occurred_to=2022-01-01T00:59:00Z")
        assert 'filename="violations.parquet"' in answer.headers["content-disposition"]
        empty = typed(await api.get("/v1/violations.parquet?order=none"))
    kept = typed(answer)
    types = {field.name: field.type for field in kept.schema}
    assert types["occurred_at"] == pa.timestamp("us", tz="UTC")
    assert types["rule"] == types["area"] == pa.dictionary(pa.int32(), pa.string())
    assert types["observed_number"] == types["limit_number"] == pa.decimal128(38, 10)
    assert types["exempt"] == pa.bool_()
    assert empty.schema == kept.schema
    groups = pq.ParquetFile(pa.BufferReader(answer.content)).metadata
    assert [groups.row_group(at).num_rows for at in range(groups.num_row_groups)] == [32, 27]
    numbers = {
        row["observed"]: row["observed_number"]
        for row in kept.select(["observed", "observed_number"]).to_pylist()
    }
    assert numbers["12"] == 12
    assert numbers["1234567.89"] == Decimal("1234567.89")
    assert numbers["0.25"] == Decimal("0.25")
    assert numbers["2022-03-01"] is numbers["D1; D2"] is numbers["9" * 40] is numbers[None] is None


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_a_number_is_held_exactly_or_as_its_text_alone(value: Decimal) -> None:
    text = f"{value:f}"
    held = parquet.number(text)
    if held is not None:
        assert held == Decimal(text)
        assert pa.scalar(held, pa.decimal128(38, 10)).as_py() == held
    else:
        whole, _, places = text.lstrip("-").partition(".")
        assert len(whole.lstrip("0")) > 28 or len(places.rstrip("0")) > 10


@given(st.one_of(st.integers(), st.floats(), st.booleans(), st.text(), st.none()))
def test_whatever_was_observed_is_a_decimal_that_fits_or_none(value: object) -> None:
    held = parquet.number(value)
    assert held is None or pa.scalar(held, pa.decimal128(38, 10)).as_py() == Decimal(str(value))


@pytest.mark.parametrize(
    "code", ["007", "123456789012345678", "1E5", "12.5e-3", "3-4", "1/2/2022", "=1", "\t1", "-5"]
)
def test_a_code_that_a_spreadsheet_would_change_is_a_text_there(code: str) -> None:
    assert workbook.safe(code) == f"'{code}"


@pytest.mark.parametrize("cell", ["140100", "P1", "2022-03-01", "0.25", "0", 12, -5, "1E", ""])
def test_what_a_spreadsheet_reads_right_stays_as_it_is(cell: str | int) -> None:
    assert workbook.safe(cell) == str(cell)

"""The list of contradictions, over the API."""

import re
from typing import Any

import httpx
import pytest

from shared.adapters.postgres import Connection

pytestmark = pytest.mark.integration

NOTED = """
INSERT INTO compliance.contradiction
    (jurisdiction, "order", kind, thing, source, id, holds_source, holds_id, contents)
SELECT (ARRAY['cn-sx', 'cn-tj'])[1 + n % 2], 'O' || n % 5,
       (ARRAY['told-otherwise', 'other-product'])[1 + n % 3 / 2], 'vbp.order.placed.v1',
       '//hospital', 'e' || n, '//hospital', 'first', '\\x00'
FROM generate_series(1, $1) AS n
"""
KEPT = 'SELECT id, jurisdiction, kind, "order" FROM compliance.contradiction ORDER BY number DESC'
PATH = "/v1/contradictions"


async def walk(api: httpx.AsyncClient, filters: dict[str, Any], size: int) -> list[str]:
    """Read the list page by page; gives the ids of the events."""
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        answer = await api.get(PATH, params=filters | {"page_size": size} | token)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= size
        found += [item["id"] for item in page["items"]]
        if page["next_page_token"] is None:
            return found
        token = {"page_token": page["next_page_token"]}


@pytest.mark.parametrize(
    "filters",
    [
        {},
        {"jurisdiction": "cn-tj"},
        {"kind": "other-product"},
        {"order": "O3"},
        {"jurisdiction": "cn-sx", "kind": "told-otherwise", "order": "O1"},
        {"order": "nobody's"},
    ],
    ids=str,
)
async def test_all_that_the_filters_let_through_is_listed_once_and_newest_first(
    api: httpx.AsyncClient, connection: Connection, filters: dict[str, Any]
) -> None:
    await connection.execute(NOTED, 60)
    rows = await connection.fetch(KEPT)
    wanted = [row["id"] for row in rows if filters.items() <= dict(row).items()]
    for size in (1, 7, 60, 61):
        assert await walk(api, filters, size) == wanted


async def test_one_noticed_while_somebody_pages_moves_no_other(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await connection.execute(NOTED, 10)
    first = (await api.get(PATH, params={"page_size": 4})).json()
    await connection.execute(NOTED, 3)
    asked = {"page_size": 50, "page_token": first["next_page_token"]}
    rest = (await api.get(PATH, params=asked)).json()
    told = [item["id"] for item in first["items"] + rest["items"]]
    assert told == [f"e{number}" for number in range(10, 0, -1)]
    assert first["items"][0].keys() == {
        *("noticed_at", "jurisdiction", "order", "kind", "thing"),
        *("source", "id", "holds_source", "holds_id"),
    }


async def test_what_cannot_be_asked_is_refused_with_the_remedy(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await connection.execute(NOTED, 3)
    token = (await api.get(PATH, params={"page_size": 1})).json()["next_page_token"]
    for asked, status, remedy in (
        ({"page_token": "x"}, 400, "Pass next_page_token unchanged"),
        ({"page_token": token, "kind": "other-product"}, 400, "with the filters of the page"),
        ({"kind": "odd"}, 422, "told-otherwise, other-product"),
        ({"page_size": 0}, 422, "greater than or equal to 1"),
        ({"colour": "red"}, 400, "Known are: jurisdiction, kind, order"),
    ):
        answer = await api.get(PATH, params=asked)
        assert answer.status_code == status, asked
        assert remedy in answer.text


async def test_every_filter_has_an_index(connection: Connection) -> None:
    """A page costs what it shows, however many there are: nothing is sorted or read through."""
    await connection.execute(NOTED, 20_000)
    await connection.execute("ANALYZE compliance.contradiction")
    for filters in (
        "true",
        "jurisdiction = 'nobody'",
        "kind = 'none'",
        "\"order\" = 'none'",
        "jurisdiction = 'cn-sx' AND kind = 'none'",
    ):
        rows = await connection.fetch(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT number FROM compliance.contradiction "  # noqa: S608
            f"WHERE {filters} ORDER BY number DESC LIMIT 50"
        )
        plan = rows[0][0]
        assert "Sort" not in plan.replace("Sort Key", "")
        assert "Seq Scan" not in plan
        assert not re.search(r'"Rows Removed by Filter": [1-9]', plan), filters

"""Acts of many from the list: counted and confirmed first, by forms without JavaScript."""

import re
from collections.abc import Mapping
from html import unescape
from urllib.parse import urlencode

import httpx
import pytest

from shared.adapters.postgres import Connection
from tests.support.kept import a_violation, tell

pytestmark = pytest.mark.integration

PAGE = 60 << 10
"""Bytes that a page has at most."""


async def token_of(api: httpx.AsyncClient) -> str:
    page = await api.get("/violations")
    assert len(page.content) <= PAGE
    return str(api.cookies["vbp-form"])


async def sent(api: httpx.AsyncClient, *pairs: tuple[str, str]) -> httpx.Response:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return await api.post("/violations/acts", content=urlencode(pairs), headers=headers)


def hidden(page: httpx.Response) -> list[tuple[str, str]]:
    found = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', page.text)
    return [(name, unescape(value)) for name, value in found]


async def states(connection: Connection) -> Mapping[str, int]:
    rows = await connection.fetch(
        "SELECT review, count(*) AS count FROM compliance.violation GROUP BY 1"
    )
    return {row["review"]: row["count"] for row in rows}


async def test_chosen_ones_are_counted_by_severity_and_done_once_that_was_confirmed(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    told = [a_violation(n, severity="breach" if n % 2 else "warning") for n in range(1, 6)]
    await tell(connection, "opened", told)
    token = await token_of(api)
    chosen = [("id", str(one.id)) for one in told[:3]]
    asked = await sent(api, ("act", "acknowledge"), ("token", token), *chosen)
    assert asked.status_code == 200
    assert re.sub(r"\s+|<[^>]+>", "", asked.text).count("违约2") == 1
    assert await states(connection) == {"new": 5}
    done = await sent(api, *hidden(asked))
    assert "已办理" in done.text
    assert await states(connection) == {"new": 2, "acknowledged": 3}
    again = await sent(api, *hidden(asked))
    assert "此时不能这样办理" in again.text
    assert await states(connection) == {"new": 2, "acknowledged": 3}


async def test_all_that_match_are_asked_for_again_where_their_number_has_changed(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection, "opened", [a_violation(n) for n in (1, 2)])
    other = a_violation(9, rule="late-delivery")
    await tell(connection, "opened", [other])
    token = await token_of(api)
    query = urlencode([("rule", "late-response"), ("severity", "warning")])
    every = [("every", "true"), ("query", query), ("token", token)]
    asked = await sent(api, ("act", "comment"), ("text", "抽查"), *every)
    await tell(connection, "opened", [a_violation(3)])
    moved = await sent(api, *hidden(asked))
    assert (moved.status_code, "项数已变" in moved.text) == (409, True)
    assert not await connection.fetchval("SELECT count(*) FROM compliance.remark")
    assert "已办理" in (await sent(api, *hidden(moved))).text
    assert await connection.fetchval("SELECT count(*) FROM compliance.remark") == 3


@pytest.mark.parametrize(
    ("pairs", "status"),
    [
        ([("act", "uphold"), ("every", "true")], 400),
        ([("act", "acknowledge")], 422),
        ([("act", "acknowledge"), ("id", "x")], 400),
        ([("act", "comment"), ("every", "true"), ("text", " ")], 422),
        ([("act", "acknowledge"), ("every", "true"), ("query", "none=1")], 422),
        ([("act", "acknowledge"), ("every", "true"), ("sure", "true")], 400),
        ([("act", "acknowledge"), ("id", "0"), ("token", "forged")], 403),
    ],
)
async def test_what_no_page_of_ours_has_sent_is_refused_by_a_page(
    api: httpx.AsyncClient, pairs: list[tuple[str, str]], status: int
) -> None:
    token = await token_of(api)
    answer = await sent(api, ("token", token), *pairs)
    assert (answer.status_code, answer.headers["content-type"][:9]) == (status, "text/html")

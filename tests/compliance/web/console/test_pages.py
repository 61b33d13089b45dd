"""The pages, over HTTP, from a real PostgreSQL."""

import re
from collections.abc import AsyncIterator
from itertools import count
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.compliance.policies import policy
from services.compliance.rules import RULES
from shared.adapters.postgres import Connection
from tests.support.kept import (
    NOBODY,
    a_connection,
    a_violation,
    an_api,
    busy,
    keep_fact,
    read,
    tell,
)
from tests.support.pages import Page, page_of

pytestmark = pytest.mark.integration


@pytest_asyncio.fixture
async def kept(database: str) -> AsyncIterator[tuple[httpx.AsyncClient, Connection]]:
    nowhere: dict[str, Any] = {
        "orders_url": "http://127.0.0.1:9",
        "delivery_url": "http://127.0.0.1:9",
    }
    async with an_api(database, **nowhere) as api, a_connection(database) as connection:
        yield api, connection


async def shown(api: httpx.AsyncClient, address: str, status: int = 200) -> Page:
    return page_of(await api.get(address), status)


async def test_a_walk_over_all_links_finds_a_page_or_data_behind_each(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, connection = kept
    violations = [a_violation(number, rule=rule.name) for number, rule in enumerate(RULES)]
    await tell(connection, "opened", violations)
    await busy(connection)
    seen: set[str] = set()
    ahead = ["/"]
    while ahead:
        address = ahead.pop().partition("#")[0]
        # The languages double every address; each page is looked at in both below.
        if address in seen or "lang=" in address or not address:
            continue
        seen.add(address)
        answer = await api.get(address, follow_redirects=True)
        # A bulletin asks orders and delivery for their figures, which do not run here.
        without_them = 503 if address.startswith("/bulletins/") else 200
        assert answer.status_code == without_them, (address, answer.text)
        if answer.headers["content-type"].startswith("text/html"):
            page = page_of(answer, without_them)
            assert all(urlsplit(link).netloc == "" for link in page.links)
            # Each filter of a list can be taken away: of many that would be all subsets of them.
            many = address.startswith("/violations?") and address.count("&") > 1
            ahead += [one for one in page.links if not (many and one.startswith("/violations?"))]
    assert {urlsplit(one).path for one in seen} >= {
        *("/violations", "/quality", "/rules", "/v1/status", "/console/style.css"),
        *(f"/violations/{one.id}" for one in violations),
        *(f"/rules/{rule.name}" for rule in RULES),
        *(f"/policies/{one.id}" for one in policy.load().all),
    }


async def test_the_list_shows_what_its_query_gives_as_data(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, connection = kept
    violations = [
        a_violation(number, severity="breach" if number % 3 else "warning") for number in range(130)
    ]
    await tell(connection, "opened", violations)
    shown_ids: list[str] = []
    address: str | None = "/violations?severity=breach&status=open&month=2022-01"
    while address is not None:
        page = await shown(api, address)
        assert "/ 86 项" in page.text
        data = next(link for link in page.links if link.startswith("/v1/violations?"))
        ids = [link for link in page.links if re.fullmatch("/violations/[0-9a-f-]{36}", link)]
        shown_ids += [link.rpartition("/")[2] for link in ids]
        older = [link for link in page.links if "page_token" in link and "lang=" not in link]
        address = older[0] if older else None
    told = read(await api.get(f"{data}&page_size=1000"))
    query: dict[str, str | int] = {
        "severity": "breach",
        "status": "open",
        "month": "2022-01",
        "page_size": 1000,
    }
    assert told == read(await api.get("/v1/violations", params=query))
    assert shown_ids == [one["id"] for one in told["items"]]
    assert len(shown_ids) == 86


async def test_a_page_has_fifty_rows_at_most_and_leads_to_the_others(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, connection = kept
    await tell(connection, "opened", [a_violation(number) for number in range(70)])
    for size, rows in (("20", 20), ("1000", 50)):
        page = await shown(api, f"/violations?page_size={size}")
        assert f"{rows} / 70 项" in page.text
        (older,) = (one for one in page.links if "page_token" in one and "lang=" not in one)
        assert "20 / 70 项" in (await shown(api, older)).text


async def test_fields_of_the_form_that_were_left_empty_ask_for_nothing(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, connection = kept
    await tell(connection, "opened", [a_violation()])
    asked = "/violations?rule=late-response&area=&month=&exempt=&order=&lang=zh"
    answer = await api.get(asked, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/violations?rule=late-response&lang=zh"
    page = await shown(api, answer.headers["location"])
    assert "/ 1 项" in page.text


UNUSABLE = (
    "month=2022-13",
    "rule=nonsense",
    "occurred_from=2022-01-01",
    "page_size=0",
    "exempt=perhaps",
    "area=%00",
)


async def test_a_filter_that_cannot_be_used_is_named_and_nothing_is_lost(
    kept: tuple[httpx.AsyncClient, Connection], subtests: pytest.Subtests
) -> None:
    api, _ = kept
    for query in UNUSABLE:
        with subtests.test(query=query):
            field, _, _ = query.partition("=")
            page = await shown(api, f"/violations?status=open&{query}", 422)
            assert f"条件有误，未查询：{field}" in page.text.replace("\n", "")
            assert any(link.startswith("/violations?status=open") for link in page.links)


async def test_what_is_no_filter_of_the_list_is_named_and_does_not_look_as_if_it_were(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    page = await shown(api, "/violations?statu=open&cursor=zz&rule=late-response", 400)
    assert "条件有误，未查询：cursor, statu: no filter of this list" in page.text.replace("\n", "")
    assert "statu open" in page.text
    assert any(link.startswith("/violations?statu=open&rule=") for link in page.links)


async def test_a_page_token_of_other_filters_is_refused_in_words(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    page = await shown(api, "/violations?page_token=abc", 400)
    assert "page_token: is not one that this list gave" in page.text


async def test_a_violation_shows_whether_its_history_and_evidence_hold(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, connection = kept
    violation = a_violation(7)
    await tell(connection, "opened", [violation])
    page = await shown(api, f"/violations/{violation.id}")
    assert "历史链已核对" in page.text
    assert "证据 0/1 已核对" in page.text

    await keep_fact(connection, 7)
    assert "证据 1/1 已核对" in (await shown(api, f"/violations/{violation.id}")).text

    await connection.execute("UPDATE compliance.violation SET severity = 'breach'")
    page = await shown(api, f"/violations/{violation.id}")
    assert "历史链不符，勿据此办理" in page.text
    assert "severity" in page.text


async def test_pages_speak_english_and_remember_it(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, connection = kept
    await tell(connection, "opened", [a_violation()])
    assert "Open" in (await shown(api, "/violations?status=open&lang=en")).text
    assert api.cookies["lang"] == "en"
    assert (
        "All heard until" in (await shown(api, "/quality")).text
        or "Nothing" in (await shown(api, "/quality")).text
    )
    assert "违约事项" in (await shown(api, "/violations?lang=zh")).text


async def test_what_is_not_there_is_said_on_a_page(
    kept: tuple[httpx.AsyncClient, Connection],
) -> None:
    api, _ = kept
    for address in ("/violations/7", "/rules/none", "/policies/none"):
        assert "没有此页" in (await shown(api, address, 404)).text, address
    assert "distributor, manufacturer, hospital" in (await shown(api, "/parties/x/D1", 404)).text
    assert (await api.get("/bulletins?month=2022-05")).status_code == 400


async def test_a_database_that_is_away_is_said_on_a_page() -> None:
    async with an_api(NOBODY, migrated=False) as api:
        for address in ("/violations", "/quality", "/violations/" + str(a_violation().id)):
            assert "数据库没有应答" in (await shown(api, address, 503)).text
        assert "数据库没有应答" in (await shown(api, "/rules")).text


_NUMBERS = count()
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1)
WILD = st.one_of(TEXT, st.sampled_from(["<script>alert(1)</script>", '"><img src=x onerror=a>']))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
async def test_whatever_a_publisher_writes_stays_text(
    kept: tuple[httpx.AsyncClient, Connection], data: st.DataObject
) -> None:
    api, connection = kept
    names = ("order", "hospital", "product", "distributor", "manufacturer", "area", "subject")
    wild: dict[str, Any] = {name: data.draw(WILD) for name in (*names, "message_zh", "quote")}
    details = {data.draw(WILD): data.draw(WILD)}
    violation = a_violation(next(_NUMBERS), **wild, details=details)
    await tell(connection, "opened", [violation])
    page = await shown(api, f"/violations/{violation.id}")
    assert wild["order"] in page.text
    await shown(api, "/violations")
    assert "img" not in page.elements

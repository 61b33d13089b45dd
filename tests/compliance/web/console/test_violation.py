"""The form by which people decide, without JavaScript, over HTTP and in a real browser."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.people.case import PartyCase
from services.compliance.storage import violations
from shared.adapters.identity.invented import COOKIE
from shared.adapters.postgres import Connection
from tests.support.kept import TOLD, a_connection, a_violation, served
from tests.support.walking import NEEDS_CHROMIUM, SIDEWAYS, chromium

pytestmark = pytest.mark.integration

V = a_violation(1)


async def tell(connection: Connection, number: int = 1, **changes: Any) -> None:
    violation = a_violation(number, **{"severity": "breach", "distributor": "D01", **changes})
    accused = Accused("distributor", "D01")
    await violations.tell(
        connection, [Change("changed", violation.id, TOLD, violation, (), accused=accused)]
    )


async def form_of(api: httpx.AsyncClient, name: str) -> dict[str, str]:
    """Open the page as somebody; gives what its form hides."""
    api.cookies.set(COOKIE, f"person:{name}", domain="api.local")
    page = (await api.get(f"/violations/{V.id}")).text
    hidden = r'name="(token|seq)" value="([^"]*)"'
    return dict(re.findall(hidden, page))


async def send(api: httpx.AsyncClient, form: dict[str, str], **more: str) -> httpx.Response:
    headers = {"origin": "http://api"}
    return await api.post(f"/violations/{V.id}/acts", data=form | more, headers=headers)


async def test_an_officer_acknowledges_by_a_form_and_sees_it_in_the_history(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    form = await form_of(api, "liwj")
    done = await send(api, form, act="acknowledge", text="<b>已阅</b>")
    assert (done.status_code, done.headers["location"]) == (303, f"/violations/{V.id}#history")
    page = (await api.get(f"/violations/{V.id}")).text
    assert "李文静（经办）　已受理" in page
    assert "「&lt;b&gt;已阅&lt;/b&gt;」" in page
    assert 'value="acknowledge"' not in page


async def test_a_page_is_there_for_who_may_only_comment(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    await send(api, await form_of(api, "liwj"), act="dispute", reason="data", text="已送达")
    api.cookies.set(COOKIE, "person:wangxm", domain="api.local")
    page = await api.get(f"/violations/{V.id}")
    assert page.status_code == 200
    assert re.findall(r'<button name="act" value="([^"]+)"', page.text) == ["comment", "assign"]


async def test_what_changed_meanwhile_stands_beside_what_was_wanted_and_one_button_sends_it_again(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    form = await form_of(api, "liwj")
    await tell(connection, observed=3)
    late = await send(api, form, act="acknowledge", text="先看过")
    assert late.status_code == 412
    for words in ("未写入", "您的", "受理：先看过", "现在", "系统 变更", "再次提交"):
        assert words in late.text
    again = dict(re.findall(r'name="(token|seq)" value="([^"]*)"', late.text))
    assert again["seq"] == "2"
    assert (await send(api, again, act="acknowledge", text="先看过")).status_code == 303


async def test_a_form_that_no_page_of_ours_sent_does_nothing(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    form = await form_of(api, "liwj") | {"act": "acknowledge"}
    address = f"/violations/{V.id}/acts"
    for origin in ("http://elsewhere.example", "null", "http://api.elsewhere.example"):
        answer = await api.post(address, data=form, headers={"origin": origin})
        assert answer.status_code == 403, origin
    for token in ("", "x", form["token"][:-1]):
        answer = await api.post(address, data=form | {"token": token})
        assert answer.status_code == 403, token
    api.cookies.delete("vbp-form")
    assert (await api.post(address, data=form)).status_code == 403
    for wrong in ({"act": "delete"}, {"seq": "x"}):
        again = await form_of(api, "liwj") | {"act": "acknowledge"} | wrong
        assert (await api.post(address, data=again)).status_code == 400
    assert await connection.fetchval("SELECT count(*) FROM compliance.history") == 1


NO_LINES: tuple[dict[str, str], ...] = (
    {},
    {"seq": "-1"},
    {"seq": "９"},
    {"seq": "9" * 40},
    {"seq": "1" * 5_000},
)


async def test_a_form_that_names_no_line_of_a_history_is_none_of_ours(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    case = f"/cases/{PartyCase('cn-sx', V.rule, '2022-01', 'distributor', 'D01').name}"
    form = await form_of(api, "liwj")
    form.pop("seq")
    for line in NO_LINES:
        wanted = form | line
        for address, act in ((f"/violations/{V.id}", "acknowledge"), (case, "take")):
            answer = await api.post(f"{address}/acts", data=wanted | {"act": act})
            assert answer.status_code == 400, (address, line)
        named = {"violation": f"{V.id}:{line.get('seq', '')}", "reason": "data", "text": "已送达"}
        answer = await api.post(f"{case}/disputes", data=form | named)
        assert answer.status_code == 400, line
        letter = {"act": "issue", "seq": "0", "number": "1", "n": line.get("seq", "x")}
        assert (await api.post(f"{case}/acts", data=form | letter)).status_code == 400, line
    assert await connection.fetchval("SELECT count(*) FROM compliance.history") == 1


async def test_what_is_refused_is_said_in_words_and_keeps_what_was_typed(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    await tell(connection)
    form = await form_of(api, "liwj")
    refused = await send(api, form, act="propose-dismiss", text="院方<原因>")
    assert refused.status_code == 422
    assert "须选择理由并写明情况" in refused.text
    assert "院方&lt;原因&gt;</textarea>" in refused.text
    early = await send(api, await form_of(api, "wangxm"), act="uphold", text="属实")
    assert early.status_code == 409
    api.cookies.set(COOKIE, "person:sunlei", domain="api.local")
    page = (await api.get(f"/violations/{V.id}")).text
    assert 'action="/violations/' not in page, "a regulator reads"
    assert (await send(api, form, act="acknowledge")).status_code == 403


async def test_a_browser_becomes_one_of_the_invented_people_and_nobody_else(
    api: httpx.AsyncClient,
) -> None:
    page = (await api.get("/me")).text
    token = re.findall(r'name="token" value="([^"]*)"', page)[0]
    assert "person:local" in page
    await api.post("/me", data={"token": token, "subject": "person:wangxm"})
    assert "王晓梅（复核）" in (await api.get("/")).text
    await api.post("/me", data={"token": token, "subject": "person:nobody"})
    assert "person:local" in (await api.get("/me")).text
    assert (await api.post("/me", data={"subject": "person:liwj"})).status_code == 403


async def test_the_queue_counts_what_its_links_list(
    api: httpx.AsyncClient, connection: Connection
) -> None:
    for number in range(1, 8):
        severity = "breach" if number < 4 else "warning"
        await tell(connection, number, severity=severity, exempt=number == 7)
    now = datetime.now(UTC)
    await connection.execute("UPDATE compliance.violation SET detected_at = $1", now)
    await connection.execute(
        "UPDATE compliance.violation SET detected_at = $1 WHERE id = ANY($2::uuid[])",
        now - timedelta(days=30),
        [a_violation(number).id for number in (1, 2, 5)],
    )
    page = (await api.get("/?jurisdiction=cn-sx&lang=zh")).text
    found = re.findall(r'<li><a href="([^"]*)"><b[^>]*>(\d+)</b>([^<]*)<br>', page)
    assert [(int(number), name) for _, number, name in found] == [
        (6, "未查看的事项"),
        (2, "逾期未查看的违约"),
        (1, "逾期未查看的其他事项"),
        (0, "待告知的案件"),
        (0, "申辩待复核"),
        (0, "认定后事实有变"),
        (0, "逾期的案件"),
        (0, "须发更正函的案件"),
    ]
    for link, number, _ in found:
        listed = await api.get("/v1" + link.replace("&amp;", "&"))
        assert len(listed.json()["items"]) == int(number), link


@asynccontextmanager
async def opened(address: str, width: int) -> AsyncIterator[Page]:
    async with chromium() as browser:
        context = await browser.new_context(
            java_script_enabled=True,
            locale="zh-CN",
            viewport={"width": width, "height": 900},
            base_url=address,
        )
        yield await context.new_page()


@NEEDS_CHROMIUM
@pytest.mark.parametrize(("width", "language"), [(1280, "zh"), (390, "en")])
async def test_people_walk_a_violation_from_new_to_upheld_in_a_browser(
    database: str, width: int, language: str
) -> None:
    async with served(database) as address, a_connection(database) as connection:
        await tell(connection)
        async with opened(address, width) as page:
            await page.goto(f"/?lang={language}")

            async def as_somebody(name: str) -> None:
                await page.goto("/me")
                await page.locator(f'input[value="person:{name}"]').check()
                async with page.expect_navigation():
                    await page.locator("main button").click()
                await page.goto(f"/violations/{V.id}")

            async def do(act: str, text: str = "", reason: str | None = None) -> None:
                if reason is not None:
                    await page.locator("#reason").select_option(reason)
                await page.locator("#text").fill(text)
                async with page.expect_navigation():
                    await page.locator(f'button[value="{act}"]').click()
                assert await page.evaluate(SIDEWAYS) <= 0, act
                axe = await Axe().run(page)
                assert axe.response["violations"] == [], act

            await as_somebody("liwj")
            await do("acknowledge")
            await as_somebody("chen")
            await do("dispute", "系统未同步", "data")
            await as_somebody("wangxm")
            await tell(connection, observed=3)
            await do("uphold", "证据充分")
            assert await page.locator("[role=alert]").is_visible(), "the facts moved meanwhile"
            async with page.expect_navigation():
                await page.locator('button[value="uphold"]').click()
            await tell(connection, observed=4)
            await page.reload()
            await do("reaffirm")
            await page.goto("/violations?review=upheld")
            assert await page.locator("table.vt tbody tr").count() == 1
            assert await page.evaluate(SIDEWAYS) <= 0
        row = await connection.fetchrow("SELECT review, stale, seq FROM compliance.violation")
        assert row is not None
        assert tuple(row) == ("upheld", False, 7)

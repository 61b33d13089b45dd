"""What the pages' own scripts do sooner, in a real browser over a real bus."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from services.compliance.findings.violation import ChangeKind, Violation
from services.compliance.web.console.pages import FILES, STATIC
from services.compliance.worker.relay import send_violations
from shared.adapters.postgres import Connection
from tests.compliance.web.test_stream import following
from tests.support.kept import a_violation, served, tell
from tests.support.walking import NEEDS_CHROMIUM, PATIENCE, Inspector, be, chromium
from tests.support.workers.in_process import publishing
from tests.support.workers.on_database import WorkerOnDatabase

HTMX = "a0abb04f2f45a1f89d1d4844023245537e5e6014c87b144553e0607b4cc32130"
"""The sum of dist/htmx.min.js in the package htmx.org 4.0.1."""

ROWS = "table.vt tbody tr"

expect.set_options(timeout=PATIENCE)


def test_htmx_is_the_file_of_its_release_and_nothing_is_served_but_what_is_named() -> None:
    assert hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == HTMX
    assert {one.name for one in STATIC.iterdir()} == set(FILES)


class Console(NamedTuple):
    """A console that follows the bus, and somebody who looks at it."""

    address: str
    page: Page
    context: BrowserContext
    connection: Connection
    kafka: str

    async def open(self, path: str) -> None:
        await self.page.goto(f"{self.address}{path}")
        # It would be gone if the browser loaded the page again.
        await self.page.evaluate("window.loaded = true")

    async def is_as_it_was_loaded(self) -> bool:
        return bool(await self.page.evaluate("window.loaded === true"))

    async def tell(self, kind: ChangeKind, *violations: Violation) -> None:
        await tell(self.connection, kind, violations)
        async with publishing(self.kafka) as producer:
            await send_violations(self.connection, producer)

    async def clients(self) -> int:
        async with httpx.AsyncClient(base_url=self.address, timeout=60) as api:
            lines = (await api.get("/metrics")).text.splitlines()
        (line,) = (one for one in lines if one.startswith("vbp_stream_clients "))
        return int(float(line.split()[1]))

    async def is_followed_by(self, clients: int) -> None:
        for _ in range(PATIENCE // 100):
            if await self.clients() == clients:
                return
            await asyncio.sleep(0.1)
        pytest.fail(f"{await self.clients()} follow, not {clients}")


@pytest_asyncio.fixture
async def console(desk: WorkerOnDatabase, database: str, kafka: str) -> AsyncIterator[Console]:
    await tell(desk.connection, "opened", [a_violation(number) for number in range(60)])
    async with publishing(kafka) as producer:
        await send_violations(desk.connection, producer)
    async with served(database, kafka=kafka) as address, chromium() as browser:
        await following(address)
        context = await browser.new_context(locale="zh-CN")
        await be(context, address, "liwj")
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        yield Console(address, page, context, desk.connection, kafka)
        assert said == []


@pytest.mark.integration
@NEEDS_CHROMIUM
async def test_a_filter_that_is_changed_shows_its_list_at_once_under_its_own_address(
    console: Console,
) -> None:
    page = console.page
    await page.set_viewport_size({"width": 390, "height": 900})
    await console.open("/violations?status=open")
    await page.locator("details.filters summary").click()
    breach = page.get_by_role("checkbox", name="违约")
    await page.locator('input[name="id"]').first.check()
    await breach.check()
    await expect(page.get_by_text("没有符合条件的违约事项")).to_be_visible()
    assert page.url == f"{console.address}/violations?severity=breach&status=open"
    assert await page.get_by_role("link", name="English").get_attribute("href") == (
        "/violations?severity=breach&status=open&lang=en"
    )
    # What was opened stays open, and who goes on by the keyboard is where they were.
    await expect(breach).to_be_focused()
    await breach.uncheck()
    await expect(page.locator(ROWS)).to_have_count(50)
    await expect(page.locator('input[name="id"]:checked')).to_have_count(0)
    await page.locator('input[name="id"]').first.check()
    await page.get_by_role("checkbox", name="未结束").uncheck()
    await expect(page).to_have_url(f"{console.address}/violations")
    await expect(page.locator('input[name="id"]:checked')).to_have_count(0)
    await page.get_by_role("checkbox", name="未结束").check()
    await expect(page).to_have_url(f"{console.address}/violations?status=open")
    assert await console.is_as_it_was_loaded()
    await page.locator("#f-hospital").fill("nobody")
    await page.locator("#f-hospital").press("Enter")
    await expect(page.get_by_text("没有符合条件的违约事项")).to_be_visible()
    assert page.url == f"{console.address}/violations?status=open&hospital=nobody"
    assert await console.is_as_it_was_loaded()
    await page.go_back()
    await expect(page.locator(ROWS)).to_have_count(50)
    assert page.url == f"{console.address}/violations?status=open"
    inspector = Inspector()
    await inspector.look(page, "filtered")
    assert inspector.faults == []


@pytest.mark.integration
@NEEDS_CHROMIUM
async def test_every_page_that_is_filtered_shows_what_was_chosen_without_being_loaded_again(
    console: Console,
) -> None:
    for path in ("/", "/cases", "/parties", "/coverage"):
        await console.open(path)
        chosen = console.page.locator("form[hx-get] select").first
        name = await chosen.get_attribute("name")
        value = await chosen.locator("option").last.get_attribute("value")
        await chosen.select_option(value)
        await console.page.wait_for_url(f"**{path}?*{name}={value}*")
        assert await console.is_as_it_was_loaded()
        await expect(chosen).to_have_value(value or "")


@pytest.mark.integration
@NEEDS_CHROMIUM
async def test_keys_go_through_a_list_and_are_heard_in_its_rows_alone(console: Console) -> None:
    page = console.page
    await console.open("/violations?review=new")
    await page.keyboard.press("j")
    await expect(page.locator(f"{ROWS}:focus-within")).to_have_count(0)
    links = page.locator(f"{ROWS} td.what a")
    await links.nth(0).focus()
    await page.keyboard.press("j")
    await page.keyboard.press("j")
    await page.keyboard.press("k")
    await expect(links.nth(1)).to_be_focused()
    await page.keyboard.press("x")
    await page.keyboard.press("j")
    await page.keyboard.press("x")
    await expect(page.locator('input[name="id"]:checked')).to_have_count(2)
    await page.keyboard.press("c")
    await expect(page.locator("#many-text")).to_be_focused()
    await page.keyboard.type("jk?/a")
    await expect(page.locator("#many-text")).to_have_value("jk?/a")
    await links.nth(2).focus()
    await page.keyboard.press("?")
    await expect(page.locator("#keys p")).to_be_visible()
    await expect(links.nth(2)).to_be_focused()
    await page.keyboard.press("/")
    assert await page.evaluate("document.activeElement.closest('details.filters') !== null")
    await links.nth(2).focus()
    await page.keyboard.press("a")
    await expect(page.get_by_role("button", name="确认办理")).to_be_visible()
    await console.open("/violations?review=new")
    target = await links.nth(3).get_attribute("href")
    await links.nth(3).focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**{target}")


@pytest.mark.integration
@NEEDS_CHROMIUM
async def test_keys_that_mean_nothing_on_a_page_do_nothing_there(console: Console) -> None:
    await console.open("/policies/cn-sx-2021-22")
    await console.page.locator(f"{ROWS} a").first.focus()
    for key in "/?jkxac":
        await console.page.keyboard.press(key)
    assert await console.is_as_it_was_loaded()


@pytest.mark.integration
@NEEDS_CHROMIUM
async def test_a_page_says_what_has_changed_since_it_was_made_and_moves_no_row(
    console: Console,
) -> None:
    page, news = console.page, console.page.locator("#news")
    await console.open("/violations?rule=late-response")
    await console.is_followed_by(1)
    await expect(news).to_be_hidden()
    rows = await page.locator("td.what").all_inner_texts()
    await console.tell("changed", a_violation(59, severity="breach"))
    await console.tell("opened", a_violation(60), a_violation(61), a_violation(62, rule="price"))
    await console.tell("changed", a_violation(61, severity="explain"))
    await expect(news).to_contain_text("3 项")
    assert await page.locator("td.what").all_inner_texts() == rows
    await news.get_by_role("link").click()
    await expect(page.locator(f"{ROWS} .sev.breach")).to_have_count(1)
    await expect(news).to_be_hidden()
    # Another list is heard of once it is shown, and the one before is not any more.
    await page.get_by_role("checkbox", name="违约").check()
    await expect(page.locator(ROWS)).to_have_count(1)
    await console.is_followed_by(1)
    await console.tell("opened", a_violation(63), a_violation(64, severity="breach"))
    await expect(news).to_contain_text("1 项")


@pytest.mark.integration
@NEEDS_CHROMIUM
async def test_the_page_of_a_violation_tells_of_its_own_changes_alone(console: Console) -> None:
    page, news = console.page, console.page.locator("#news")
    await console.open(f"/violations/{a_violation(7).id}")
    await console.is_followed_by(1)
    await console.tell("changed", a_violation(8, severity="breach"))
    await console.tell("closed", a_violation(7, status="closed"))
    await expect(news).to_contain_text("1 项")
    # What was known then does not change, and what nobody looks at holds no connection.
    await console.open("/violations?as_of=2022-02-01T00:00:00Z")
    await expect(page.locator("#news")).to_have_count(0)
    await console.is_followed_by(0)

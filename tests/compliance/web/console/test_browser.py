"""The pages in a real browser: at both widths, in both languages, for everybody."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, async_playwright

from services.compliance.people.case import PartyCase
from services.compliance.rules import RULES
from tests.support.kept import a_connection, a_violation, busy, keep_fact, served, tell

CHROMIUM = shutil.which("chromium")

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH"),
]

WIDTHS = (1280, 390)
LOOKED_AT = {("zh", 1280), ("en", 390)}
"""In these axe looks at each page: it takes a second, and the pages are the same."""

CASE = PartyCase("cn-sx", "late-response", "2022-01", "authority", "").name

SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        await started.close()


async def test_every_page_fits_the_screen_and_bars_nobody_and_breaks_no_policy(
    database: str,
) -> None:
    violations = [a_violation(number, rule=rule.name) for number, rule in enumerate(RULES)]
    async with served(database) as address, a_connection(database) as connection:
        await tell(connection, "opened", violations)
        await keep_fact(connection, 1)
        await busy(connection)
        said: list[str] = []
        async with browser() as chromium:
            for width in WIDTHS:
                page = await chromium.new_page(viewport={"width": width, "height": 900})
                page.on("console", lambda message: said.append(message.text))
                for path in (
                    "/violations?status=open",
                    "/violations?rule=late-delivery&status=closed",
                    "/violations?month=never",
                    f"/violations/{violations[1].id}",
                    "/violations/none",
                    "/rules",
                    "/rules/late-delivery",
                    "/policies/cn-sx-2021-22",
                    "/quality",
                    "/",
                    "/?show=year&severity=breach",
                    "/parties",
                    "/parties/distributor/D1",
                    "/cases",
                    f"/cases/{CASE}",
                    "/bulletins",
                    "/me",
                ):
                    for language in ("zh", "en"):
                        mark = "&" if "?" in path else "?"
                        await page.goto(f"{address}{path}{mark}lang={language}")
                        where = (path, language, width)
                        assert await page.evaluate(SIDEWAYS) <= 0, where
                        if (language, width) in LOOKED_AT:
                            assert await barred(page) == [], where
    # The browser itself says what a page of a problem was answered with.
    assert [one for one in said if "responded with a status of 4" not in one] == []


async def barred(page: Page) -> list[str]:
    """What axe finds that bars somebody, with the element that it means."""
    found = await Axe().run(page)
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


async def test_an_officer_finds_a_violation_by_filters_and_links_alone(database: str) -> None:
    violations = [a_violation(number) for number in range(60)]
    async with served(database) as address, a_connection(database) as connection:
        await tell(connection, "opened", violations)
        async with browser() as chromium:
            context = await chromium.new_context(java_script_enabled=False, locale="zh-CN")
            page = await context.new_page()
            await page.goto(f"{address}/violations?status=open")
            await page.get_by_role("checkbox", name="违约").uncheck()
            await page.get_by_role("checkbox", name="提示").check()
            await page.get_by_role("textbox", name="订单").fill("O59")
            await page.get_by_role("button", name="应用筛选").click()
            assert "severity=warning" in page.url
            assert "order=O59" in page.url
            assert await page.get_by_text("1 / 1 项").is_visible()
            await page.get_by_role("link", name="未响应").click()
            assert await page.get_by_text("历史链已核对").is_visible()
            await page.get_by_role("link", name="English").click()
            assert await page.get_by_text("History verified").is_visible()
            await page.get_by_role("link", name="Violations").first.click()
            assert await page.get_by_text("50 / 60 violations").is_visible()
            await page.get_by_role("link", name="Earlier ones").click()
            assert await page.get_by_text("10 / 60 violations").is_visible()

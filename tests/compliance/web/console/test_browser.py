"""The pages in a real browser: at both widths, in both languages, for everybody."""

from itertools import product

import pytest

from services.compliance.people.case import PartyCase
from services.compliance.rules import RULES
from services.compliance.web.console.pages import STATIC
from tests.support.kept import a_connection, a_violation, busy, keep_fact, served, tell
from tests.support.walking import LANGUAGES, NEEDS_CHROMIUM, SIDEWAYS, Inspector, chromium

pytestmark = [pytest.mark.integration, NEEDS_CHROMIUM]

CASE = PartyCase("cn-sx", "late-response", "2022-01", "authority", "").name


async def test_every_page_fits_the_screen_and_bars_nobody_and_breaks_no_policy(
    database: str,
) -> None:
    violations = [a_violation(number, rule=rule.name) for number, rule in enumerate(RULES)]
    inspector = Inspector()
    async with served(database) as address, a_connection(database) as connection:
        await tell(connection, "opened", violations)
        await keep_fact(connection, 1)
        await busy(connection)
        said: list[str] = []
        async with chromium() as browser:
            page = await browser.new_page()
            page.on("console", lambda message: said.append(message.text))
            for path, language in product(
                (
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
                    "/exemptions",
                    "/exemptions?state=never",
                    "/exemptions/new",
                    "/me",
                ),
                LANGUAGES,
            ):
                mark = "&" if "?" in path else "?"
                await page.goto(f"{address}{path}{mark}lang={language}")
                await inspector.look(page, f"{language} {path}")
    assert inspector.faults == []
    # The browser itself says what a page of a problem was answered with.
    assert [one for one in said if "responded with a status of 4" not in one] == []


async def test_bars_of_the_longest_names_fit_a_telephone() -> None:
    longest = max((rule.title_en for rule in RULES), key=len)
    bar = f"<tr><th scope=row>{longest}<td><svg viewBox='0 0 100 12'></svg><td class=r>100.0 %"
    style = (STATIC / "style.css").read_text(encoding="utf-8")
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": 390, "height": 900})
        await page.set_content(f"<style>{style}</style><main><table class=barrow>{bar}</table>")
        assert await page.evaluate(SIDEWAYS) <= 0


async def test_an_officer_finds_a_violation_by_filters_and_links_alone(database: str) -> None:
    violations = [a_violation(number) for number in range(60)]
    async with served(database) as address, a_connection(database) as connection:
        await tell(connection, "opened", violations)
        async with chromium() as browser:
            context = await browser.new_context(java_script_enabled=False, locale="zh-CN")
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

"""The four who work with the console walk through it in a browser: what each must do, and sees."""

import itertools
from collections.abc import Awaitable, Callable

import httpx
import pytest
from playwright.async_api import Browser

from services.compliance.web.console.languages import Language
from services.compliance.web.console.wording import (
    ACTS,
    CASE_ACTS,
    CASE_CHANGES,
    CHANGES,
    GRANT_FAULTS,
    LETTERS,
    QUEUE,
)
from shared.adapters.identity.invented import COOKIE
from tests.support.kept import served
from tests.support.two_months import NAMES, OFFICER, PARTY, PROOF, REGULATOR, REVIEWER, case_of
from tests.support.walking import (
    LANGUAGES,
    NEEDS_CHROMIUM,
    Inspector,
    Walker,
    Way,
    as_somebody,
    chromium,
)

pytestmark = [pytest.mark.integration, NEEDS_CHROMIUM]

MONTHS = ("2022-03", "2022-04")
"""The months whose cases their stories are of."""

EXEMPT = {"reason": "全省停电。", "authority": "省医疗保障局", "document": "晋医保函 2 号"}


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
async def test_the_four_do_their_work_in_both_languages_at_both_widths(
    address: str, *, scripts: bool
) -> None:
    wide: Language = "zh" if scripts else "en"
    narrow: Language = "en" if scripts else "zh"
    ways = (Way(scripts, wide, 1280), Way(scripts, narrow, 390))
    inspector = Inspector([*NAMES, *EXEMPT.values()])
    async with chromium() as browser:
        for way, month in zip(ways, MONTHS, strict=True):
            for name, does in STORY:
                async with as_somebody(browser, address, name, way) as walker:
                    await does(walker, month)
        for way, month in zip(ways, MONTHS, strict=True):
            await _exempts(browser, address, way, month, inspector)
        # axe, that looks at pages, is a script.
        await _many(browser, address, ways[0]._replace(scripts=True), inspector)
    assert inspector.faults == []
    assert inspector.looked_at == (6 if scripts else 2)


async def _takes_up(officer: Walker, month: str) -> None:
    """She finds what is new, acknowledges one, takes the case and drafts its notice."""
    page = officer.page
    await officer.open("/")
    await officer.follow(QUEUE["new"])
    await officer.open(f"/violations?review=new&rule=late-response&distributor=D01&month={month}")
    await page.locator("td.what a").first.click()
    await officer.sees("历史链已核对")
    await officer.write("#text", "已核对原始订单")
    await officer.press(ACTS["acknowledge"])
    await officer.sees(CHANGES["acknowledged"])
    await officer.follow("同一责任方同月的同类事项")
    assert page.url.endswith(f"/cases/{case_of(month)}")
    await officer.press(CASE_ACTS["take"])
    await officer.sees(CASE_CHANGES["taken"])
    await page.locator("#language").select_option(officer.language)
    await officer.write("#words", "请于期限内答复。")
    await officer.press("存为草稿")
    await officer.sees("草稿")


async def _issues(reviewer: Walker, month: str) -> None:
    """She finds the case in the queue, and issues what another drafted; it stays as it went out."""
    page = reviewer.page
    await reviewer.open("/")
    await reviewer.follow(QUEUE["to-notify"])
    await page.locator(f'a[href="/cases/{case_of(month)}"]').click()
    await reviewer.write('input[name="number"]', f"晋医保函 {month}")
    await reviewer.press("签发")
    await reviewer.sees(CASE_CHANGES["issued"])
    await page.get_by_role("link", name=reviewer.said(LETTERS["notice"])).click()
    text = await page.locator("body").inner_text()
    assert f"晋医保函 {month}" in text
    assert "请于期限内答复。" in text
    assert "晋安医药" in text


async def _disputes(party: Walker, month: str) -> None:
    """He sees what he is accused of and answers with a file, for one or for the whole case."""
    page = party.page
    await party.open("/")
    await party.follow("违约事项")
    assert await page.get_by_text("D02").count() == 0
    if month == MONTHS[0]:
        await party.open(f"/violations?review=acknowledged&month={month}")
        await page.locator("td.what a").first.click()
    else:
        await party.open(f"/cases/{case_of(month)}")
    form = page.locator("form", has=page.locator("#file"))
    await form.locator("#reason").select_option("hospital")
    await form.locator("textarea").fill("医院当日停电，无法受理。")
    await form.locator("#file").set_input_files(
        {"name": "停电通知.pdf", "mimeType": "application/pdf", "buffer": PROOF}
    )
    await party.press(ACTS["dispute"])
    await page.wait_for_load_state()
    await party.open(f"/violations?review=disputed&month={month}")
    await page.locator("td.what a").first.click()
    await party.sees(CHANGES["disputed"])
    await party.sees("停电通知.pdf")
    assert await page.get_by_role("button", name=party.said(ACTS["uphold"])).count() == 0


async def _decides(reviewer: Walker, month: str) -> None:
    """She, who has not acknowledged it, finds the dispute in the queue and upholds."""
    page = reviewer.page
    await reviewer.open("/")
    await reviewer.follow(QUEUE["disputed"])
    await reviewer.open(f"/violations?review=disputed&month={month}")
    await page.locator("td.what a").first.click()
    await reviewer.sees("停电通知.pdf")
    await reviewer.write("#text", "停电通知的日期与订单不符。")
    await reviewer.press(ACTS["uphold"])
    await reviewer.sees(CHANGES["upheld"])


async def _oversees(regulator: Walker, month: str) -> None:
    """He reads all of it, as it is and as it was, and changes nothing."""
    page = regulator.page
    await regulator.open(f"/violations?month={month}&review=upheld")
    links = page.locator(".out a")
    for form in await links.all():
        answer = await page.request.get(f"{regulator.address}{await form.get_attribute('href')}")
        assert answer.status == 200
    await page.locator("td.what a").first.click()
    await regulator.sees(CHANGES["upheld"])
    assert await page.locator("form").count() == 0
    await regulator.open("/violations?as_of=2022-05-01T00:00:00Z")
    await regulator.sees("看现在")
    await regulator.open(f"/cases/{case_of(month)}")
    assert await page.locator("form").count() == 0


STORY: tuple[tuple[str, Callable[[Walker, str], Awaitable[None]]], ...] = (
    (OFFICER, _takes_up),
    (REVIEWER, _issues),
    (PARTY, _disputes),
    (REVIEWER, _decides),
    (REGULATOR, _oversees),
)


async def _many(browser: Browser, address: str, way: Way, inspector: Inspector) -> None:
    """An act of several is counted and confirmed on pages that a form leads to."""
    async with as_somebody(browser, address, OFFICER, way) as officer:
        await officer.open("/violations?review=new&distributor=D01")
        for box in (await officer.page.locator('input[name="id"]').all())[:2]:
            await box.check()
        await officer.press(ACTS["acknowledge"])
        await inspector.look(officer.page, "to confirm")
        await officer.press("确认办理")
        await officer.sees("已办理")
        await inspector.look(officer.page, "what was done")


async def _exempts(
    browser: Browser, address: str, way: Way, month: str, inspector: Inspector
) -> None:
    """An exemption is typed, mended, looked at with what it covers, and confirmed."""
    async with as_somebody(browser, address, OFFICER, way) as officer:
        page = officer.page
        await officer.open("/exemptions")
        await officer.follow("登记豁免")
        await page.locator("#rule").select_option("late-response")
        await officer.write("#distributor", "D01")
        for name, day in (("start", "-01"), ("end", "-01")):
            await officer.write(f"#{name}", f"{month}{day}")
        for name, text in EXEMPT.items():
            await officer.write(f"#{name}", text)
        await officer.press("下一步：看涉及多少")
        await officer.sees(GRANT_FAULTS["order"])
        if way.scripts:
            await inspector.look(page, "to mend")
        await officer.write("#end", f"{month}-28")
        await officer.press("下一步：看涉及多少")
        assert await page.locator(".say a b, .say b a").inner_text() == "3"
        if way.scripts:
            await inspector.look(page, "what it covers")
        await officer.press("确认报送")
        await officer.sees("订单服务已收下豁免")


async def test_a_distributor_reaches_nothing_of_others_and_nobody_anything_unknown(
    address: str, database: str
) -> None:
    cookies = {COOKIE: f"person:{PARTY}"}
    async with httpx.AsyncClient(base_url=address, timeout=60) as officer:
        found = (await officer.get("/v1/violations?distributor=D02")).json()["items"]
        foreign = [f"/violations/{one['id']}" for one in found]
        assert foreign
        others = (await officer.get("/v1/cases?jurisdiction=cn-sx")).json()["items"]
        foreign += [f"/cases/{one['id']}" for one in others if one["accused"] != "D01"]
    foreign += ["/parties/distributor/D02", "/parties/hospital/H2"]
    async with httpx.AsyncClient(base_url=address, cookies=cookies, timeout=60) as party:
        assert {(await party.get(path)).status_code for path in foreign} == {404}
    async with served(database, identity="required") as closed, chromium() as browser:
        page = await browser.new_page()
        inspector = Inspector()
        for path, language in itertools.product(("/", f"/cases/{case_of('2022-03')}"), LANGUAGES):
            answer = await page.goto(f"{closed}{path}?lang={language}")
            assert answer is not None
            assert answer.status == 401
            assert "晋安医药" not in await page.content()
            await inspector.look(page, f"nobody {language} {path}")
        assert inspector.faults == []

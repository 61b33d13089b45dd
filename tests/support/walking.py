"""People who walk through the console in a browser, by links, fields and buttons alone."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NamedTuple

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from services.compliance.web.console.languages import Language, translate
from shared.adapters.identity.invented import COOKIE

CHROMIUM = shutil.which("chromium")
WIDTHS = (1280, 390)
A4 = 688
"""Pixels (of 1/96 inch) between the margins of a page of paper: 182 mm."""

LANGUAGES: tuple[Language, ...] = ("zh", "en")
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PATIENCE = 90_000
"""Milliseconds that a browser waits for a page, on a machine that does much else."""

_SHOWN = re.compile(r"<([a-z0-9]+)(?: [^>]*?class=\"([^\"]*)\")?[^>]*>")


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        await started.close()


async def barred(page: Page) -> list[str]:
    """What axe finds that bars somebody, with the element that it means."""
    found = await Axe().run(page, options={"resultTypes": ["violations"]})
    return [f"{one['id']}: {one['nodes'][0]['html']}" for one in found.response["violations"]]


class Way(NamedTuple):
    """How somebody looks at the console; `scripts` where the browser runs any."""

    scripts: bool
    language: Language
    width: int


class Walker(NamedTuple):
    """Somebody at a page, in a language."""

    page: Page
    language: Language
    address: str

    def said(self, text: str) -> str:
        return translate(text, self.language)

    async def open(self, path: str) -> None:
        mark = "&" if "?" in path else "?"
        answer = await self.page.goto(f"{self.address}{path}{mark}lang={self.language}")
        assert answer is not None
        assert answer.status == 200, (path, answer.status)

    async def follow(self, text: str) -> None:
        await self.page.get_by_role("link", name=self.said(text)).first.click()

    async def press(self, text: str) -> None:
        await self.page.get_by_role("button", name=self.said(text), exact=True).first.click()

    async def write(self, field: str, text: str) -> None:
        await self.page.locator(field).fill(text)

    async def sees(self, text: str) -> None:
        found = self.page.get_by_text(self.said(text)).first
        await found.wait_for()


@asynccontextmanager
async def as_somebody(browser: Browser, address: str, name: str, way: Way) -> AsyncIterator[Walker]:
    context = await browser.new_context(
        java_script_enabled=way.scripts, viewport={"width": way.width, "height": 900}
    )
    await be(context, address, name)
    context.set_default_timeout(PATIENCE)
    yield Walker(await context.new_page(), way.language, address)
    await context.close()


async def be(context: BrowserContext, address: str, name: str) -> None:
    await context.add_cookies([{"name": COOKIE, "value": f"person:{name}", "url": address}])


class Inspector:
    """Looks at pages: none goes sideways, and none bars anybody, however it is built.

    Axe takes a second, and the pages of both languages are built alike: it looks at each way to
    build one once.
    """

    def __init__(self) -> None:
        self.faults: list[str] = []
        self.looked_at = 0
        self._known: set[tuple[str, ...]] = set()

    async def look(self, page: Page, where: str) -> None:
        """Look at what a page shows, at both widths and printed; axe sees each way to build one."""
        # A browser that stalls is named with the page it stalls at: these calls know no timeout.
        async with asyncio.timeout(PATIENCE / 1000):
            await self._look(page, where)

    async def _look(self, page: Page, where: str) -> None:
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            if await page.evaluate(SIDEWAYS) > 0:
                self.faults.append(f"{where} goes sideways at {width}")
        await page.set_viewport_size({"width": A4, "height": 900})
        await page.emulate_media(media="print")
        if await page.evaluate(SIDEWAYS) > 0:
            self.faults.append(f"{where} goes sideways on paper")
        await page.emulate_media(media="screen")
        built = {"".join(one) for one in _SHOWN.findall(await page.content())}
        shape = tuple(sorted(built))
        if shape not in self._known:
            self._known.add(shape)
            await page.set_viewport_size(
                {"width": WIDTHS[len(self._known) % len(WIDTHS)], "height": 900}
            )
            self.looked_at += 1
            self.faults += [f"{where}: {fault}" for fault in await barred(page)]

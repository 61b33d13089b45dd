"""People who walk through the console in a browser, by links, fields and buttons alone."""

import asyncio
import re
import shutil
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, BrowserContext, Page, Route, async_playwright

from services.compliance.web.console import languages
from services.compliance.web.console.languages import Language, translate
from shared.adapters.identity.invented import COOKIE

_CHROMIUM = shutil.which("chromium")
NEEDS_CHROMIUM = pytest.mark.skipif(_CHROMIUM is None, reason="chromium is not on the PATH")
WIDTHS = (1280, 390)
A4 = 688
"""Pixels (of 1/96 inch) between the margins of a page of paper: 182 mm."""

LANGUAGES: tuple[Language, ...] = ("zh", "en")
AXE = Axe().axe_script
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
BARRED = """colours => axe.run({resultTypes: ['violations'], preload: false,
                              rules: {'color-contrast': {enabled: colours}}})
  .then(found => found.violations.map(one => `${one.id}: ${one.nodes[0].html}`))"""
"""What axe finds that bars somebody, with the element that it means."""

SCRIPTS = """() => [...document.querySelectorAll('*')]
  .filter(one => one.tagName === 'SCRIPT' ? one.text || !one.src.includes('/console/')
    : [...one.attributes].some(
        held => /^(on|hx-on)/.test(held.name) || /^(javascript|js):/.test(held.value)))
  .map(one => `holds a script: ${one.outerHTML}`)"""
"""Scripts that are none of our files."""

FOREIGN = r"""names => {
  const chinese = /[\u4e00-\u9fff]/, english = /[A-Za-z]{2,}(?:[ ,]+[A-Za-z]{2,}){2,}/;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = [];
  while (texts.nextNode()) {
    if (texts.currentNode.parentElement.closest('code')) continue;
    const own = names.reduce((text, name) => text.replaceAll(name, ''), texts.currentNode.data);
    const said = texts.currentNode.parentElement.closest('[lang]').lang;
    if ((said.startsWith('zh') ? english : chinese).test(own))
      found.push(`says in another language than ${said}: ${own.trim()}`);
  }
  return found;
}"""
"""Texts that are not in the language that the page gives them; two words alone may be a name, and
what stands in `code` was told so by somebody."""

_BUILT = re.compile(r"<([a-z0-9]+)(?: [^>]*?class=\"([^\"]*)\")?[^>]*>")

PATIENCE = 90_000
"""Milliseconds that a browser waits for a page, on a machine that does much else."""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(
            executable_path=_CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        yield started
        await started.close()


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
        answer = await self.page.goto(f"{self.address}{path}")
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
    await context.add_cookies([{"name": languages.COOKIE, "value": way.language, "url": address}])
    context.set_default_timeout(PATIENCE)
    yield Walker(await context.new_page(), way.language, address)
    await context.close()


async def be(context: BrowserContext, address: str, name: str) -> None:
    await context.add_cookies([{"name": COOKIE, "value": f"person:{name}", "url": address}])


class Inspector:
    """Looks at pages, whatever they show: none goes sideways, bars anybody, or holds a script.

    Each is loaded once, and made wide, narrow and of paper. Colours take four fifths of axe's time
    and are those of the elements and their classes: axe looks at them, and at both widths, where
    a page is the first that is built so, and else at one width in turn. `names` are what may stand
    in a page in any language.
    """

    def __init__(self, names: Collection[str] = ()) -> None:
        self.faults: list[str] = []
        self.looked_at = 0
        self._names = list(names)
        self._known: Counter[frozenset[str]] = Counter()

    async def look(self, page: Page, where: str) -> None:
        """Look at what a page shows."""
        # A browser that stalls is named with the page it stalls at: these calls know no timeout.
        async with asyncio.timeout(PATIENCE / 1000):
            faults = [fault async for fault in self._faults(page)]
        self.looked_at += 1
        self.faults += [f"{where}: {fault}" for fault in faults]

    async def _faults(self, page: Page) -> AsyncIterator[str]:
        await page.evaluate(AXE)
        built = frozenset("".join(one) for one in _BUILT.findall(await page.content()))
        before = self._known[built]
        self._known[built] += 1
        axe_at = WIDTHS[before % len(WIDTHS)] if before else None
        for width in WIDTHS:
            await page.set_viewport_size({"width": width, "height": 900})
            if await page.evaluate(SIDEWAYS) > 0:
                yield f"goes sideways at {width}"
            if axe_at in {None, width}:
                for one in await page.evaluate(BARRED, not before):
                    yield f"bars somebody at {width} by {one}"
        await page.set_viewport_size({"width": A4, "height": 900})
        await page.emulate_media(media="print")
        if await page.evaluate(SIDEWAYS) > 0:
            yield "goes sideways on paper"
        await page.emulate_media(media="screen")
        for one in (
            *await page.evaluate(SCRIPTS),
            *await page.evaluate(FOREIGN, self._names),
        ):
            yield one


async def stroll(
    walker: Walker, starts: Iterable[str], named: Callable[[str], str | None], inspector: Inspector
) -> set[str]:
    """Follow links from some addresses; look at one page of each name, and give the names.

    What has no name is no page, and stays where it is.
    """
    await walker.page.context.route("**/letters/*", _without_policy)
    waiting, pages = deque(starts), set[str]()
    while waiting:
        at = waiting.popleft()
        name = named(urlsplit(at).path)
        if name is None or name in pages:
            continue
        pages.add(name)
        await walker.open(at)
        await inspector.look(walker.page, f"{name} {at}")
        links = await walker.page.locator("a[href]").evaluate_all(
            "all => all.map(one => one.getAttribute('href'))"
        )
        own = (urljoin(at, link).partition("#")[0] for link in links)
        waiting += (link for link in own if link.startswith("/"))
    return pages


async def _without_policy(route: Route) -> None:
    """Answer with a letter as it is, less what keeps a browser from looking into it."""
    answer = await route.fetch()
    kept = answer.headers.items()
    headers = {name: value for name, value in kept if name != "content-security-policy"}
    await route.fulfill(response=answer, headers=headers)

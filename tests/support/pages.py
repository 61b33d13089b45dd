"""Pages of the console as tests read them."""

import re
from html.parser import HTMLParser

import httpx
from typing_extensions import override

from services.compliance.web.console.renderer import POLICY


class Page(HTMLParser):
    """What a page holds: its links, its text, and the elements that it is made of."""

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__()
        self.links: list[str] = []
        self.elements: list[str] = []
        self.attributes: list[str] = []
        self.scripts: list[str | None] = []
        self.text = ""
        self.feed(answer.text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
        self.scripts += [dict(attrs).get("src")] if tag == "script" else []
        self.attributes += [name for name, _ in attrs]
        self.links += [value for name, value in attrs if name == "href" and value]

    @override
    def handle_data(self, data: str) -> None:
        self.text += data


def page_of(answer: httpx.Response, status: int = 200) -> Page:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["cache-control"] == "no-store"
    page = Page(answer)
    assert not {"style", "iframe", "object"} & set(page.elements)
    assert page.scripts == ["/console/htmx.min.js", "/console/console.js"]
    assert not [name for name in page.attributes if re.match("style$|on|hx-on", name)]
    assert len(answer.content) <= 60_000, len(answer.content)
    return page

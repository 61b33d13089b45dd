"""Pages of the console as tests read them."""

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
        self.text = ""
        self.feed(answer.text)

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(tag)
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
    assert not {"script", "style", "iframe", "object"} & set(page.elements)
    assert not [name for name in page.attributes if name == "style" or name.startswith("on")]
    assert len(answer.content) <= 60_000, len(answer.content)
    return page

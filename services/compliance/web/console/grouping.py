"""A list of violations by case or by party: other pages, where they can be asked as it was."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlencode


class Group(NamedTuple):
    """By what a list is grouped, and the address of the page that does."""

    by: str
    address: str


class _Page(NamedTuple):
    """A page with groups: what it is asked by, and what it tells apart in columns of its own."""

    path: str
    asks: Mapping[str, str]
    shows: frozenset[tuple[str, str]]


_STANDING: Final = {("status", "open"), ("status", "closed"), ("severity", "breach")}
_WHERE: Final = {"jurisdiction": "jurisdiction"}
_PAGES: Final = {
    "case": _Page(
        "/cases",
        _WHERE | {name: name for name in ("rule", "month", "accused_role", "accused")},
        frozenset(_STANDING | {("exempt", "true"), ("exempt", "false")}),
    ),
    "party": _Page(
        "/parties",
        _WHERE | {"accused_role": "role"},
        frozenset(_STANDING | {("exempt", "false")}),
    ),
}
_OF_A_LIST: Final = frozenset({"page_size", "page_token"})


def groups(asked: Sequence[tuple[str, str]]) -> Iterator[Group]:
    """Give where a list is shown in groups; a page that would show more than was asked is none."""
    for by, page in _PAGES.items():
        chosen = {one for one in asked if one[0] not in _OF_A_LIST} - page.shows
        names = [name for name, _ in chosen]
        if len(set(names)) == len(names) and page.asks.keys() >= set(names):
            wanted = sorted((page.asks[name], value) for name, value in chosen)
            yield Group(by, f"{page.path}?{urlencode(wanted)}" if wanted else page.path)

"""Saved views: which lists can be saved, and by which names."""

import unicodedata
from collections.abc import Mapping
from typing import Final, Literal
from urllib.parse import parse_qsl, urlencode

from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.filters import Asked

LONGEST_NAME: Final = 64
LONGEST_URL: Final = 1_000
SHOWN: Final = 10
"""How many views the overview shows; the page of one's own has all."""

_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "/violations": frozenset(Asked.model_fields) - {"page_token"},
    "/cases": frozenset(CasesAsked.model_fields) - {"page_token"},
}
"""What the lists that can be saved are asked by; a page of them, and its language, is no view."""

FaultKind = Literal["address", "address-long", "name-empty", "name-long", "name-odd", "too-many"]


class ViewError(Exception):
    """A view cannot be saved; `value` is what cannot be, and `kind` says what and why."""

    def __init__(self, kind: FaultKind, value: str) -> None:
        super().__init__(f"{kind}: {value!r}")
        self.kind = kind
        self.value = value


def address_of(path: str, query: str) -> str:
    """Give the address of a list in its one form; raises ViewError for what is no list of ours."""
    if path not in _FIELDS:
        raise ViewError("address", path)
    asked = sorted({(name, value) for name, value in parse_qsl(query) if name in _FIELDS[path]})
    url = f"{path}?{urlencode(asked)}" if asked else path
    if len(url) > LONGEST_URL:
        raise ViewError("address-long", url)
    return url


def check_name(told: str) -> str:
    """Give a name without the spaces around it; raises ViewError for one that is none."""
    name = told.strip(" \u3000")
    if not name:
        raise ViewError("name-empty", told)
    if len(name) > LONGEST_NAME:
        raise ViewError("name-long", name)
    # Control characters, those that turn the direction of text, and lines: in a row of links
    # they would show something else than what was typed.
    if any(unicodedata.category(one) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for one in name):
        raise ViewError("name-odd", name)
    return name

"""How jurisdictions and areas are called: places.toml."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import msgspec
from msgspec import Struct

from services.compliance.web.console.languages import Language


class Called(Struct, frozen=True, forbid_unknown_fields=True):
    """A name in both languages."""

    zh: str
    en: str


class Places(Struct, frozen=True, forbid_unknown_fields=True):
    """All names, by code."""

    jurisdictions: Mapping[str, Called]
    areas: Mapping[str, Called]


@cache
def places() -> Places:
    """Read them."""
    text = Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    return msgspec.convert(tomllib.loads(text), Places)


def jurisdiction_name(code: str, language: Language) -> str:
    """Give what a jurisdiction is called; one that has no name here is called by its code."""
    held = places().jurisdictions.get(code)
    return code if held is None else str(getattr(held, language))


def area_name(code: str | None, language: Language) -> str:
    """Give what an area is called; empty for one that has no name here."""
    for end in range(len(code or ""), 0, -1):
        held = places().areas.get((code or "")[:end])
        if held is not None:
            return str(getattr(held, language))
    return ""

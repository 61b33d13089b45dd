"""Texts of others, shown to people: whatever they hold, they stay texts."""

import re

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""What moves a cursor, rings, ends a line, turns the direction of writing, or has no UTF-8."""

_FORMULA = (*"=+-@\t\r", *"＝＋－＠")  # some programs take the wide ones too


def plain(text: str) -> str:
    """Show what a terminal would obey as an escape: a name that holds ESC changes no screen."""
    return _UNPRINTABLE.sub(_escaped, text)


def cell(text: str) -> str:
    """Write a text for a table of CSV: plain, and no formula to a program that calculates."""
    return f"'{plain(text)}" if text.startswith(_FORMULA) else plain(text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()

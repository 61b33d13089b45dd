"""A case: what one party is accused of under one rule in one month. Nobody makes it, it follows.

Which violations belong to it is a function of each violation; only the work on it is kept.
"""

import re
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple, Self

from shared.domain.calendar import start_of
from shared.domain.errors import InvalidArgumentError

_PLAIN: Final = re.compile(r"[A-Za-z0-9_-]")
_MONTH: Final = re.compile(r"(19|2\d)\d\d-(0[1-9]|1[0-2])", re.ASCII)
_LONGEST_MONTH: Final = timedelta(days=31)
_PARTS: Final = 5


class PartyCase(NamedTuple):
    """What a case is of; `role` and `party` are the accused, `month` (YYYY-MM) is China's."""

    jurisdiction: str
    rule: str
    month: str
    role: str
    party: str

    @property
    def name(self) -> str:
        """Name it, so that the name says all of it and fits an address: one case, one name."""
        return ".".join(map(_escaped, self))

    @property
    def span(self) -> tuple[datetime, datetime]:
        """Give the first instant of its month, and the first one after it."""
        first = date.fromisoformat(f"{self.month}-01")
        return start_of(first), start_of((first + _LONGEST_MONTH).replace(day=1))

    @classmethod
    def named(cls, name: str) -> Self:
        """Read a name; raises InvalidArgumentError for one that no case has."""
        parts = name.split(".")
        if len(parts) == _PARTS:
            found = cls(*map(_plain, parts))
            if found.name == name and _MONTH.fullmatch(found.month):
                return found
        raise InvalidArgumentError(f"{name!r} names no case. /v1/cases lists them, each by its id")


def _escaped(text: str) -> str:
    return "".join(
        letter if _PLAIN.fullmatch(letter) else "".join(f"~{byte:02x}" for byte in letter.encode())
        for letter in text
    )


def _plain(text: str) -> str:
    """Read what was escaped; what was not is given so that it does not come out the same."""
    try:
        raw = re.sub(
            rb"~([0-9a-f]{2})", lambda found: bytes.fromhex(found[1].decode()), text.encode()
        )
        return raw.decode()
    except UnicodeError:
        return ""

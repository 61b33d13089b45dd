"""How products, hospitals and parties are called, by the last telling; no judgement rests on it."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from shared.domain import events as say
from shared.domain.cloudevents import Event

PARTIES = ("product", "hospital", "manufacturer", "distributor")
"""The parties of a violation that have a name of their own."""


NAMING = (say.ProductSelected, say.ProductListed, say.HospitalEnrolled, say.PartyRegistered)
"""What calls somebody or something by a name."""


class Named(NamedTuple):
    """A name as an event gives it; `kind` is what the code is one of."""

    jurisdiction: str
    kind: str
    code: str
    name: str
    said_at: datetime
    source: str
    id: str

    @property
    def order_key(self) -> tuple[datetime, str, str, str]:
        """What decides between two names of one code."""
        return (self.said_at, self.source, self.id, self.name)


def named_by(event: Event) -> Named | None:
    """Give the name that an event tells, None for one that names nobody."""
    match event.data:
        case say.ProductSelected() | say.ProductListed():
            kind, code = "product", event.data.product
        case say.HospitalEnrolled():
            kind, code = "hospital", event.data.hospital
        case say.PartyRegistered():
            kind, code = event.data.kind, event.data.party
        case _:
            return None
    where, name = event.data.jurisdiction, event.data.name
    return Named(where, kind, code, name, event.time, event.source, event.id)


class Names:
    """The names that events tell, each the last told of its code."""

    def __init__(self) -> None:
        self.last: dict[tuple[str, str, str], Named] = {}

    def take(self, event: Event) -> None:
        """Take in what an event calls somebody; order and repetition do not matter."""
        named = named_by(event)
        if named is not None:
            held = self.last.get(named[:3])
            if held is None or held.order_key < named.order_key:
                self.last[named[:3]] = named

    def of(self, jurisdiction: str, party: str, code: str) -> str | None:
        """Give how a code is called; a distributor may be a maker that delivers itself."""
        named = self.last.get((jurisdiction, party, code))
        if named is None and party == "distributor":
            named = self.last.get((jurisdiction, "manufacturer", code))
        return None if named is None else named.name


BRACKETS: Mapping[str, tuple[str, str]] = {"zh": ("（", "）"), "en": ("(", ")")}
"""What a code stands in beside its name, by language."""


def with_names(message: str, called: Mapping[str, str], brackets: tuple[str, str]) -> str:
    """Put its name before each code in a message, and the code in brackets of its language."""
    if not called or not isinstance(message, str):
        return message
    codes = "|".join(re.escape(code) for code in sorted(called, key=len, reverse=True))
    opens, closes = brackets
    return re.sub(
        rf"(?<![\w./%-])(?:{codes})(?![\w/%-])",
        lambda found: f"{called[found[0]]}{opens}{found[0]}{closes}",
        message,
    )

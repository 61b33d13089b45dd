"""Where a page hears of what changes while it is open, from the moment at which it was made."""

from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from services.compliance.answers.names import NamedViolation
from services.compliance.web.stream import FILTERS

_MADE_ANEW = frozenset({"page_size", "page_token"})
"""What chooses a part of a list: what changes may be in any."""


class Follow(NamedTuple):
    """The address of the changes, and the place of the stream behind which they begin."""

    address: str
    after: str


def of_list(asked: Sequence[tuple[str, str]], place: str | None) -> Follow | None:
    """Give it for a list; None where changes cannot be chosen as its items were.

    `place` is where the stream was before the list was read; None where nothing is told.
    """
    chosen = [(name, value) for name, value in asked if name not in _MADE_ANEW]
    if any(name not in FILTERS for name, _ in chosen):
        return None
    return _of(chosen, place)


def of_one(item: NamedViolation, place: str | None) -> Follow | None:
    """Give it for a violation: of the changes that are told there the page chooses its own."""
    about = {"rule": item.rule, "order": item.order, "product": item.product}
    return _of([(name, value) for name, value in about.items() if value is not None], place)


def _of(chosen: Sequence[tuple[str, str]], place: str | None) -> Follow | None:
    return None if place is None else Follow(f"/v1/stream?{urlencode(chosen)}", place)

"""How the parties of violations are called, looked up when they are shown.

A name judges nothing: a company that is renamed has no violation changed, and no line of history.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

import msgspec

from services.compliance.answers.database import Row
from services.compliance.findings.violation import ServedViolation, served
from services.compliance.register.names import BRACKETS, PARTIES, with_names
from shared.adapters.postgres import columns, queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

Asked = tuple[str, str, str]
"""A jurisdiction, what the code is of, and the code."""


Fetch = Callable[..., Awaitable[Sequence[Row]]]
"""Asks PostgreSQL a query with its values."""


class NamedViolation(ServedViolation, frozen=True, kw_only=True):
    """A violation as it stands, and how its parties are called now, by what they are.

    The messages have the names beside the codes; history and evidence say what was told then.
    """

    names: dict[str, str]


async def named_all(fetch: Fetch, rows: Sequence[Row]) -> list[NamedViolation]:
    """Give violations with the names of their parties, asked for all at once."""
    items = [served(row) for row in rows]
    known = await called(fetch, {asked for item in items for asked in _asked(item)})
    return [_named(item, known) for item in items]


async def called(fetch: Fetch, wanted: AbstractSet[Asked]) -> dict[Asked, str]:
    """Give how codes are called, as far as that was told, asked for all at once."""
    rows = await fetch(QUERIES["called"], *columns(sorted(wanted))) if wanted else ()
    return {(row["jurisdiction"], row["party"], row["code"]): row["name"] for row in rows}


def _asked(item: ServedViolation) -> list[Asked]:
    """Give the codes of a violation; what was changed behind our back may be no text."""
    asked = [(item.jurisdiction, party, getattr(item, party)) for party in PARTIES]
    return [one for one in asked if all(isinstance(part, str) for part in one)]


def _named(item: ServedViolation, known: Mapping[Asked, str]) -> NamedViolation:
    """Give a violation with the names of its parties, as far as they were told."""
    told = [asked for asked in _asked(item) if asked in known]
    names = {code: known[where, party, code] for where, party, code in told}
    shown = msgspec.structs.asdict(item) | {
        "message_zh": with_names(item.message_zh, names, BRACKETS["zh"]),
        "message_en": with_names(item.message_en, names, BRACKETS["en"]),
    }
    return NamedViolation(
        **shown, names={party: known[where, party, code] for where, party, code in told}
    )

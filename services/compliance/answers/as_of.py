"""Violations as of an instant: what we knew then, read from the lines of their histories.

What still stands unchanged is in the table of violations; which line held at an instant of what
the machine has changed since is in the table `past`, and the lines themselves say what was known
and what people held of it. The last line at or before the instant holds. A transaction that was
under way at an instant of the last seconds may still add lines of before it.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from services.compliance.answers.database import Database, Row
from services.compliance.findings.history import row_of
from services.compliance.findings.past import HeldUntil
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

LIST = QUERIES["list"]
"""The question of violations.py, as of an instant."""

_KEPT = ("detected_at", "recorded_at", "supersedes", "seq")
"""What the table `past` says of a violation that its last lines alone do not."""


async def stood(database: Database, rows: Sequence[Row], as_of: datetime) -> list[Row]:
    """Make of the rows of a list (as_of.sql, `list`) what they were at its instant.

    A violation that people have touched is made of all its lines, any other of those that tell it.
    """
    asked = [(row["id"], row["body"] is None) for row in rows]
    if not asked:
        return []
    held: dict[UUID, HeldUntil] = {}
    whole: set[UUID] = set()
    ids, gone = zip(*asked, strict=True)
    # Lines never change: what is read after the list is what it was then.
    for line in await database.fetch(QUERIES["lines"], ids, gone, as_of):
        name = line["violation"]
        held.setdefault(name, HeldUntil(name, as_of)).take(row_of(line))
        if line["touched"]:
            whole.add(name)
    return [_as_it_stood(row, held.get(row["id"]), whole=row["id"] in whole) for row in rows]


def _as_it_stood(row: Row, held: HeldUntil | None, *, whole: bool) -> Row:
    told = None if held is None else held.row()
    if told is None:
        return row
    known: dict[str, Any] = {} if whole else {name: row[name] for name in _KEPT}
    return {**told, **known}

"""The views that somebody has saved."""

from pathlib import Path
from typing import NamedTuple

from services.compliance.answers.database import Database
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))


class SavedView(NamedTuple):
    """A list by a name of one's own; `url` is its path and query."""

    name: str
    url: str


async def own(database: Database, subject: str) -> list[SavedView]:
    """Give one's own, by name; raises as `Database.fetch` does."""
    return [SavedView(**row) for row in await database.fetch(QUERIES["own"], subject)]

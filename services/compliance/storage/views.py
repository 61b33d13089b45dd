"""Views that people save: a list by a name of their own."""

from pathlib import Path
from typing import Final

from shared.adapters import postgres
from shared.adapters.postgres import Connection

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

MOST_OF_ONE: Final = 50
"""Views that one person has at a time."""


async def save(connection: Connection, subject: str, name: str, url: str) -> bool:
    """Keep a view, in place of another of its name; False where somebody has too many."""
    async with connection.transaction():
        await connection.execute(QUERIES["hold"], subject)
        saved = await connection.fetchval(QUERIES["save"], subject, name, url, MOST_OF_ONE)
    return saved is not None


async def forget(connection: Connection, subject: str, name: str) -> None:
    """Take a view away; one that there is not is gone already."""
    await connection.execute(QUERIES["forget"], subject, name)

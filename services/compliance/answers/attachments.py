"""Files that lie beside the lines of a violation, as they are listed and given out."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from uuid import UUID

from services.compliance.answers.database import Database, Row
from services.compliance.answers.shapes import AttachmentShown
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))


async def attachments_of(
    fetch: Callable[..., Awaitable[Sequence[Row]]], identity: UUID, last: int
) -> list[AttachmentShown]:
    """Give what lies beside the lines of a violation up to the last one that is shown."""
    rows = await fetch(QUERIES["listed"], identity, last)
    return [AttachmentShown(**row) for row in rows]


async def bytes_of(database: Database, identity: UUID, sha256: bytes) -> Row | None:
    """Give a file beside a violation: `name`, `type`, `bytes`; None where there is none."""
    for row in await database.fetch(QUERIES["bytes"], identity, sha256):
        return row
    return None

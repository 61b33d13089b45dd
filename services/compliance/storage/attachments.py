"""Files that people put beside disputes, each kept once however often it was brought."""

from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from services.compliance.people.attachment import MOST_OF_VIOLATION, Attachment
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.errors import InvalidArgumentError

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


async def attach(
    connection: Connection, places: Sequence[tuple[UUID, int]], files: Sequence[Attachment]
) -> None:
    """Keep files beside lines of history, in the transaction that writes these.

    Raises InvalidArgumentError where a violation would have more than MOST_OF_VIOLATION.
    """
    if not files:
        return
    kept = [(one.sha256, one.type, len(one.data), one.data) for one in files]
    await connection.execute(QUERIES["keep"], *columns(sorted(kept)))
    rows = [
        (violation, seq, n, one.sha256, one.name)
        for violation, seq in places
        for n, one in enumerate(files, 1)
    ]
    await connection.execute(QUERIES["attach"], *columns(rows))
    most = await connection.fetchval(QUERIES["most"], [violation for violation, _ in places])
    if most > MOST_OF_VIOLATION:
        problem = f"attachments: a violation has {MOST_OF_VIOLATION} at most, and would have {most}"
        raise InvalidArgumentError(f"{problem}. Send what is new")

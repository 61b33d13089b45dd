"""Checks the files beside disputes: their bytes, and that the lines of history name just those."""

from pathlib import Path

from services.compliance.findings.history import row_of, said_in
from services.compliance.findings.verification import Difference
from shared.adapters.postgres import Connection, queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))


async def check_attachments(connection: Connection) -> tuple[int, list[str]]:
    """Give how many files are kept, and what of them is not as it was brought."""
    count: int = await connection.fetchval(QUERIES["count"])
    problems = [
        f"attachment {row['sha256']}: its bytes are others"
        for row in await connection.fetch(QUERIES["altered"])
    ]
    # A portal, so that what is held does not grow with what is kept.
    async for row in connection.cursor(QUERIES["beside"], prefetch=500):
        said = {} if row["line"] is None else said_in(row_of(row)).get("review")
        told = said.get("attachments", []) if isinstance(said, dict) else []
        if told != row["files"]:
            name = f"violation {row['violation']}, line {row['seq']}"
            problems.append(f"{name}: {Difference('attachments', row['files'], told)}")
    return count, problems

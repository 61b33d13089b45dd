"""What is kept of a run that failed: what was told, and all that the database holds."""

from contextlib import suppress
from pathlib import Path

import asyncpg

from tests.campaign.load import Load

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'compliance' ORDER BY tablename"


async def keep(folder: Path, load: Load, dsn: str) -> None:
    """Write the events in the order of telling, and each table as CSV, beside the workers' logs."""
    (folder / "events.ndjson").write_bytes(b"\n".join(load.lines) + b"\n")
    with suppress(OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection = await asyncpg.connect(dsn)
        try:
            for row in await connection.fetch(TABLES):
                await connection.copy_from_table(
                    row["tablename"],
                    schema_name="compliance",
                    output=folder / f"{row['tablename']}.csv",
                    format="csv",
                    header=True,
                )
        finally:
            await connection.close()

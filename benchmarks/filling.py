"""Fills the tables of compliance with a made-up past, and with what is counted of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID

from benchmarks.violations import COLUMNS, PAST, WITH_FACTS, Row, facts_of, violations
from shared.adapters.postgres import Connection, queries
from shared.domain.calendar import parse_instant

QUERIES = queries(Path(__file__).with_suffix(".sql"))

_BATCH = 20_000
_COPIES = 5
_MANY = 100_000
_FILLED = ("violation", "history", "fact", "past")
_COUNTS = (
    "accused",
    "judged",
    "open",
    "days",
    "parties",
    "reviews",
    "found",
    "areas",
    "cases",
    "found_days",
    "change_days",
)


async def fill(connection: Connection, count: int) -> list[UUID]:
    """Fill the migrated tables by COPY; gives the violations that have all their facts.

    Of many a fifth is made here, and each copied under other names by PostgreSQL, which is faster.
    """
    asked: list[UUID] = []
    copies = _COPIES if count >= _MANY else 1
    rows = violations(count // copies)
    async with _without_indexes(connection):
        while batch := list(islice(rows, _BATCH)):
            await _copy_all(connection, batch)
            asked += [row.id for row in batch if row.number % WITH_FACTS == 0]
        await multiply(connection, copies)
    for counts in _COUNTS:
        await connection.execute(QUERIES[counts])
    await connection.execute("VACUUM ANALYZE")
    return asked


async def multiply(connection: Connection, copies: int) -> None:
    """Copy what is there until there are so many of each violation."""
    await connection.execute("CREATE TEMP TABLE made AS SELECT id FROM compliance.violation")
    for number in range(1, copies):
        await connection.execute(QUERIES["choose"].replace("$1", str(number)))
        await connection.execute("ANALYZE copied")
        for what in ("history", "violations", "past"):
            await connection.execute(QUERIES[f"copy_{what}"])
        await connection.execute("DROP TABLE copied")


async def _copy_all(connection: Connection, batch: list[Row]) -> None:
    await _copy(connection, "violation", COLUMNS, [row.values for row in batch])
    lines = [
        (row.id, line.seq, parse_instant(line.at), line.actor, line.change, line.line, line.hash)
        for row in batch
        for line in row.lines
    ]
    await _copy(connection, "history", None, lines)
    told = [row for row in batch if row.number % WITH_FACTS == 0]
    await _copy(connection, "fact", None, [fact for row in told for fact in facts_of(row)])
    await _copy(connection, "past", PAST, [row.past for row in batch if row.past is not None])


@asynccontextmanager
async def _without_indexes(connection: Connection) -> AsyncIterator[None]:
    """Make the indexes anew afterwards: row by row into each would take most of the time."""
    indexes = await connection.fetch(QUERIES["indexes"], list(_FILLED))
    for index in indexes:
        await connection.execute(f"DROP INDEX compliance.{index['indexname']}")
    yield
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for index in indexes:
        await connection.execute(index["indexdef"])


async def _copy(
    connection: Connection,
    table: str,
    columns: tuple[str, ...] | None,
    records: list[tuple[Any, ...]],
) -> None:
    await connection.copy_records_to_table(
        table, schema_name="compliance", columns=columns, records=records
    )

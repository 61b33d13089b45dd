"""Violations as last told, their history, and the gauges that are kept in step with them."""

from collections.abc import Iterable
from pathlib import Path

from services.compliance.findings.history import lines_of
from services.compliance.findings.violation import Change
from services.compliance.judging.round import Round
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


async def save(connection: Connection, judged: Round) -> None:
    """Write what a round found and took back, and by how much the gauges moved."""
    await tell(connection, judged.final_changes())
    opened = sorted((*key, count) for key, count in judged.open_counts().items())
    if opened:
        await connection.execute(QUERIES["count_open"], *columns(opened))
    found = sorted((*key, count) for key, count in judged.found_counts().items())
    if found:
        await connection.execute(QUERIES["count_found"], *columns(found))
    unjudged = sorted((*key, count) for key, count in judged.unjudged_counts().items())
    if unjudged:
        await connection.execute(QUERIES["count_unjudged"], *columns(unjudged))


async def tell(connection: Connection, changes: Iterable[Change]) -> None:
    """Write changes of violations, with a line of history and a row of the outbox each."""
    told = lines_of(changes)
    if told.bodies:
        found = (told.bodies, told.changes, told.lines, told.supersedes, told.instants)
        await connection.execute(QUERIES["tell"], *found)
    if told.withdrawn:
        gone = (
            told.withdrawn,
            told.withdrawn_lines,
            told.withdrawn_instants,
            told.withdrawn_details,
        )
        await connection.execute(QUERIES["withdraw"], *gone)

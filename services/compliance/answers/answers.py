"""What the violations API answers, read from PostgreSQL; this module writes nothing."""

import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from services.compliance.answers.filters import Filters, listing
from services.compliance.answers.paging import Place
from services.compliance.findings.history import Line, Verdict, line_of, said_in, verify
from services.compliance.findings.violation import ServedViolation, served
from shared.adapters import postgres
from shared.adapters.postgres import Pool, queries
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import digest
from shared.domain.errors import SetupError, TransientError

_log = logging.getLogger(__name__)

MIGRATIONS = Path(__file__).parents[1] / "storage" / "migrations"
QUERIES = queries(Path(__file__).with_suffix(".sql"))
COUNTED_AT_MOST = 10_000
"""A count that the answer needs only roughly stops here, so that it costs a few milliseconds."""
LETTERS_SHOWN = 10

_PATIENCE = 2.0
"""Seconds that a request waits for a free connection before it is told to come again."""
_SESSION = {
    "application_name": "vbp-compliance-api",
    "default_transaction_read_only": "on",
    "statement_timeout": "5s",
    # A list's best plan depends on the values asked for: one plan for all of them fits none.
    "plan_cache_mode": "force_custom_plan",
    "jit": "off",
}
_UNREACHABLE = "the database does not answer; see that PostgreSQL runs, and try again"
_FAILURES = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
"""What passes, or is mended at the database; anything else that PostgreSQL says is a bug here."""

Row = Mapping[str, Any]


class Told(NamedTuple):
    """A violation with what shows that it can be trusted: `facts` stand as its evidence does."""

    item: ServedViolation
    history: list[dict[str, Any]]
    facts: list[dict[str, Any]]
    verdict: Verdict


@asynccontextmanager
async def opened(dsn: str, *, size: int = 8) -> AsyncIterator["Answers"]:
    """Open what answers; it connects when first asked, so the database may come up later."""
    pool = await asyncpg.create_pool(
        dsn,
        min_size=0,
        max_size=size,
        timeout=_PATIENCE,
        command_timeout=6,
        server_settings=_SESSION,
    )
    try:
        yield Answers(pool)
    finally:
        pool.terminate()


class Answers:
    """The questions that the API can be asked. All raise TransientError if PostgreSQL is away.

    SetupError where it has no schema.
    """

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def violations(
        self, filters: Filters, after: Place | None, limit: int
    ) -> list[ServedViolation]:
        """Give the violations behind a place, newest first."""
        query, values = listing(QUERIES["violations"], filters, after, limit)
        rows = await self._fetch(query, *values)
        return [served(row) for row in rows]

    async def violation(self, identity: UUID) -> Told | None:
        """Give one violation with its history and the facts it rests on, as of one moment."""
        async with self._connection() as connection:
            # One snapshot: a line told between two of the queries would look like a broken chain.
            async with connection.transaction(isolation="repeatable_read", readonly=True):
                row = await connection.fetchrow(QUERIES["violation"], identity)
                if row is None:
                    return None
                lines = await connection.fetch(QUERIES["history"], identity)
            body = msgspec.json.decode(row["body"])
            facts = await connection.fetch(QUERIES["facts"], *_places(body["evidence"]))
        history = [line_of(line) for line in lines]
        verdict = verify(history, seq=row["seq"], head=row["head"], body=body)
        return Told(
            served(row), [_line(line) for line in history], _facts(body["evidence"], facts), verdict
        )

    async def all(self, query: str, *values: object) -> list[Row]:
        """Give the rows of a query of answers.sql."""
        return await self._fetch(QUERIES[query], *values)

    async def one(self, query: str, *values: object) -> Row:
        """Give the only row of a query of answers.sql."""
        (row,) = await self._fetch(QUERIES[query], *values)
        return row

    async def ready(self) -> None:
        """Raise SetupError unless the database has just the migrations that this version has."""
        applied = {row["file"] for row in await self.all("migrations")}
        lacking = sorted({path.name for path in MIGRATIONS.glob("*.sql")} ^ applied)
        if lacking:
            remedy = "Run `vbp migrate`, or the version that the database was made for"
            raise SetupError(f"database and program differ by {', '.join(lacking)}. {remedy}")

    async def _fetch(self, query: str, *values: object) -> list[Row]:
        async with self._connection() as connection:
            rows: list[Row] = await connection.fetch(query, *values)
        return rows

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator["PoolConnectionProxy[Any]"]:
        try:
            async with self._pool.acquire(timeout=_PATIENCE) as connection:
                yield connection
        except asyncpg.QueryCanceledError as error:
            remedy = "add a filter, such as product or occurred_from"
            raise TransientError(f"the database needs more than 5 s for this; {remedy}") from error
        except asyncpg.UndefinedTableError as error:
            raise SetupError(postgres.NO_SCHEMA) from error
        except _FAILURES as error:
            _log.warning("PostgreSQL failed: %r", error)
            raise TransientError(_UNREACHABLE) from error


def _line(line: Line) -> dict[str, Any]:
    said = said_in(line)
    return {
        "seq": line.seq,
        "at": line.at,
        "actor": line.actor,
        "change": line.change,
        "body": said.get("violation"),
        "causes": said.get("causes", []),
        "supersedes": said.get("supersedes", []),
        "line": line.line.decode(errors="replace"),
        "hash": line.hash.hex(),
    }


def _place(evidence: Row) -> tuple[int, int, int]:
    return topics.NUMBER_OF.get(evidence["topic"], -1), evidence["partition"], evidence["offset"]


def _places(evidence: Sequence[Row]) -> tuple[list[int], list[int], list[int]]:
    places = [_place(item) for item in evidence]
    return [p[0] for p in places], [p[1] for p in places], [p[2] for p in places]


def _facts(evidence: Sequence[Row], rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Put each event beside the evidence that points at it; None where it is no longer kept."""
    kept = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
    return [_fact(item, kept.get(_place(item))) for item in evidence]


def _fact(evidence: Row, row: Row | None) -> dict[str, Any]:
    named = {name: evidence[name] for name in ("id", "source", "type")}
    placed = {name: evidence[name] for name in ("topic", "partition", "offset")}
    if row is None:
        return {**named, **placed, "verified": None, "event": None}
    same = all(row[name] == value for name, value in named.items())
    recorded = row["recorded"]
    event = {
        "time": instant_text(row["time"]),
        "recordedtime": None if recorded is None else instant_text(recorded),
        "told": instant_text(row["told"]),
        "data": msgspec.Raw(row["data"]),
    }
    verified = same and digest(row["data"]).hex() == evidence["digest"]
    return {**named, **placed, "verified": verified, "event": event}

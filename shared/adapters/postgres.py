"""PostgreSQL: named queries from .sql files, migrations, pools."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import asyncpg

from shared.domain.errors import SetupError, UnreachableError

if TYPE_CHECKING:
    Connection: TypeAlias = asyncpg.Connection[Any]
    Pool: TypeAlias = asyncpg.Pool[Any]
else:  # asyncpg's classes take a parameter in its stubs only
    Connection = asyncpg.Connection
    Pool = asyncpg.Pool

FAILURES = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
)
"""What is raised when the server or the connection fails: asyncpg has a class of its own for a
connection that is cut between two messages."""

AWAY = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""What is raised while a server is down, starting, stopping or full: it may take us later."""

PASSING = (
    *AWAY,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.TransactionRollbackError,
)
"""What is raised where a connection is cut while it is used, or two stand in each other's way: what
was asked may be asked again."""

REFUSED = (
    asyncpg.DataError,
    asyncpg.ProgramLimitExceededError,
    asyncpg.NotNullViolationError,
    asyncpg.CheckViolationError,
)
"""What is raised for a value that PostgreSQL cannot hold, however often it is written."""

NO_SCHEMA = "the database has no schema yet: run `vbp migrate` first"

_NAME = re.compile(r"^-- (\w+) --$", re.MULTILINE)


def queries(path: Path) -> Mapping[str, str]:
    """Read the queries of a file: each stands under `-- name --`."""
    parts = _NAME.split(path.read_text(encoding="utf-8"))
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def columns(rows: Iterable[Sequence[Any]]) -> list[list[Any]]:
    """Turn rows into columns, as `unnest` takes them."""
    return [list(column) for column in zip(*rows, strict=True)]


async def write_lazily(connection: Connection) -> None:
    """Let this transaction's commit be told before it is on disk: what is lost is read again."""
    await connection.execute("SET LOCAL synchronous_commit = off")


async def stay(connection: Connection) -> None:
    """Say that a transaction goes on, though it has nothing to ask for yet."""
    await connection.execute("SELECT")


def written(status: str) -> int:
    """Give the number of rows that a statement says it wrote."""
    return int(status.rpartition(" ")[2])


async def connect(dsn: str, *, patience: float = 10, **settings: str) -> Connection:
    """Connect with server settings, or raise SetupError that says what to check; seconds.

    UnreachableError, a kind of it, where the server does not answer or takes nobody just now.
    """
    try:
        return await asyncpg.connect(dsn, timeout=patience, server_settings=settings)
    except AWAY as error:
        raise UnreachableError(_unreachable(dsn, error)) from error
    except asyncpg.PostgresError as error:
        raise SetupError(_unreachable(dsn, error)) from error


def masked(dsn: str) -> str:
    """Show a DSN without the user and password that it may hold."""
    return re.sub(r"//[^@/]*@", "//…@", dsn)


def _unreachable(dsn: str, error: Exception) -> str:
    return f"PostgreSQL at {masked(dsn)} does not answer: {error!r}. Start it, or set VBP_DATABASE"


async def migrate(dsn: str, folder: Path, service: str, *, first: str | None = None) -> list[str]:
    """Apply the numbered .sql files of a service that this database lacks; gives their names.

    Forward only, one transaction a file, each of which begins with `first`; one migrator at a time.
    Raises SetupError if a file that was applied has disappeared: the code is then older than the
    database.
    """
    connection = await connect(dsn)
    try:
        return await _migrate(connection, folder, service, first)
    finally:
        await connection.close()


async def _migrate(
    connection: Connection, folder: Path, service: str, first: str | None
) -> list[str]:
    await connection.execute("SELECT pg_advisory_lock(hashtext('vbp-migrate'))")
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS public.vbp_migration "
        "(service text, file text, applied_at timestamptz DEFAULT now(), "
        "PRIMARY KEY (service, file))"
    )
    applied = await _applied(connection, service)
    files = _scripts(folder)
    _refuse_unknown(applied, files, service)
    for name in (name for name in files if name not in applied):
        async with connection.transaction():
            if first is not None:
                await connection.execute(first)
            await connection.execute(files[name])
            await connection.execute(
                "INSERT INTO public.vbp_migration (service, file) VALUES ($1, $2)", service, name
            )
    return [name for name in files if name not in applied]


async def check_migrated(connection: Connection, folder: Path, service: str) -> None:
    """Raise SetupError unless exactly the .sql files of a service that we have are applied.

    An older version would write rows that the newer one no longer means so.
    """
    files = _scripts(folder)
    try:
        applied = await _applied(connection, service)
    except asyncpg.UndefinedTableError as error:
        raise SetupError(NO_SCHEMA) from error
    _refuse_unknown(applied, files, service)
    if missing := sorted(files.keys() - applied):
        raise SetupError(f"the database lacks {', '.join(missing)}: run `vbp migrate`")


async def _applied(connection: Connection, service: str) -> set[str]:
    rows = await connection.fetch(
        "SELECT file FROM public.vbp_migration WHERE service = $1", service
    )
    return {row["file"] for row in rows}


def _refuse_unknown(applied: set[str], files: Mapping[str, str], service: str) -> None:
    if unknown := sorted(applied - files.keys()):
        raise SetupError(
            f"the database has migrations of {service} that this version, which ends with "
            f"{max(files, default='none')}, lacks: {', '.join(unknown)}. Run the newer version"
        )


def _scripts(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.sql"))}

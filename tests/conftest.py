"""The real Kafka and PostgreSQL that integration tests share, and a database for each of them."""

import asyncio
import gc
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import psutil
import pytest
import pytest_asyncio

from deploy.local.stack import LocalStack
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres

_RUNS = Path(__file__).parents[1] / ".vbp" / "test"
_MEMORY, _PLENTY = Path("/dev/shm"), 8 << 30  # noqa: S108  # a directory of each run's own
_LONGEST = (
    "deploy/test_alerting.py",
    "benchmarks/test_benchmarks.py",
    "flows/test_demo.py",
    "flows/test_lost.py",
    "flows/test_campaign.py",
    "flows/test_worker_starved.py",
    "flows/test_worker_faults.py",
    "shared/door/test_attacks.py",
    "flows/test_tallies.py",
    "deploy/test_closed_bus.py",
    "console/test_reached.py",
    "answers/test_audit.py",
    "console/test_violation.py",
    "sources/test_province.py",
    "console/test_browser.py",
    "flows/test_commands.py",
    "flows/test_worker_catches_up.py",
    "console/test_sign_in.py",
    "console/test_pages.py",
    "judging/test_extremes.py",
    "cli/test_replay_processes.py",
    "storage/test_last_release.py",
)
"""The files that take a minute or more, the longest first. They need not all be here: what is
missing only begins later."""

# A shell that starts a run in the background has it ignore Ctrl-C, and all that it starts would
# inherit that: what tests end by Ctrl-C would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Where nothing compiled may lie beside the sources, it lies with what runs leave: the hundreds of
# processes that tests start would otherwise each compile all of them.
if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
    sys.dont_write_bytecode = False
    sys.pycache_prefix = os.environ.setdefault("PYTHONPYCACHEPREFIX", str(_RUNS / "compiled"))

# Tests that are not about who asks do so from this machine, and so do the processes they start.
os.environ.setdefault("VBP_IDENTITY", "local")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal the longest files to the processes that run at once, so that none ends with one.

    Each begins with an equal part of the list (xdist, `--dist worksteal`), takes it from the front,
    and is robbed from the end.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    paths = {path: list(tests) for path, tests in groupby(items, key=lambda item: item.path)}
    files = {
        name: [item for path, tests in paths.items() if path.match(name) for item in tests]
        for name in _LONGEST
    }
    long = [files[name] for name in _LONGEST if files[name]]
    dealt = {item for file in long for item in file}
    others = iter([item for item in items if item not in dealt])
    left, ordered = len(items), list[pytest.Item]()
    for worker in range(workers):
        first = [item for file in long[worker::workers] for item in file]
        size = left // (workers - worker)
        ordered += [*first, *islice(others, max(0, size - len(first)))]
        left -= size
    items[:] = [*ordered, *others]


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays: a twelfth of the time of histories."""
    gc.collect()
    gc.freeze()


@dataclass(frozen=True)
class Addresses:
    """Where the tests find Kafka (`host:port`) and PostgreSQL (a DSN that may create databases)."""

    kafka: str
    database: str


@pytest.fixture(scope="session")
def stack() -> Iterator[Addresses]:
    """The servers that VBP_TEST_KAFKA and VBP_TEST_DATABASE name, else a stack for this run."""
    kafka, database = os.environ.get("VBP_TEST_KAFKA"), os.environ.get("VBP_TEST_DATABASE")
    if kafka and database:
        yield Addresses(kafka, database)
        return
    with _data_of_this_run() as data, LocalStack(data) as started:
        asyncio.run(_keep_nothing_safe(started.database))
        yield Addresses(started.kafka, started.database)


@pytest.fixture(scope="session")
def kafka(stack: Addresses) -> str:
    """The bootstrap address, `host:port`."""
    return stack.kafka


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(stack: Addresses) -> AsyncIterator[str]:
    """The name of the database that every test's database begins as a copy of: it has the schema.

    It is made once for the run. Nobody may stay connected to it: PostgreSQL copies no busy one.
    """
    async with _database(stack, copied_from="template1") as dsn:
        await postgres.migrate(dsn, MIGRATIONS, "compliance")
        yield _name(dsn)


@pytest_asyncio.fixture
async def database(stack: Addresses, template: str) -> AsyncIterator[str]:
    """The DSN of a database for this test alone, with compliance's schema and nothing in it.

    It is dropped afterwards whoever is still connected.
    """
    async with _database(stack, copied_from=template) as dsn:
        yield dsn


@pytest_asyncio.fixture
async def bare_database(stack: Addresses) -> AsyncIterator[str]:
    """As `database`, without a schema."""
    async with _database(stack, copied_from="template1") as dsn:
        yield dsn


@asynccontextmanager
async def _database(stack: Addresses, *, copied_from: str) -> AsyncIterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    # Copied as files: through the log it takes three times the processor time.
    await _execute(
        stack.database,
        f'CREATE DATABASE "{name}" TEMPLATE "{copied_from}" STRATEGY FILE_COPY',
    )
    try:
        yield urlsplit(stack.database)._replace(path=f"/{name}").geturl()
    finally:
        await _execute(stack.database, f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _data_of_this_run() -> Iterator[Path]:
    """A directory in memory where there is plenty of it, else on the disk.

    There, to make and drop a database for each test takes half the processor time.
    """
    _RUNS.mkdir(parents=True, exist_ok=True)
    where = _RUNS
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _PLENTY:
        where = _MEMORY
        # What was killed has left its directory, and memory does not come back by itself.
        for left in where.glob("vbp-test-*"):
            if not psutil.pid_exists(int(left.name.split("-")[2])):
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=where, prefix=f"vbp-test-{os.getpid()}-") as data:
        yield Path(data)


async def _keep_nothing_safe(dsn: str) -> None:
    """Let a server forget all if the machine loses its power: its data end with the run.

    Processes that are killed lose nothing by it. To make and drop a database for each test takes a
    third of the time.
    """
    for setting in ("fsync", "full_page_writes"):
        await _execute(dsn, f"ALTER SYSTEM SET {setting} = off")
    await _execute(dsn, "SELECT pg_reload_conf()")


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _name(dsn: str) -> str:
    return urlsplit(dsn).path.removeprefix("/")

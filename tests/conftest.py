"""The real Kafka and PostgreSQL that integration tests share, and a database for each of them."""

import os
import signal
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio

from deploy.local.stack import LocalStack

_RUNS = Path(__file__).parents[1] / ".vbp" / "test"

# A shell that starts a run in the background has it ignore Ctrl-C, and all that it starts would
# inherit that: what tests end by Ctrl-C would never end.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


# Tests that are not about who asks do so from this machine, and so do the processes they start.
os.environ.setdefault("VBP_IDENTITY", "local")


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
    _RUNS.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=_RUNS, prefix="run-") as data,
        LocalStack(Path(data)) as started,
    ):
        yield Addresses(started.kafka, started.database)


@pytest.fixture(scope="session")
def kafka(stack: Addresses) -> str:
    """The bootstrap address, `host:port`."""
    return stack.kafka


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(stack: Addresses) -> AsyncIterator[str]:
    """The name of the database that every test's database begins as a copy of.

    It is made once for the run. Nobody may stay connected to it: PostgreSQL copies no busy one.
    """
    async with _database(stack, copied_from="template1") as dsn:
        yield _name(dsn)


@pytest_asyncio.fixture
async def database(stack: Addresses, template: str) -> AsyncIterator[str]:
    """The DSN of a database for this test alone, dropped afterwards whoever is still connected."""
    async with _database(stack, copied_from=template) as dsn:
        yield dsn


@asynccontextmanager
async def _database(stack: Addresses, *, copied_from: str) -> AsyncIterator[str]:
    name = f"test_{uuid.uuid4().hex}"
    await _execute(stack.database, f'CREATE DATABASE "{name}" TEMPLATE "{copied_from}"')
    try:
        yield urlsplit(stack.database)._replace(path=f"/{name}").geturl()
    finally:
        await _execute(stack.database, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def _name(dsn: str) -> str:
    return urlsplit(dsn).path.removeprefix("/")

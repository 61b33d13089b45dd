"""Who asked what is kept as it was, for a year, whatever they asked for."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from shared.adapters import postgres
from shared.adapters.identity.access import QUERIES, AccessLog, act_of, last
from shared.adapters.identity.keys import MIGRATIONS
from shared.adapters.postgres import Connection
from tests.support.kept import NOBODY, a_connection

EVER = datetime(2000, 1, 1, tzinfo=UTC)
ASKED = ("/v1/violations/x", "hospital=H1&text=\0" + "a" * 600)


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    await postgres.migrate(database, MIGRATIONS, "identity")
    async with a_connection(database) as connection:
        yield connection


@pytest.mark.integration
async def test_what_was_asked_is_written_at_the_end_at_the_latest(
    database: str, connection: Connection
) -> None:
    log = AccessLog(database)
    async with log.running():
        for act in ("looked", "exported"):
            log.note("person:liwj", act, "GET", ASKED, 200)
        log.note("key:p", "looked", "GET", ASKED, 404)
    lines = await last(connection, None, None, EVER, 10)
    assert len(lines) == 3
    assert len(lines[0].query) == 500
    assert [one.act for one in await last(connection, "person:liwj", "exported", EVER, 10)] == [
        "exported"
    ]
    assert await last(connection, None, None, datetime.now(UTC) + timedelta(1), 10) == []


@pytest.mark.integration
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity.access SET subject = 'nobody'",
        "DELETE FROM identity.access",
        "TRUNCATE identity.access",
    ],
)
async def test_nobody_rewrites_it_and_only_what_is_older_than_a_year_is_forgotten(
    connection: Connection, statement: str
) -> None:
    insert = "INSERT INTO identity.access VALUES ($1, 'a', 'looked', 'GET', '/', '', 200)"
    now = datetime.now(UTC)
    await connection.executemany(insert, [(now - timedelta(days=n),) for n in (0, 364, 366, 900)])
    with pytest.raises(asyncpg.RaiseError, match="append-only"):
        await connection.execute(statement)
    await connection.execute(QUERIES["forget"])
    assert len(await last(connection, None, None, EVER, 10)) == 2


async def test_while_the_database_is_away_lines_wait_and_the_oldest_go_first() -> None:
    log = AccessLog(NOBODY)
    for number in range(10_005):
        log.note("a", "looked", "GET", (f"/{number}", ""), 200)
    await log.write()
    waiting = list(vars(log)["_waiting"])
    assert (len(waiting), waiting[0].path) == (10_000, "/5")


@pytest.mark.parametrize(
    ("method", "path", "act"),
    [
        ("GET", "/violations", "looked"),
        ("HEAD", "/v1/violations", "looked"),
        ("GET", "/v1/violations.csv", "exported"),
        ("GET", "/v1/violations.xlsx", "exported"),
        ("GET", "/v1/violations.ndjson", "exported"),
        ("GET", "/v1/violations.parquet", "exported"),
        ("GET", "/v1/violations/x/pack", "exported"),
        ("POST", "/v1/reviews", "decided"),
        ("POST", "/sign-out", "signed-out"),
    ],
)
def test_what_a_request_does_follows_from_what_it_asks(method: str, path: str, act: str) -> None:
    assert act_of(method, path) == act

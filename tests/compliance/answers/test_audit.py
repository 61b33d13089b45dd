"""What was changed behind our back is found, whatever the column; what was not is left alone."""

import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import httpx
import pytest

from services.compliance.answers import audit
from services.compliance.judging.moment import Moment
from services.sources.province import Plan, simulate
from shared.adapters.postgres import Connection
from tests.support.events import an_event
from tests.support.kept import an_api
from tests.support.kept import read as read_answer
from tests.support.workers.in_process import read
from tests.support.workers.on_database import HEARD, NOW, WorkerOnDatabase

pytestmark = pytest.mark.integration

STORY = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed", end="2022-03-01"),
    an_event("order.placed", "2022-02-01 09:00:00"),
    an_event("order.accepted", "2022-02-05 09:00:00"),
    an_event("delivery.received", "2022-02-20 09:00:00"),
]
EARLIER = [
    an_event("order.accepted", "2022-02-04 09:00:00"),
    an_event("distributor.released", "2022-02-20 00:00:00", end="2022-02-25"),
]

OTHERWISE = {
    "text": "coalesce({0}, '') || 'x'",
    "boolean": "NOT {0}",
    "smallint": "{0} + 100",
    "integer": "coalesce({0}, 0) + 100",
    "bigint": "{0} + 100",
    "timestamp with time zone": "coalesce({0}, '2022-01-01Z') + interval '1 microsecond'",
    "bytea": "{0} || '\\x20'::bytea",
    "uuid": "gen_random_uuid()",
    "ARRAY": "{0} || gen_random_uuid()",
    "jsonb": "jsonb_set({0}, '{{quote}}', '\"x\"')",
}
"""Another value of a column, by its type."""

SPECIAL = {
    ("violation", "status"): "CASE status WHEN 'open' THEN 'closed' ELSE 'open' END",
    # In the same share, so that one look finds it there.
    ("history", "violation"): "overlay(violation::text PLACING 'ffff' FROM 33)::uuid",
    # Spaces mean nothing in JSON, and the digest covers what it means.
    ("fact", "data"): "convert_to(replace(convert_from(data, 'UTF8'), 'H1', 'H2'), 'UTF8')",
    # What is not later than `time` counts for nothing, and is not shown.
    ("fact", "recorded"): "\"time\" + interval '1 microsecond'",
}


class Column(NamedTuple):
    """A column of a table that the audit answers for."""

    table: str
    name: str
    type: str
    nullable: bool

    @property
    def changes(self) -> Iterator[str]:
        """Expressions for other values than the one that is there."""
        quoted = f'"{self.name}"'
        usual = OTHERWISE[self.type].format(quoted)
        yield SPECIAL.get((self.table, self.name), usual)
        if self.nullable and (self.table, self.name) != ("fact", "recorded"):
            yield f"CASE WHEN {quoted} IS NULL THEN {usual} END"


async def columns(connection: Connection) -> list[Column]:
    """All columns there are: a new one cannot be forgotten."""
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type, is_nullable = 'YES' "
        "FROM information_schema.columns WHERE table_schema = 'compliance' "
        "AND table_name IN ('violation', 'history', 'fact') ORDER BY 1, ordinal_position"
    )
    return [Column(*row) for row in rows]


async def problems(connection: Connection, *identities: UUID) -> list[str]:
    """All that the audit finds; of violations only in the shares of some, where such are named."""
    shares = {identity.bytes[0] for identity in identities} or range(audit.SHARES)
    async with connection.transaction(isolation="repeatable_read"):
        parts = [await audit.check_violations(connection, share) for share in shares]
        parts.append(await audit.check_records(connection, 0))
        counts = await audit.check_counts(connection, parts[-1].unjudged, parts[-1].weighed)
        if not identities and sum(p.standing for p in parts) != sum(p.found for p in parts):
            counts += await audit.added(connection)
    return [problem for part in parts for problem in part.problems] + counts


async def verdicts(api: httpx.AsyncClient, identity: UUID) -> tuple[bool, list[Any]]:
    """Whether the chain of a violation holds, and each of its facts."""
    answer = await api.get(f"/v1/violations/{identity}")
    if answer.status_code == 404:
        return False, []
    detail = read_answer(answer)
    return detail["chain"]["verified"], [fact["verified"] for fact in detail["facts"]]


@pytest.fixture
async def told(desk: WorkerOnDatabase) -> WorkerOnDatabase:
    """A desk with violations that were opened, closed, withdrawn and replaced."""
    await desk.handle(*STORY)
    await desk.sweep()
    await desk.handle(*EARLIER)
    await desk.sweep()
    await desk.connection.execute("ALTER TABLE compliance.history DISABLE TRIGGER ALL")
    return desk


KEYS = {"violation": {"id"}, "history": {"violation"}, "fact": {"topic", "partition", "offset"}}
"""Without these a row is not the one that something points at: it is gone."""


@asynccontextmanager
async def changed(
    connection: Connection, column: Column, change: str, where: str
) -> AsyncIterator[None]:
    """Change a column of one row, and put everything back."""
    table = f"compliance.{column.table}"
    await connection.execute(f"CREATE TEMP TABLE held AS SELECT * FROM {table}")  # noqa: S608
    done = await connection.execute(f'UPDATE {table} SET "{column.name}" = {change} WHERE {where}')  # noqa: S608
    assert done == "UPDATE 1", (column, change)
    yield
    await connection.execute(f"DELETE FROM {table}; INSERT INTO {table} SELECT * FROM held")  # noqa: S608
    await connection.execute("DROP TABLE held")


async def test_whatever_column_is_changed_is_found_and_named(
    told: WorkerOnDatabase, database: str
) -> None:
    connection = told.connection
    identity = await connection.fetchval(
        "SELECT id FROM compliance.violation WHERE status = 'closed' AND rule = 'late-response'"
    )
    rows = {
        "violation": f"id = '{identity}'",
        "history": f"violation = '{identity}' AND seq = 1",
        "fact": "type = 'vbp.order.placed.v1'",
    }
    assert await problems(connection) == []
    async with an_api(database, migrated=False) as api:
        for column in await columns(connection):
            for change in column.changes:
                async with changed(connection, column, change, rows[column.table]):
                    found = await problems(connection, identity)
                    named = "gone" if column.name in KEYS[column.table] else column.name
                    said = [problem.partition(": ")[2] for problem in found]
                    assert any(named in one for one in said), (column, change, found)
                    chain, facts = await verdicts(api, identity)
                    holds = all(facts) if column.table == "fact" else chain
                    assert not holds, (column, change)
        assert await verdicts(api, identity) == (True, [True, True])
    assert await problems(connection) == []


GONE = {
    "a violation": ("DELETE FROM compliance.violation", "is gone, though its history is kept"),
    "a violation with its history": (
        "DELETE FROM compliance.violation; DELETE FROM compliance.history",
        "is gone, though late-response of order O1 of cn-sx was last found",
    ),
    "all of its lines": ("DELETE FROM compliance.history", "seq is 2, and should be 0"),
    "the facts": ("DELETE FROM compliance.fact", ": is gone"),
    "the count of what is open": ("DELETE FROM compliance.open_count", "open_count cn-sx/"),
    "an invented count of open ones": (
        "INSERT INTO compliance.open_count VALUES ('cn-sx', 'x', 'breach', '', false, 1)",
        "open_count cn-sx/x/breach//False: count is 1, and should be 0",
    ),
    "the days of what is open": ("DELETE FROM compliance.open_day", "open_day cn-sx/"),
    "an invented day": (
        "INSERT INTO compliance.open_day VALUES ('cn-sx', 'x', 'breach', '2026-01-02Z', 1)",
        "open_day cn-sx/x/breach/2026-01-02 00:00:00+00:00: count is 1, and should be 0",
    ),
    "who is named": ("DELETE FROM compliance.open_party", "open_party cn-sx/hospital/"),
    "one more of a party": (
        "UPDATE compliance.open_party SET count = count + 1 WHERE role = 'hospital'",
        "open_party cn-sx/hospital/H1: count is 3, and should be 2",
    ),
    "an invented count of unjudged ones": (
        "INSERT INTO compliance.unjudged_count VALUES ('cn-sx', 'x', 'cycle', 1)",
        "unjudged_count cn-sx/x/cycle: count is 1, and should be 0",
    ),
    "of how many it was said": ("DELETE FROM compliance.judged_count", "judged_count cn-sx/"),
    "one more that was judged": (
        "UPDATE compliance.judged_count SET count = 9 WHERE role = 'manufacturer'",
        ": count is 9, and should be 1",
    ),
    "who is accused of what": ("DELETE FROM compliance.accused_count", "accused_count cn-sx/"),
    "when it was found": ("DELETE FROM compliance.found_day", "found_day cn-sx/"),
    "what a day brought": (
        "UPDATE compliance.change_day SET count = count + 1 WHERE change = 'opened'",
        "/opened: count is ",
    ),
    "a line that was put elsewhere": (
        "UPDATE compliance.history SET violation = gen_random_uuid() WHERE seq = 2",
        "is gone, though its history is kept",
    ),
    "evidence that points at nothing": (
        "UPDATE compliance.violation SET body = '[]'",
        "body.evidence is nothing",
    ),
}


async def test_what_was_taken_away_or_put_there_is_found(told: WorkerOnDatabase) -> None:
    assert await problems(told.connection) == []
    for what, (statement, said) in GONE.items():
        undone = told.connection.transaction(isolation="repeatable_read")
        await undone.start()
        await told.connection.execute(statement)
        found = await problems(told.connection)
        await undone.rollback()
        assert any(said in problem for problem in found), (what, found)


async def test_what_a_party_said_of_when_it_was_recorded_is_shown_only_where_it_counts(
    told: WorkerOnDatabase, database: str
) -> None:
    await told.connection.execute(
        "UPDATE compliance.fact SET recorded = \"time\" - interval '1 day' "
        "WHERE type = 'vbp.order.placed.v1'"
    )
    (row,) = await told.connection.fetch(
        "SELECT id FROM compliance.violation WHERE rule = 'late-response'"
    )
    async with an_api(database, migrated=False) as api:
        detail = read_answer(await api.get(f"/v1/violations/{row['id']}"))
    assert [fact["event"]["recordedtime"] for fact in detail["facts"]] == [None, None]
    assert [fact["verified"] for fact in detail["facts"]] == [True, True]
    assert await problems(told.connection) == []


def audited(database: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(  # noqa: S603  # our own command line
        [sys.executable, "-m", "services.cli", "audit", "verify", *arguments],
        env={**os.environ, "VBP_DATABASE": database},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )


async def test_a_province_judged_by_a_clock_that_stumbles_is_whole_until_somebody_touches_it(
    desk: WorkerOnDatabase, database: str
) -> None:
    steps = random.Random(3)
    province = simulate(Plan(until=NOW - timedelta(hours=1), orders=600, hospitals=8, days=60))
    events = read(province.events)
    for first in range(0, len(events), 250):
        now = HEARD.now + timedelta(seconds=steps.uniform(-60, 60))
        moment = Moment(now, now)
        await desk.service.handle(desk.batch(*events[first : first + 250]), moment)
        await desk.service.sweep(moment)
    await desk.sweep()
    count = await desk.connection.fetchval("SELECT count(*) FROM compliance.violation")
    assert count > 300

    whole = audited(database)
    assert (whole.returncode, whole.stdout) == (0, ""), whole.stdout
    assert "all is as it was written" in whole.stderr
    assert f"{count:,} violations" in whole.stderr

    await desk.connection.execute(
        "UPDATE compliance.violation SET status = 'closed' WHERE id = "
        "(SELECT id FROM compliance.violation WHERE status = 'open' AND NOT exempt "
        "ORDER BY id LIMIT 1)"
    )
    touched = audited(database, "--processes", "1")
    assert touched.returncode == 1
    status, opened, day, *more = touched.stdout.splitlines()
    assert status.startswith("violation ")
    assert status.endswith(": status is 'closed', and should be 'open'")
    assert opened.startswith("open_count cn-sx/")
    assert day.startswith("open_day cn-sx/")
    accused = [one for one in more if one.startswith("accused_count cn-sx/")]
    assert len(accused) == 2, more
    parties = [one for one in more if one not in accused]
    assert parties
    assert all(party.startswith("open_party cn-sx/") for party in parties)


async def test_an_audit_of_a_database_without_a_schema_says_what_to_do(bare_database: str) -> None:
    empty = audited(bare_database)
    assert (empty.returncode, empty.stdout) == (1, "")
    assert "run `vbp migrate` first" in empty.stderr


async def test_an_audit_of_a_database_that_is_away_says_what_to_check() -> None:
    away = audited("postgresql://vbp@127.0.0.1:9/vbp")
    assert away.returncode == 1
    assert "Start it, or set VBP_DATABASE" in away.stderr

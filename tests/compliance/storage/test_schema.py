"""What the migrations make, and the queries that the service asks of it."""

import asyncio
import operator
import re
import shutil
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from services.compliance.policies import policy
from services.compliance.settings import Settings
from services.compliance.storage import (
    anchors,
    attachments,
    cases,
    contradictions,
    dossiers,
    facts,
    lawbook,
    letters,
    losses,
    names,
    outbox,
    positions,
    quarantine,
    rebuild,
    register,
    reviews,
    schema,
    views,
    violations,
    webhooks,
)
from services.compliance.storage.positions import Span
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import FencedError, SetupError
from tests.support.kept import TOLD, a_violation, tell

pytestmark = pytest.mark.integration

MODULES: list[Any] = [
    anchors,
    attachments,
    cases,
    contradictions,
    dossiers,
    facts,
    lawbook,
    letters,
    losses,
    names,
    outbox,
    positions,
    quarantine,
    rebuild,
    register,
    reviews,
    schema,
    views,
    violations,
    webhooks,
]


@pytest.mark.parametrize("module", MODULES, ids=operator.attrgetter("__name__"))
def test_each_query_stands_beside_the_one_module_that_names_it(module: Any) -> None:
    source = Path(str(module.__file__))
    named = re.findall(r'QUERIES\["(\w+)"\]', source.read_text(encoding="utf-8"))
    assert set(named) == module.QUERIES.keys()
    begun = re.findall(r"^-- \w+ --$", source.with_suffix(".sql").read_text(), re.MULTILINE)
    assert len(begun) == len(module.QUERIES), "two queries of one name"


def test_every_file_of_queries_has_its_module() -> None:
    files = {path.stem for path in Path(str(schema.__file__)).parent.glob("*.sql")}
    assert files == {module.__name__.rpartition(".")[2] for module in MODULES}


async def test_postgresql_can_prepare_every_query(connection: Connection) -> None:
    refused = {}
    # What is made anew stands in a table that lasts as long as the connection.
    await connection.execute(rebuild.QUERIES["begin"])
    for module in MODULES:
        for name, query in module.QUERIES.items():
            try:
                await connection.prepare(query)
            except asyncpg.PostgresError as error:
                refused[module.__name__, name] = str(error)
    assert refused == {}


async def test_migrations_that_were_applied_are_not_applied_again(bare_database: str) -> None:
    files = sorted(path.name for path in schema.MIGRATIONS.glob("*.sql"))
    assert await postgres.migrate(bare_database, schema.MIGRATIONS, "compliance") == files
    assert await postgres.migrate(bare_database, schema.MIGRATIONS, "compliance") == []


async def test_a_database_newer_than_the_code_is_left_alone(database: str, tmp_path: Path) -> None:
    await postgres.migrate(database, schema.MIGRATIONS, "compliance")
    with pytest.raises(SetupError, match=r"0001_compliance\.sql, .*\.sql\. Run the newer version"):
        await postgres.migrate(database, tmp_path, "compliance")


async def test_a_migration_waits_for_a_batch_and_then_shuts_its_worker_out(
    database: str, connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ("vbp.orders.v1", 0)
    await positions.create(connection)
    held = await positions.take(connection, [place], "w1", connection.get_server_pid())
    for file in schema.MIGRATIONS.glob("*.sql"):
        shutil.copy(file, tmp_path)
    (tmp_path / "9999_more.sql").write_text("CREATE TABLE compliance.more ()")
    monkeypatch.setattr(schema, "MIGRATIONS", tmp_path)
    async with connection.transaction():
        await positions.advance(connection, [Span(*place, held[place].epoch, 0, 5)], TOLD)
        migrating = asyncio.create_task(schema.migrate(Settings(database=database)))
        await asyncio.wait([migrating], timeout=0.5)
        assert not migrating.done()
    assert await migrating == ["9999_more.sql"]

    with pytest.raises(FencedError):
        async with connection.transaction():
            await positions.advance(connection, [Span(*place, held[place].epoch, 5, 6)], TOLD)
    again = await positions.take(connection, [place], "w2", connection.get_server_pid())
    assert again[place].next == 5
    assert await schema.migrate(Settings(database=database)) == []
    assert await positions.still_held(connection, again) is not None


DAYS = {
    *(("case_work", "due"), ("letter", "due")),
    *(("found_day", "day"), ("change_day", "day")),
}
"""Days of Shanghai and no instants: by whose end something is due, as people set them; and those
by which is counted."""


async def test_every_instant_is_kept_with_its_time_zone(connection: Connection) -> None:
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema IN ('compliance', 'public') AND data_type ~ '^(time|date)'"
    )
    kinds = {(row["table_name"], row["column_name"]): row["data_type"] for row in rows}
    assert ("violation", "occurred_at") in kinds
    days = {place for place, kind in kinds.items() if kind == "date"}
    assert days == DAYS
    assert {kind for place, kind in kinds.items() if place not in DAYS} == {
        "timestamp with time zone"
    }


REWRITINGS = {
    "update": "UPDATE compliance.history SET actor = 'nobody'",
    "delete": "DELETE FROM compliance.history WHERE seq = 1",
    "upsert": "INSERT INTO compliance.history TABLE compliance.history "
    "ON CONFLICT (violation, seq) DO UPDATE SET line = 'other'",
    "truncate": "TRUNCATE compliance.history",
}


@pytest.mark.parametrize("statement", REWRITINGS.values(), ids=REWRITINGS)
async def test_history_is_never_rewritten(connection: Connection, statement: str) -> None:
    await tell(connection, "opened", [a_violation()])
    before = await connection.fetch("SELECT * FROM compliance.history")
    with pytest.raises(asyncpg.RaiseError, match="history is append-only"):
        await connection.execute(statement)
    assert await connection.fetch("SELECT * FROM compliance.history") == before
    assert len(before) == 1


async def test_another_calendar_has_everything_judged_again_once(
    database: str, connection: Connection, tmp_path: Path
) -> None:
    async def touched() -> list[str]:
        """Take what the last start left to be judged again."""
        rows = await connection.fetch("DELETE FROM compliance.touch RETURNING jurisdiction")
        return sorted(row["jurisdiction"] for row in rows)

    settings = Settings(database=database)
    shipped = policy.load()
    await schema.prepare(settings, shipped)
    await touched()
    await schema.prepare(settings, shipped)
    assert await touched() == []
    (tmp_path / "2027.csv").write_text(
        "day,kind,name,notice,published_on\n2027-01-01,holiday,元旦,X,2026-11-30\n", "utf-8"
    )
    longer = policy.load(calendars=tmp_path)
    await schema.prepare(settings, longer)
    assert await touched() == sorted(shipped.jurisdictions)
    await schema.prepare(settings, longer)
    assert await touched() == []

"""What the migrations make, and the queries that the service asks of it."""

import ast
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from services.compliance.answers import answers
from services.compliance.judging import dossier
from services.compliance.judging.dossier import Judgement
from services.compliance.judging.subjects import Subject
from services.compliance.records.order import Order
from services.compliance.storage import rebuild, storage
from services.compliance.worker.service import Compliance
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import SetupError
from tests.support.kept import POLICIES, a_connection, a_violation, tell

pytestmark = pytest.mark.integration

HOUSE = Path(storage.__file__).parent
FILES = {"queries.sql": storage.QUERIES, "answers.sql": answers.QUERIES}


@pytest.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    await postgres.migrate(database, storage.MIGRATIONS, "compliance")
    async with a_connection(database) as connection:
        yield connection


def subscripts(tree: ast.AST) -> list[ast.Subscript]:
    """Where a query is taken by its name."""
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value).rpartition(".")[2] in {"QUERIES", "_queries"}
    ]


def texts(*nodes: ast.AST) -> set[str]:
    """All texts written inside some nodes."""
    found = (inner for node in nodes for inner in ast.walk(node) if isinstance(inner, ast.Constant))
    return {text.value for text in found if isinstance(text.value, str)}


def queries_named_in(tree: ast.AST) -> set[str]:
    """The queries that a module takes, itself or by a function that is given their name."""
    named = texts(*(node.slice for node in subscripts(tree)))
    takers = {
        function.name
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(node.slice, ast.Name) for node in subscripts(function))
    }
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    given = [call.args for call in calls if ast.unparse(call.func).rpartition(".")[2] in takers]
    return named | texts(*(argument for arguments in given for argument in arguments))


def test_every_query_is_used_and_every_query_used_is_there() -> None:
    modules = (path for path in HOUSE.rglob("*.py") if path.name != "answers.py")
    used = {path: queries_named_in(ast.parse(path.read_text(encoding="utf-8"))) for path in modules}
    assert set().union(*used.values()) == storage.QUERIES.keys() | rebuild.QUERIES.keys()


def test_a_query_is_seen_however_it_is_named() -> None:
    module = """
def taken(lock):
    return storage.QUERIES["one" if lock else "two"]

def read(self, query, rows):
    return self._queries[query], rows["three"]

read(self, "four", other["five"])
"""
    assert queries_named_in(ast.parse(module)) == {"one", "two", "four", "five"}


async def test_postgresql_can_prepare_every_query(connection: Connection) -> None:
    refused = {}
    for file, queries in FILES.items():
        for name, query in queries.items():
            try:
                await connection.prepare(query)
            except asyncpg.PostgresError as error:
                refused[file, name] = str(error)
    assert refused == {}


async def test_migrations_that_were_applied_are_not_applied_again(database: str) -> None:
    files = sorted(path.name for path in storage.MIGRATIONS.glob("*.sql"))
    assert await postgres.migrate(database, storage.MIGRATIONS, "compliance") == files
    assert await postgres.migrate(database, storage.MIGRATIONS, "compliance") == []


async def test_a_database_newer_than_the_code_is_left_alone(database: str, tmp_path: Path) -> None:
    await postgres.migrate(database, storage.MIGRATIONS, "compliance")
    with pytest.raises(SetupError, match=r"0001_compliance\.sql\. Run the newer version"):
        await postgres.migrate(database, tmp_path, "compliance")


async def test_every_instant_is_kept_with_its_time_zone(connection: Connection) -> None:
    rows = await connection.fetch(
        "SELECT table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_schema IN ('compliance', 'public') AND data_type ~ '^(time|date)'"
    )
    kinds = {(row["table_name"], row["column_name"]): row["data_type"] for row in rows}
    assert ("violation", "occurred_at") in kinds
    assert set(kinds.values()) == {"timestamp with time zone"}


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


PRODUCTS, HOSPITALS = ("P1", "P2"), ("H1", "H2")
KEYS = ("a", "B", "_", "~", "1", "10", "9", "药", "é")
RECORDS = [
    (jurisdiction, kind, f"{key}/{product}/{hospital}", product, hospital)
    for jurisdiction in ("cn-sx", "cn-tj")
    for kind in ("order", "commitment")
    for key in KEYS
    for product in PRODUCTS
    for hospital in HOSPITALS
]


async def keep_records(connection: Connection) -> None:
    """Keep records judged under the first version of a law that has moved since."""
    empty = (dossier.encode(Order()), dossier.encode(Judgement()))
    await connection.executemany(
        "INSERT INTO compliance.dossier "
        "(jurisdiction, kind, key, product, hospital, version, law, record, judgement) "
        "VALUES ($1, $2, $3, $4, $5, 1, 1, $6, $7)",
        [(*record, *empty) for record in RECORDS],
    )
    await connection.execute(
        "INSERT INTO compliance.law (jurisdiction, version) VALUES ('cn-sx', 2), ('cn-tj', 2)"
    )


async def marked_each_time(connection: Connection, most: int) -> list[list[Subject]]:
    """Expand touches to their end; gives the records that each step marked as due."""
    service = Compliance(connection, POLICIES)
    steps: list[list[Subject]] = []
    while await service.expand_touches(most):
        assert len(steps) <= len(RECORDS), "a touch that never ends"
        rows = await connection.fetch(
            "DELETE FROM compliance.look_again WHERE look_at = 'epoch' "
            "RETURNING jurisdiction, kind, key"
        )
        steps.append([Subject(*row) for row in rows])
    return steps


@pytest.mark.parametrize("hospital", [None, "H1"])
@pytest.mark.parametrize("product", [None, "P1"])
async def test_a_touch_walks_the_records_it_reaches_once_range_by_range(
    connection: Connection, product: str | None, hospital: str | None
) -> None:
    await keep_records(connection)
    # An index happens to give the right order; the walk must not rest on the plan chosen.
    for plan in ("indexscan", "indexonlyscan", "bitmapscan"):
        await connection.execute(f"SET enable_{plan} = off")
    touch = [["cn-sx"], [product], [hospital]]
    await connection.execute(storage.QUERIES["touch"], *touch)

    steps = await marked_each_time(connection, most=7)

    reached = Counter(subject for step in steps for subject in step)
    assert reached == Counter(
        Subject(*record[:3])
        for record in RECORDS
        if record[0] == "cn-sx" and product in {None, record[3]} and hospital in {None, record[4]}
    )
    if product is None or hospital is None:
        assert max(map(len, steps)) == 7
    assert await connection.fetchval("SELECT count(*) FROM compliance.touch") == 0
    assert await connection.fetchval("SELECT count(*) FROM compliance.look_again") == 0


@pytest.mark.parametrize("touch", [(None, None), ("P1", "H1")])
async def test_a_touch_leaves_alone_what_was_judged_under_the_law_it_brought(
    connection: Connection, touch: tuple[str | None, str | None]
) -> None:
    await keep_records(connection)
    judged_since = "UPDATE compliance.dossier SET law = 2 WHERE kind = 'order'"
    await connection.execute(judged_since)
    await connection.execute(storage.QUERIES["touch"], ["cn-sx"], *([code] for code in touch))
    steps = await marked_each_time(connection, most=1_000)
    assert {subject.kind for step in steps for subject in step} == {"commitment"}


async def test_a_touch_brings_forward_what_waits_for_later(connection: Connection) -> None:
    await keep_records(connection)
    await connection.execute(
        "INSERT INTO compliance.look_again SELECT jurisdiction, kind, key, '2099-01-01Z', "
        "'2098-01-01Z' FROM compliance.dossier"
    )
    await connection.execute(storage.QUERIES["touch"], ["cn-sx"], [None], [None])
    service = Compliance(connection, POLICIES)
    assert [await service.expand_touches(most=50) for _ in range(3)] == [True, True, False]
    rows = await connection.fetch(
        "SELECT jurisdiction, look_at = 'epoch' AS due, hear_at = '2098-01-01Z' AS waits, "
        "count(*) AS count FROM compliance.look_again GROUP BY 1, 2, 3 ORDER BY 1"
    )
    half = len(RECORDS) // 2
    assert [tuple(row) for row in rows] == [
        ("cn-sx", True, True, half),
        ("cn-tj", False, True, half),
    ]


async def test_a_range_that_was_rolled_back_is_walked_again(connection: Connection) -> None:
    await keep_records(connection)
    await connection.execute(storage.QUERIES["touch"], ["cn-sx"], [None], [None])
    lost = connection.transaction()
    await lost.start()
    assert await Compliance(connection, POLICIES).expand_touches(most=7)
    await lost.rollback()

    steps = await marked_each_time(connection, most=7)
    assert sum(map(len, steps)) == len(RECORDS) // 2

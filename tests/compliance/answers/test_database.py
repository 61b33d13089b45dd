"""The queries that answer: each fits the schema, and stands beside the one module that names it."""

import operator
import re
from pathlib import Path
from typing import Any

import pytest

from services.compliance.answers import (
    anchors,
    as_of,
    attachments,
    audit,
    audit_attachments,
    audit_cases,
    bulletin,
    case_changes,
    case_listing,
    case_numbers,
    cases,
    contradictions,
    coverage,
    denominators,
    exemptions,
    kept,
    letters,
    names,
    operation,
    parts,
    queue,
    receipts,
    trends,
    views,
    violations,
)
from services.compliance.answers.database import Database
from shared.adapters.postgres import Connection
from shared.domain.errors import TransientError

pytestmark = pytest.mark.integration

MODULES: list[Any] = [
    *(anchors, as_of, attachments, audit, audit_attachments, audit_cases, bulletin),
    *(case_changes, case_listing, case_numbers, cases),
    *(
        contradictions,
        coverage,
        denominators,
        exemptions,
        kept,
        letters,
        names,
        operation,
        parts,
        queue,
        receipts,
        trends,
        views,
        violations,
    ),
]


@pytest.mark.parametrize("module", MODULES, ids=operator.attrgetter("__name__"))
def test_each_query_stands_beside_the_one_module_that_names_it(module: Any) -> None:
    source = Path(str(module.__file__))
    text = source.read_text(encoding="utf-8")
    assert set(re.findall(r'QUERIES\["(\w+)"\]', text)) <= module.QUERIES.keys()
    assert {name for name in module.QUERIES if f'"{name}"' in text} == module.QUERIES.keys()
    begun = re.findall(r"^-- \w+ --$", source.with_suffix(".sql").read_text(), re.MULTILINE)
    assert len(begun) == len(module.QUERIES), "two queries of one name"


def test_every_file_of_queries_has_its_module() -> None:
    files = {path.stem for path in Path(str(audit.__file__)).parent.glob("*.sql")}
    assert files == {module.__name__.rpartition(".")[2] for module in MODULES}


async def test_postgresql_can_prepare_every_query(connection: Connection) -> None:
    for module in MODULES:
        for query in module.QUERIES.values():
            await connection.prepare(query)


async def test_it_opens_itself_and_again_after_it_was_closed(
    database: str,
    connection: Connection,  # noqa: ARG001 - it migrates the database
) -> None:
    async with Database(database) as reader:
        await reader.ready()
        reader.close()
        await reader.ready()


async def test_it_writes_nothing(database: str, connection: Connection) -> None:
    async with Database(database) as reader:
        with pytest.raises(Exception, match="read-only transaction"):
            await reader.fetch("INSERT INTO compliance.law (jurisdiction) VALUES ('x')")
    assert await connection.fetchval("SELECT count(*) FROM compliance.law") == 0


async def test_a_server_that_is_away_is_transient_and_asked_anew_when_it_is_back(
    database: str,
    connection: Connection,  # noqa: ARG001 - it migrates the database
) -> None:
    async with Database("postgresql://vbp@127.0.0.1:9/vbp") as away:
        with pytest.raises(TransientError, match="does not answer"):
            await away.ready()
    async with Database(database) as back:
        await back.ready()

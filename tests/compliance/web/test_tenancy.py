"""A party sees what accuses or names it, a regulator its jurisdictions: PostgreSQL sees to it."""

import json
import random
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio

from services.compliance.settings import Settings
from services.compliance.web.app import create_app
from shared.adapters.postgres import Connection
from shared.domain import topics
from shared.domain.calendar import instant_text
from shared.domain.principal import Party, Role
from tests.support.exported import rows_of, sheet, table_of, typed
from tests.support.kept import POLICIES, TOLD, a_connection, a_violation, keep_fact, tell
from tests.support.keys import a_key, bearer
from tests.support.tenants import READABLE, documented

pytestmark = pytest.mark.integration

MINE = [
    a_violation(1, hospital="H7"),
    a_violation(2, hospital="H7", jurisdiction="cn-tj"),
]
OTHERS = [
    a_violation(10, hospital="H8"),
    a_violation(11, hospital="H7 "),
    a_violation(12, hospital=None),
    a_violation(13, hospital="h7", jurisdiction="cn-tj"),
    a_violation(14, manufacturer="H7"),
    a_violation(15, distributor="H7"),
]  # fmt: skip
ALL = [*MINE, *OTHERS]
COUNT = "SELECT count(*) FROM compliance.{}"
PARTS = ("", "/evidence", "/facts", "/history")
EXPORTS: dict[str, Callable[[httpx.Response], list[dict[str, Any]]]] = {
    "csv": table_of,
    "ndjson": lambda answer: [json.loads(line) for line in answer.text.splitlines()],
    "xlsx": lambda answer: rows_of(sheet(answer)),
    "parquet": lambda answer: typed(answer).to_pylist(),
}
"""How the rows of an export are read, by its form."""


@pytest_asyncio.fixture
async def connection(database: str) -> AsyncIterator[Connection]:
    async with a_connection(database) as connection:
        await tell(connection, "opened", ALL)
        yield connection


@pytest_asyncio.fixture
async def api(database: str, connection: Connection) -> AsyncIterator[httpx.AsyncClient]:
    assert not connection.is_closed()
    app = create_app(Settings(database=database, identity="required"), POLICIES)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api")
    async with app.router.lifespan_context(app), client:
        yield client


async def a_party(database: str, *places: str) -> dict[str, str]:
    own = [Party("hospital", "H7")]
    return bearer(await a_key(database, Role.PARTY, parties=own, jurisdictions=places or None))


async def listed(api: httpx.AsyncClient, headers: dict[str, str], **asked: str) -> set[str]:
    answer = await api.get("/v1/violations", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


async def exported(
    api: httpx.AsyncClient, headers: dict[str, str], form: str, **asked: str
) -> list[str]:
    """The ids of the rows of an export; none of others stands anywhere in it."""
    answer = await api.get(f"/v1/violations.{form}", params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    rows = EXPORTS[form](answer)
    assert not any(one in str(rows) for one in ids(OTHERS))
    return sorted(row["id"] for row in rows)


def ids(violations: list) -> set[str]:  # type: ignore[type-arg]
    return {str(one.id) for one in violations}


async def test_a_party_is_listed_what_names_it_whatever_it_asks_for(
    api: httpx.AsyncClient, database: str
) -> None:
    me = await a_party(database)
    assert await listed(api, me) == ids(MINE)
    for asked in ({"hospital": "H8"}, {"manufacturer": "H7"}, {"area": "140100", "product": "P9"}):
        assert await listed(api, me, **asked) == set()
    assert await listed(api, me, status="open", severity="warning") == ids(MINE)
    assert await listed(api, await a_party(database, "cn-tj")) == ids(MINE[1:])


async def test_what_is_anothers_is_not_there_in_any_form(
    api: httpx.AsyncClient, database: str
) -> None:
    me = await a_party(database)
    for part in PARTS:
        for one in OTHERS:
            answer = await api.get(f"/v1/violations/{one.id}{part}", headers=me)
            unknown = await api.get(f"/v1/violations/{uuid4()}{part}", headers=me)
            assert answer.status_code == unknown.status_code == 404
            assert answer.json()["type"] == unknown.json()["type"]
        for one in MINE:
            answer = await api.get(f"/v1/violations/{one.id}{part}", headers=me)
            assert answer.status_code == 200
    for one in OTHERS:
        assert (await api.get(f"/violations/{one.id}", headers=me)).status_code == 404


async def test_counts_exports_matrix_and_pages_of_parties_hold_nothing_of_others(
    api: httpx.AsyncClient, database: str
) -> None:
    me = await a_party(database)
    for form in EXPORTS:
        assert await exported(api, me, form) == sorted(ids(MINE)), form
        assert await exported(api, me, form, hospital="H8") == [], form
    for show in ("open", "year"):
        matrix = await api.get("/v1/matrix", params={"show": show}, headers=me)
        assert sum(row["found"] for row in matrix.json()["rows"]) == 0
    parties = (await api.get("/v1/parties", headers=me)).json()["items"]
    assert {(one["role"], one["party"]) for one in parties} <= {("hospital", "H7")}
    for path in ("/v1/parties/distributor/D1", "/parties/distributor/D1"):
        assert (await api.get(path, headers=me)).status_code == 404
    page = (await api.get("/violations", headers=me)).text
    assert all(one in page for one in ids(MINE))
    assert not any(one in page for one in ids(OTHERS))


async def test_of_what_moves_a_party_is_told_its_own_cases_and_nothing_of_all(
    api: httpx.AsyncClient, database: str
) -> None:
    me = bearer(
        await a_key(database, Role.PARTY, holder="d2", parties=[Party("distributor", "D2")])
    )
    everybody = bearer(await a_key(database, Role.AUDITOR, holder="all"))
    async with a_connection(database) as connection:
        await connection.execute("UPDATE compliance.found_day SET day = current_date")
        await connection.execute(
            "INSERT INTO compliance.found_day VALUES "
            "('cn-sx', current_date, '2022-01', 'late-response', 'distributor', 'D2', 5)"
        )
    mine = (await api.get("/v1/trends", headers=me)).json()
    assert [(one["accused"], one["news"]) for one in mine["growth"]] == [("D2", 5)]
    assert (mine["flow"], mine["ages"]) == (None, None)
    whole = (await api.get("/v1/trends", headers=everybody)).json()
    assert len(whole["growth"]) > 1
    assert len(whole["flow"]) == 30
    page = (await api.get("/", headers=me)).text
    assert "D2" in page
    assert "D1" not in page
    assert "数据库没有应答" not in page
    assert "/quality" not in page


async def test_a_regulator_sees_its_jurisdictions_and_an_auditor_all(
    api: httpx.AsyncClient, database: str
) -> None:
    one = bearer(await a_key(database, Role.REGULATOR, holder="tj", jurisdictions=["cn-tj"]))
    everybody = bearer(await a_key(database, Role.AUDITOR, holder="all"))
    there = [violation for violation in ALL if violation.jurisdiction == "cn-tj"]
    assert await listed(api, one) == ids(there)
    assert await listed(api, everybody) == ids(ALL)
    for path in ("/v1/matrix", "/v1/parties", "/bulletins/2022-01"):
        assert (await api.get(path, headers=one)).status_code == 404
    assert (await api.get("/v1/matrix?jurisdiction=cn-tj", headers=one)).status_code == 200
    for path in ("/v1/status", "/v1/contradictions"):
        answer = await api.get(path, headers=one)
        assert (answer.status_code, answer.json()["title"]) == (403, "Forbidden")


async def test_coverage_is_told_of_the_jurisdictions_of_who_oversees_and_to_no_party(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    asked = {"jurisdiction": "cn-tj", "area": "140100"}
    me = await a_party(database)
    one = bearer(await a_key(database, Role.REGULATOR, holder="tj", jurisdictions=["cn-tj"]))
    for path in ("/v1/coverage", "/coverage"):
        assert (await api.get(path, params=asked, headers=one)).status_code == 200
        refused = await api.get(path, params=asked, headers=me)
        assert refused.status_code == 403
    assert 'href="/coverage"' in (await api.get("/violations", headers=one)).text
    assert 'href="/coverage"' not in (await api.get("/violations", headers=me)).text
    for place in ("cn-sx", "cn-tj"):
        await connection.execute(
            "INSERT INTO compliance.reference (jurisdiction, kind, code, body) "
            "VALUES ($1, 'product', 'P1', '')",
            place,
        )
        await connection.execute(
            "INSERT INTO compliance.agreement (jurisdiction, agreement, product, hospital, body) "
            "VALUES ($1, 'A1', 'P1', 'H7', '')",
            place,
        )
        await connection.execute(
            "INSERT INTO compliance.dossier (jurisdiction, kind, key, version, law, record, "
            "judgement) VALUES ($1, 'appointments', 'P1', 1, 1, '', '')",
            place,
        )
    tables = ("reference", "agreement", "appointments")
    assert [await connection.fetchval(COUNT.format(table)) for table in tables] == [2, 2, 2]
    await connection.execute("SET ROLE vbp_reader")
    for places, parties, seen in (
        ("{cn-tj}", "*", 1),
        ("*", "*", 2),
        ("*", '{"hospital:H7"}', 0),
        ("", "", 0),
    ):
        await connection.execute(
            "SELECT set_config('vbp.places', $1, false), set_config('vbp.parties', $2, false)",
            *(places, parties),
        )
        for table in tables:
            assert await connection.fetchval(COUNT.format(table)) == seen


async def test_what_was_known_of_others_earlier_is_not_shown_either(
    api: httpx.AsyncClient, connection: Connection, database: str
) -> None:
    later = TOLD + timedelta(days=1)
    handed_on = a_violation(20, hospital="H7")
    await tell(connection, "opened", [handed_on])
    mine = [*MINE, handed_on]
    await tell(connection, "closed", [one for one in ALL if one not in MINE], at=later)
    await tell(connection, "closed", MINE, at=later)
    await tell(connection, "changed", [a_violation(20, hospital="H8")], at=later)
    me = await a_party(database)
    then = {"as_of": instant_text(TOLD)}
    # What is another's by now is so of any instant: its lines tell of that other.
    assert await listed(api, me, **then) == ids(MINE)
    assert await listed(api, await a_party(database, "cn-tj"), **then) == ids(MINE[1:])
    for form in EXPORTS:
        assert await exported(api, me, form, **then) == sorted(ids(MINE)), form
    for one in [*OTHERS, handed_on]:
        answer = await api.get(f"/v1/violations/{one.id}", params=then, headers=me)
        assert answer.status_code == 404
    everybody = bearer(await a_key(database, Role.AUDITOR, holder="all"))
    assert await listed(api, everybody, **then) == ids([*mine, *OTHERS])


async def test_who_asks_after_another_on_the_same_connection_sees_its_own(
    api: httpx.AsyncClient, database: str
) -> None:
    me = await a_party(database)
    other = bearer(
        await a_key(database, Role.PARTY, holder="H8", parties=[Party("hospital", "H8")])
    )
    everybody = bearer(await a_key(database, Role.AUDITOR, holder="all"))
    wanted = [(me, ids(MINE)), (other, ids(OTHERS[:1])), (everybody, ids(ALL))] * 15
    random.Random(7).shuffle(wanted)
    for headers, found in wanted:
        assert await listed(api, headers) == found


async def test_without_a_tenant_the_role_that_reads_sees_nothing(connection: Connection) -> None:
    await connection.execute("SET ROLE vbp_reader")
    tables = await connection.fetch(
        "SELECT relname FROM pg_class WHERE relnamespace = 'compliance'::regnamespace "
        "AND relrowsecurity AND relforcerowsecurity"
    )
    assert len(tables) >= 13
    for (table,) in tables:
        assert await connection.fetchval(COUNT.format(table)) == 0
    for places, parties in (("", ""), ("*", ""), ("", "*"), ("{}", "{}"), ("*", "{hospital:}")):
        await connection.execute(
            "SELECT set_config('vbp.places', $1, false), set_config('vbp.parties', $2, false)",
            *(places, parties),
        )
        assert await connection.fetchval("SELECT count(*) FROM compliance.violation") == 0
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("UPDATE compliance.violation SET status = 'withdrawn'")


async def test_events_are_shown_of_violations_that_rest_on_them_and_no_others(
    connection: Connection,
) -> None:
    await keep_fact(connection, 1)
    await keep_fact(connection, 10)
    await connection.execute("SET ROLE vbp_reader")
    await connection.execute("SELECT set_config('vbp.places', '*', false)")
    await connection.execute("SELECT set_config('vbp.parties', '{hospital:H7}', false)")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.fetch("SELECT * FROM compliance.fact")
    asked = "SELECT id FROM compliance.facts_of($1, $2, $3, $4)"
    orders = topics.NUMBER_OF["vbp.orders.v1"]
    places = ([orders] * 2, [3, 3], [1, 10])
    for one, found in ((MINE[0], ["e1"]), (MINE[1], []), (OTHERS[0], [])):
        rows = await connection.fetch(asked, one.id, *places)
        assert [row["id"] for row in rows] == found
    await connection.execute("RESET ROLE")
    assert len(await connection.fetch(asked, OTHERS[0].id, *places)) == 2


async def test_every_table_that_names_a_party_says_who_sees_it_or_is_closed(
    connection: Connection,
) -> None:
    named = await connection.fetch(
        "SELECT DISTINCT c.relname, c.relrowsecurity AND c.relforcerowsecurity AS kept, "
        "has_table_privilege('vbp_reader', c.oid, 'SELECT') AS readable "
        "FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
        "WHERE c.relkind = 'r' AND NOT c.relispartition AND c.relnamespace::regnamespace::text "
        "IN ('compliance', 'orders', 'delivery', 'identity') AND a.attname IN ('hospital', "
        "'distributor', 'manufacturer', 'party', 'accused', 'holder', 'payer', 'payee')"
    )
    assert {row["relname"] for row in named} >= {"violation", "open_party", "accused_count"}
    assert [row["relname"] for row in named if row["readable"] and not row["kept"]] == []


async def test_what_a_superuser_is_told_to_open_is_what_the_migrations_open(
    connection: Connection,
) -> None:
    tables = dict(await connection.fetch(READABLE, "compliance"))
    assert tables.keys() == documented("compliance")


async def test_five_thousand_foreign_ids_leak_nothing(connection: Connection) -> None:
    """Without any condition of the API's own: what PostgreSQL keeps back, it keeps back alone."""
    many = [a_violation(n, hospital=f"H{n % 50}") for n in range(100, 5_100)]
    await tell(connection, "opened", many)
    await connection.execute("SET ROLE vbp_reader")
    await connection.execute("SELECT set_config('vbp.places', '*', false)")
    foreign = {str(one.id) for one in many}
    for n in range(50):
        await connection.execute(
            "SELECT set_config('vbp.parties', $1, false)", f'{{"hospital:H{n}"}}'
        )
        rows = await connection.fetch("SELECT id::text, hospital FROM compliance.violation")
        assert {row["hospital"] for row in rows} == {f"H{n}"}
        seen = {row["id"] for row in rows}
        if n % 10 == 0:  # Each line asks for its violation anew.
            lines = await connection.fetch(
                "SELECT DISTINCT violation::text FROM compliance.history"
            )
            assert {line["violation"] for line in lines} == seen
        found = await connection.fetchval(
            "SELECT count(*) FROM compliance.violation WHERE id = ANY($1::uuid[])",
            sorted(foreign - seen),
        )
        assert found == 0

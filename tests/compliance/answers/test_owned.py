"""Counts of a party are read by an index, whatever others are accused of."""

from collections.abc import AsyncIterator
from datetime import date

import pytest
import pytest_asyncio
from typing_extensions import override

from services.compliance.answers import cases, denominators, owned
from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.database import Database, Row
from services.compliance.answers.denominators import MatrixAsked
from services.compliance.answers.listing import Scope
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.domain.principal import Party
from tests.support.kept import a_connection

pytestmark = pytest.mark.integration

TODAY = date(2022, 6, 30)
MINE = frozenset({Party("distributor", "D7"), Party("hospital", "H7")})


class Confined(Database):
    """The database as a party asks it, without the rows that PostgreSQL keeps back: it keeps none.

    What is not asked for is then seen; `asked` are the queries with their values.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn)
        self.parties: frozenset[Party] | None = MINE
        self.asked: list[tuple[str, tuple[object, ...]]] = []

    @property
    @override
    def scope(self) -> Scope:
        return Scope(None, self.parties)

    @property
    @override
    def confined(self) -> bool:
        return False

    @override
    async def fetch(self, query: str, *values: object) -> list[Row]:
        self.asked.append((query, values))
        return await super().fetch(query, *values)


@pytest_asyncio.fixture
async def asked(database: str) -> AsyncIterator[Confined]:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    async with a_connection(database) as connection:
        await connection.execute(
            "INSERT INTO compliance.accused_count SELECT 'cn-sx', role, left(role, 1) || n, "
            "'2022-05', '140100', 'late-response', 'breach', 'open', false, 1 "
            "FROM generate_series(1, 3000) AS n, unnest('{distributor,hospital}'::text[]) AS role;"
            "UPDATE compliance.accused_count SET party = upper(party);"
            "INSERT INTO compliance.judged_count SELECT jurisdiction, role, party, month, area, "
            "rule, true, 20 FROM compliance.accused_count;"
            "INSERT INTO compliance.case_work (id, jurisdiction, rule, month, role, party, stage, "
            "outcome, round, moved_at, seq, head) SELECT concat_ws('.', jurisdiction, rule, month, "
            "role, party), jurisdiction, rule, month, role, party, 'verifying', 'none', 1, now(), "
            "1, '' FROM compliance.accused_count;"
            "ANALYZE compliance.accused_count, compliance.judged_count, compliance.case_work"
        )
    async with Confined(database) as found:
        yield found


async def test_all_that_a_party_asks_of_counts_is_its_own_and_read_by_an_index(
    asked: Confined, database: str
) -> None:
    own = {(party.kind, party.code) for party in MINE}
    rows = await denominators.parties(asked, "cn-sx", None, "", TODAY)
    assert {(row.role, row.party) for row in rows} == own
    for stage in (None, "verifying"):
        page = await cases.list_cases(asked, CasesAsked(stage=stage), "cn-sx")
        assert {(one.accused_role, one.accused) for one in page.items} == own
    shown = await denominators.matrix(asked, MatrixAsked("cn-sx", "year"), ["late-response"], TODAY)
    assert sum(row.found for row in shown.rows) == len(own)
    async with a_connection(database) as connection:
        marked = [(query, values) for query, values in asked.asked if "party = ANY" in query]
        for query, values in marked:
            plan = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING off) {query}", *values)
            text = "\n".join(row[0] for row in plan)
            assert "Seq Scan on accused_count" not in text, text
            assert "Seq Scan on judged_count" not in text, text
            assert "Seq Scan on case_work" not in text, text
    assert len(marked) == 7


async def test_who_has_no_party_sees_no_counts_and_who_oversees_all_sees_all(
    asked: Confined,
) -> None:
    query = "SELECT party FROM compliance.accused_count WHERE /* own */ true"
    asked.parties = frozenset()
    assert await owned.fetch(asked, query) == []
    asked.parties = None
    assert len(await owned.fetch(asked, query)) == 6_000

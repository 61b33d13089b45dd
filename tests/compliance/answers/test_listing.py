"""What may be asked, and which query it becomes: none scans what it need not."""

import re
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.compliance.answers import as_of as then
from services.compliance.answers.filters import Asked
from services.compliance.answers.listing import Scope, counting, finding, listing
from services.compliance.answers.paging import ListPlace
from services.compliance.answers.violations import QUERIES
from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change
from services.compliance.storage import violations
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.domain.principal import Party
from tests.support.kept import TOLD, a_connection, a_violation, tell

pytestmark = pytest.mark.integration

OTHERS = ("late-delivery", "supply-refusal")
SINGLE: list[dict[str, Any]] = [
    {"rule": ["late-response"]},
    {"status": ["withdrawn"]},
    {"exempt": True},
    {"area": "x"},
    {"product": "x"},
    {"hospital": "x"},
    {"manufacturer": "x"},
    {"distributor": "x"},
    {"order": "x"},
    {"severity": ["breach"]},
    {"jurisdiction": "scms"},
    {"occurred_from": "2031-01-01T00:00:00Z"},
    {"rule": ["late-response", "coverage-gap"]},
    {"status": ["open", "withdrawn"], "rule": ["late-response"]},
    {"detected_to": "2020-01-01T00:00:00Z"},
    {"detected_from": "2031-01-01T00:00:00Z", "detected_to": "2031-01-02T00:00:00Z"},
]

SPREAD = """
UPDATE compliance.violation v SET occurred_at = at, detected_at = at, recorded_at = at
FROM (SELECT id, timestamptz '2022-01-01Z' + row_number() OVER () * interval '1 hour' AS at
      FROM compliance.violation) AS spread WHERE v.id = spread.id
"""
"""Has them occur hour by hour, each known as soon as it did."""

REMOVED = re.compile(r"Rows Removed by Filter: (\d+)")


async def test_no_filter_that_lets_nothing_through_reads_every_violation(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    behind = ListPlace(datetime(2032, 1, 1, tzinfo=UTC), UUID(int=0))
    async with a_connection(database) as connection:
        some = [a_violation(number, rule=OTHERS[number % 2]) for number in range(3_000)]
        await tell(connection, "closed", some)
        await connection.execute("VACUUM ANALYZE compliance.violation")
        for filters in SINGLE:
            asked = Asked.model_validate(filters)
            query, values = listing(QUERIES["list"], asked, behind, 51)
            plan = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING off) {query}", *values)

            text = "\n".join([str(filters), *(row[0] for row in plan)])
            assert "Index" in text, text
            assert "Seq Scan on violation" not in text, text
            assert "Rows Removed by Filter: 3000" not in text, text


OWN = frozenset({Party("distributor", "D7"), Party("hospital", "H7"), Party("hospital", "H8")})
SCOPES = {
    "a party": Scope(None, frozenset({Party("distributor", "D7")})),
    "several": Scope(None, OWN),
    "an agency": Scope(None, frozenset({Party("agency", "A1")})),
    "none": Scope(None, frozenset()),
    "a place": Scope(frozenset({"cn-tj"})),
    "places": Scope(frozenset({"cn-tj", "cn-gd"})),
    "no place": Scope(frozenset()),
    "a party in a place": Scope(frozenset({"cn-sx"}), OWN),
}


def sees(scope: Scope, accused: Accused, item: Any) -> bool:
    """Whether somebody sees a violation: as 0070_tenancy.sql says it."""
    there = scope.jurisdictions is None or item.jurisdiction in scope.jurisdictions
    kinds = ("hospital", "distributor", "manufacturer")
    named = {Party(kind, getattr(item, kind)) for kind in kinds} | {Party(*accused)}
    return there and (scope.parties is None or not named.isdisjoint(scope.parties))


async def test_what_somebody_sees_is_listed_and_counted_once_and_nothing_else(
    database: str, subtests: pytest.Subtests
) -> None:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    told = [
        (
            a_violation(
                n,
                jurisdiction=("cn-sx", "cn-tj", "cn-gd")[n % 3],
                distributor=f"D{n % 8}",
                hospital=f"H{n % 11}",
                # Some were found long before they occur.
                occurred_at=f"2022-0{4 + n % 3}-01T00:00:00.{n:06}Z",
            ),
            Accused("distributor", "D7") if n % 5 == 0 else Accused("hospital", f"H{n % 9}"),
        )
        for n in range(120)
    ]
    queries: list[dict[str, Any]] = [{}, {"status": ["open"]}, {"detected_to": "2022-05-02T00:00Z"}]
    async with a_connection(database) as connection:
        changes = [Change("opened", one.id, TOLD, one, (), accused=who) for one, who in told]
        await violations.tell(connection, changes)
        for name, scope in SCOPES.items():
            mine = [one for one, who in told if sees(scope, who, one)]
            mine.sort(key=lambda one: (one.occurred_at, one.id), reverse=True)
            for filters in queries:
                with subtests.test(name=name, filters=filters):
                    asked = Asked.model_validate(filters)
                    rows = await connection.fetch(
                        *_flat(listing(QUERIES["list"], asked, None, 50, scope))
                    )
                    assert [row["id"] for row in rows] == [one.id for one in mine[:50]]
                    count = counting(finding(QUERIES["some"], asked, 100, scope))
                    assert await connection.fetchval(*_flat(count)) == min(len(mine), 100)
    assert sum(sees(SCOPES["several"], who, one) for one, who in told) > 50


def _flat(query: Any) -> list[Any]:
    return [query.text, *query.values]


async def test_the_list_of_a_party_that_little_concerns_does_not_read_all(database: str) -> None:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    async with a_connection(database) as connection:
        await tell(connection, "closed", [a_violation(number) for number in range(3_000)])
        await connection.execute("VACUUM ANALYZE compliance.violation")
        await connection.execute("SET ROLE vbp_reader")
        await connection.execute("SET vbp.places = '*'")
        await connection.execute("SET vbp.parties = '{distributor:D9}'")
        scope = Scope(None, frozenset({Party("distributor", "D9")}))
        for query in (
            listing(QUERIES["list"], Asked(), None, 51, scope),
            counting(finding(QUERIES["some"], Asked(), 10_000, scope)),
        ):
            plan = await connection.fetch(
                f"EXPLAIN (ANALYZE, TIMING off) {query.text}", *query.values
            )
            text = "\n".join(row[0] for row in plan)
            assert "Seq Scan on violation" not in text, text
            assert "Rows Removed by Filter" not in text, text


@pytest.mark.parametrize("filters", [{}, {"status": ["closed"]}])
async def test_a_list_of_then_reads_nothing_of_what_has_occurred_since(
    database: str, filters: dict[str, Any]
) -> None:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    async with a_connection(database) as connection:
        await tell(connection, "closed", [a_violation(number) for number in range(3_000)])
        await connection.execute(SPREAD)
        await connection.execute("VACUUM ANALYZE compliance.violation")
        asked = Asked.model_validate({"as_of": "2022-02-01T00:00:00Z", **filters})
        query, values = listing(then.LIST, asked, None, 51)
        plan = await connection.fetch(f"EXPLAIN (ANALYZE, TIMING off) {query}", *values)
    text = "\n".join(row[0] for row in plan)
    assert "violation_ahead" in text, text
    assert all(int(removed) <= 24 for removed in REMOVED.findall(text)), text

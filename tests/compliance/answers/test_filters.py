"""What may be asked, and which query it becomes: none scans what it need not."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from services.compliance.answers.filters import Asked, listing
from services.compliance.answers.paging import ListPlace
from services.compliance.answers.violations import QUERIES
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from tests.support.kept import a_connection, a_violation, tell

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
]


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

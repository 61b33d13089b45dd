"""The counts that are kept say of a list what its rows say, and nothing where they cannot."""

from collections.abc import AsyncIterator
from itertools import product
from typing import Any

import pytest
import pytest_asyncio
from typing_extensions import override

from services.compliance.answers import kept, violations
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Filters
from services.compliance.answers.listing import WHOLE, Scope
from services.compliance.storage.schema import MIGRATIONS
from shared.adapters import postgres
from shared.domain.principal import Party
from tests.support.kept import a_connection, a_violation, tell

pytestmark = pytest.mark.integration

RULES = ("late-response", "supply-refusal", "late-delivery")
COUNT_OPEN = (
    "INSERT INTO compliance.open_count (jurisdiction, rule, severity, area, exempt, count) "
    "SELECT jurisdiction, rule, severity, coalesce(area, ''), exempt, count(*) "
    "FROM compliance.violation WHERE status = 'open' GROUP BY 1, 2, 3, 4, 5"
)
"""The worker keeps it by what it judged, which is not here."""

CHOICES: dict[str, list[Any]] = {
    "rule": [[], ["late-response"], ["late-delivery", "supply-refusal"]],
    "severity": [[], ["breach"], ["breach", "warning"]],
    "jurisdiction": [None, "cn-tj"],
    "area": [None, "140100"],
    "exempt": [None, False],
    "status": [["open"], ["open", "closed"], ["closed"], []],
    "review": [[], ["new"], ["new", "upheld"]],
}


class Scoped(Database):
    """The database as somebody asks it who sees so much."""

    seen = WHOLE

    @property
    @override
    def scope(self) -> Scope:
        return self.seen


@pytest_asyncio.fixture
async def asked(database: str) -> AsyncIterator[Scoped]:
    await postgres.migrate(database, MIGRATIONS, "compliance")
    told = [
        a_violation(
            number,
            rule=RULES[number % 3],
            severity=("breach", "explain", "warning")[number // 3 % 3],
            jurisdiction="cn-tj" if number % 4 == 0 else "cn-sx",
            area=("140100", "140200", None)[number % 5 % 3],
            exempt=number % 7 == 0,
            status="closed" if number % 2 else "open",
        )
        for number in range(120)
    ]
    async with a_connection(database) as connection:
        await tell(connection, "opened", told)
        await tell(connection, "withdrawn", told[:10])
        await connection.execute(COUNT_OPEN)
        await connection.execute(
            "UPDATE compliance.violation SET review = 'upheld' WHERE id = ANY ($1)",
            [one.id for one in told[10:50]],
        )
        await connection.execute(
            "DELETE FROM compliance.review_count; INSERT INTO compliance.review_count "
            "SELECT jurisdiction, rule, severity, coalesce(area, ''), review, stale, count(*) "
            "FROM compliance.violation WHERE status <> 'withdrawn' AND NOT exempt "
            "GROUP BY 1, 2, 3, 4, 5, 6"
        )
    async with Scoped(database) as found:
        yield found


async def test_every_list_is_counted_as_its_rows_are_whatever_its_filters(asked: Scoped) -> None:
    known = 0
    for values in product(*CHOICES.values()):
        filters = Filters.model_validate(dict(zip(CHOICES, values, strict=True)))
        told = await violations.total(asked, filters)
        rows = await violations.counted(asked, filters, 1_000)
        assert (told.number.count, told.number.at_least) == (rows, False), filters
        known += bool(told.by_rule)
    assert known > 40


async def test_a_kept_count_is_beside_each_rule_also_of_those_not_asked_for(asked: Scoped) -> None:
    filters = Filters(status=["open"], rule=["late-response"])
    told = await violations.total(asked, filters)
    each = {
        rule: await violations.counted(asked, Filters(status=["open"], rule=[rule]), 1_000)
        for rule in RULES
    }
    assert told.by_rule == each
    assert told.number.count == each["late-response"]


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"status": ["open"], "product": "P1"},
        {"status": ["open"], "review": ["new"]},
        {"status": ["open", "closed"], "exempt": True},
        {"status": ["open"], "as_of": "2022-06-01T00:00:00Z"},
        {"status": ["open"], "month": "2022-01"},
    ],
)
async def test_what_no_kept_count_tells_is_counted_row_by_row(
    given: dict[str, Any], asked: Scoped
) -> None:
    assert await kept.by_rule(asked, Filters.model_validate(given)) is None


async def test_counts_of_everybody_are_not_told_to_a_party(asked: Scoped) -> None:
    asked.seen = Scope(None, frozenset({Party("distributor", "D1")}))
    assert await kept.by_rule(asked, Filters(status=["open"])) is None

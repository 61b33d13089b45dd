"""How many violations some filters let through, by the counts that are kept: exact, and cheap.

They are kept in the transaction of whoever moves a violation; a few thousand rows say of millions
of violations what stands open, and what stands in which state of review.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from services.compliance.answers.database import Database
from services.compliance.answers.filters import Filters
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

_OPEN: Final = ("jurisdiction", "area", "severity", "exempt")
_STANDING: Final = ("jurisdiction", "area", "severity", "review", "stale")
"""The values of the queries, in their order."""


async def by_rule(database: Database, filters: Filters) -> Mapping[str, int] | None:
    """Count by rule what the filters let through but for that of rules.

    None where no count is kept that tells it: of other filters, of an earlier instant, or to whom
    counts of everybody are not shown.
    """
    if filters.as_of is not None or database.scope.parties is not None:
        return None
    given = filters.given()
    given.pop("rule", None)
    status = given.pop("status", None)
    if status == ["open"] and given.keys() <= set(_OPEN):
        return await _counts(database, "open", [given.get(name) for name in _OPEN])
    standing = status == ["closed", "open"] and given.pop("exempt", None) is False
    if standing and given.keys() <= set(_STANDING):
        return await _counts(database, "standing", [given.get(name) for name in _STANDING])
    return None


async def _counts(database: Database, query: str, values: list[Any]) -> Mapping[str, int]:
    rows = await database.fetch(QUERIES[query], *values)
    return {row["rule"]: row["count"] for row in rows}

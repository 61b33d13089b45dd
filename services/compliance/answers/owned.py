"""Counts by party as somebody asks for them: PostgreSQL begins at the parties that they may see.

It keeps back the counts of others anyway, row by row; whoever has few would so have all read.
"""

from collections.abc import Iterator
from typing import Any, Final

from services.compliance.answers.database import Database, Row
from services.compliance.answers.listing import codes_by_kind
from shared.domain.principal import Party

_OWN: Final = "/* own */ true"


async def fetch(database: Database, query: str, *values: object) -> list[Row]:
    """Give the rows of a query that has the mark where its counts are of any party."""
    parties = database.scope.parties
    if parties is None:
        return await database.fetch(query, *values)
    given = list(values)
    own = " OR ".join(_own(parties, given)) or "false"
    return await database.fetch(query.replace(_OWN, f"({own})"), *given)


def _own(parties: frozenset[Party], values: list[Any]) -> Iterator[str]:
    """Give what holds of one's own counts, kind by kind; adds its values to the others."""
    for kind, codes in codes_by_kind(parties).items():
        values += (kind, codes)
        yield f"role = ${len(values) - 1} AND party = ANY (${len(values)}::text[])"

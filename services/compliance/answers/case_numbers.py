"""Of how many: what the rules of cases judged, and how many cases there are."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from services.compliance.answers import owned
from services.compliance.answers.case_listing import CasesAsked, listing
from services.compliance.answers.case_shapes import CaseTotal
from services.compliance.answers.database import Database
from services.compliance.answers.names import Fetch
from services.compliance.people.case import PartyCase
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

COUNTED_AT_MOST: Final = 1_000
"""Cases that are counted, so that it stays cheap."""


async def judged(fetch: Fetch, cases: Sequence[PartyCase]) -> Mapping[PartyCase, int]:
    """Give how many things of its month (and of what lasts) each case's rule judged of its party.

    All are of one jurisdiction.
    """
    if not cases:
        return {}
    where = cases[0].jurisdiction
    columns = [[getattr(one, name) for one in cases] for name in ("rule", "month", "role", "party")]
    rows = await fetch(QUERIES["judged"], where, *columns)
    return {
        PartyCase(where, row["rule"], row["month"], row["role"], row["party"]): row["judged"]
        for row in rows
    }


async def total(database: Database, asked: CasesAsked, jurisdiction: str) -> CaseTotal:
    """Count the cases that some filters let through, whatever the page."""
    whole = asked.model_copy(update={"page_token": None, "page_size": COUNTED_AT_MOST})
    query, values = listing(whole, jurisdiction)
    counting = "SELECT count(*) AS count, count(*) FILTER (WHERE open > 0) AS open FROM"
    (row,) = await owned.fetch(database, f"{counting} ({query.rstrip().rstrip(';')}) c", *values)
    return CaseTotal(
        min(row["count"], COUNTED_AT_MOST), row["open"], at_least=row["count"] > COUNTED_AT_MOST
    )

"""What has become of a case: by day, and since its party was told of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from uuid import UUID

from services.compliance.answers.case_shapes import CaseDay, SinceNotice
from services.compliance.answers.database import Database
from services.compliance.answers.names import Fetch
from services.compliance.people.case import PartyCase
from shared.adapters.postgres import queries
from shared.domain.calendar import instant_text

QUERIES = queries(Path(__file__).with_suffix(".sql"))


async def days(fetch: Fetch, case: PartyCase) -> list[CaseDay]:
    """Count what stands in a case by the day, in China, on which it occurred."""
    rows = await fetch(QUERIES["days"], *_of(case))
    return [CaseDay(row["day"].isoformat(), row["found"], row["open"]) for row in rows]


async def since_notice(fetch: Fetch, case: PartyCase) -> SinceNotice | None:
    """Say what has changed since the last notice; None where none was issued."""
    for row in await fetch(QUERIES["since"], *_of(case), case.name):
        told = {name: row[name] for name in ("listed", "taken_back", "over", "added")}
        return SinceNotice(instant_text(row["issued_at"]), **told)
    return None


async def letters_listing(
    database: Database, case: PartyCase, violations: Sequence[UUID]
) -> Mapping[UUID, Sequence[int]]:
    """Give the numbers of the letters that list each of some violations of a case."""
    found: dict[UUID, list[int]] = defaultdict(list)
    for row in await database.fetch(QUERIES["listing"], case.name, list(violations)):
        found[row["violation"]].append(row["n"])
    return found


def _of(case: PartyCase) -> tuple[object, ...]:
    return case.jurisdiction, case.rule, case.role, case.party, *case.span

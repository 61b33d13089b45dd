"""What waits for people: what nobody has looked at, what is overdue, what is stale."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import Deadlines
from services.compliance.people.procedure import Stage
from services.compliance.rules import RULES
from shared.adapters.postgres import queries
from shared.domain import calendar

QUERIES = queries(Path(__file__).with_suffix(".sql"))

COUNTED_AT_MOST: Final = 10_000
"""Of what is overdue; more is as many."""

_RULES: Final = sorted(rule.name for rule in RULES)


class ReviewCount(NamedTuple):
    """How many violations stand in a state of review; none that are exempt or were withdrawn."""

    jurisdiction: str
    rule: str
    severity: str
    area: str
    review: str
    stale: bool
    number: int


class Oldest(NamedTuple):
    """Since when the oldest that nobody has looked at has been known."""

    jurisdiction: str
    rule: str
    severity: str
    detected_at: datetime


class Overdue(NamedTuple):
    """How many of a kind (deadlines.KINDS) are overdue: those from before an instant."""

    kind: str
    before: datetime
    number: int


class CaseCount(NamedTuple):
    """How many cases that people have taken up stand in a stage."""

    jurisdiction: str
    rule: str
    stage: str
    number: int


LATE_CASES: Final[Mapping[str, Stage]] = {"hearing": "notified", "rectification": "rectifying"}
"""What of a case may be overdue: to decide once it was heard, and to have mended what it asks."""

CASE_KINDS: Final = (*LATE_CASES, "correction")
"""What of cases waits: what is overdue, and to tell that what a letter lists was taken back."""


class Queue(NamedTuple):
    """What waits in a jurisdiction, by state, and of what is new the breaches.

    Of cases: which are taken up and have no notice yet, are late, or need a correction.
    """

    by_state: Mapping[str, int]
    new_breaches: int
    stale: int
    oldest: datetime | None
    overdue: Mapping[str, Overdue]
    to_notify: int
    late_cases: int
    to_correct: int


async def reviews(database: Database) -> list[ReviewCount]:
    """Count what stands in which state; what there is none of has no row."""
    return [ReviewCount(*row.values()) for row in await database.fetch(QUERIES["reviews"])]


async def oldest(database: Database) -> list[Oldest]:
    """Give the oldest that nobody has looked at, of each rule and severity."""
    return [Oldest(*row.values()) for row in await database.fetch(QUERIES["oldest"])]


async def overdue(
    database: Database, jurisdiction: str, deadlines: Deadlines, now: datetime
) -> list[Overdue]:
    """Count what is overdue, COUNTED_AT_MOST of each kind."""
    found = []
    for kind in ("breach", "other"):
        before = deadlines.overdue_before(kind, now)
        asked = (jurisdiction, _RULES, kind == "breach", before, COUNTED_AT_MOST)
        row = await database.row(QUERIES["unlooked"], *asked)
        found.append(Overdue(kind, before, row["count"]))
    for kind in ("acknowledged", "disputed"):
        before = deadlines.overdue_before(kind, now)
        row = await database.row(QUERIES["pending"], jurisdiction, kind, before, COUNTED_AT_MOST)
        found.append(Overdue(kind, before, row["count"]))
    return found


async def cases(database: Database) -> list[CaseCount]:
    """Count the cases that people have taken up by their stage."""
    return [CaseCount(*row.values()) for row in await database.fetch(QUERIES["cases"])]


async def late_cases(database: Database, jurisdiction: str, today: date) -> Mapping[str, int]:
    """Count the cases that wait for officials, COUNTED_AT_MOST of each of CASE_KINDS."""
    found = {}
    for kind, stage in LATE_CASES.items():
        asked = (jurisdiction, stage, today, COUNTED_AT_MOST)
        found[kind] = (await database.row(QUERIES["late_cases"], *asked))["count"]
    row = await database.row(QUERIES["to_correct"], jurisdiction, COUNTED_AT_MOST)
    return {**found, "correction": row["count"]}


async def queue(
    database: Database, jurisdiction: str, deadlines: Deadlines, now: datetime
) -> Queue:
    """Give what waits in a jurisdiction."""
    counts = [row for row in await reviews(database) if row.jurisdiction == jurisdiction]
    known = [row for row in await oldest(database) if row.jurisdiction == jurisdiction]
    late = await overdue(database, jurisdiction, deadlines, now)
    late_work = await late_cases(database, jurisdiction, calendar.day_of(now))
    return Queue(
        _by_state(counts),
        sum(row.number for row in counts if row.review == "new" and row.severity == "breach"),
        sum(row.number for row in counts if row.stale),
        min((row.detected_at for row in known), default=None),
        {one.kind: one for one in late},
        sum(
            row.number
            for row in await cases(database)
            if row.jurisdiction == jurisdiction and row.stage == "verifying"
        ),
        sum(late_work[kind] for kind in LATE_CASES),
        late_work["correction"],
    )


def _by_state(counts: Sequence[ReviewCount]) -> Mapping[str, int]:
    by_state: Counter[str] = Counter()
    for row in counts:
        by_state[row.review] += row.number
    return by_state

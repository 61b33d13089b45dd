"""What a scrape of the API shows of people's work: what waits for them, and for how long."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, get_args

from services.compliance.answers import queue
from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import KINDS, Deadlines
from services.compliance.answers.queue import COUNTED_AT_MOST
from services.compliance.people import practice
from services.compliance.people.acts import State
from services.compliance.people.procedure import Stage
from services.compliance.policies.policy import Policies
from shared.domain.calendar import day_of

GAUGES: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "vbp_reviews": (
        "Violations by what people hold of them; none that are exempt or were withdrawn.",
        ("rule", "severity", "jurisdiction", "area", "review"),
    ),
    "vbp_oldest_unreviewed_seconds": (
        "For how long the oldest violation that nobody has looked at has been known.",
        ("rule", "severity", "jurisdiction"),
    ),
    "vbp_overdue": (
        f"Violations overdue for people's next step; {COUNTED_AT_MOST} at most are counted.",
        ("jurisdiction", "kind"),
    ),
    "vbp_reviews_stale": (
        "Decisions whose facts have moved since; none that are exempt or were withdrawn.",
        ("jurisdiction",),
    ),
    "vbp_cases": (
        "Cases that people have taken up, by their stage.",
        ("jurisdiction", "rule", "stage"),
    ),
    "vbp_cases_overdue": (
        f"Cases that wait for officials past their day; {COUNTED_AT_MOST} at most are counted.",
        ("jurisdiction", "kind"),
    ),
}

_TAKEN_UP: Final = tuple(stage for stage in get_args(Stage) if stage != "found")

_Shown = Mapping[str, Mapping[tuple[str, ...], float]]


class WaitingGauges:
    """Reads what waits in all jurisdictions."""

    def __init__(self, policies: Policies) -> None:
        self._jurisdictions = sorted(policies.jurisdictions)
        self._deadlines = Deadlines(policies.table, practice.load())

    async def read(self, database: Database, born: list[tuple[str, ...]]) -> _Shown:
        """Give values by labels, by name; `born` are rule, severity, jurisdiction, area, exempt."""
        now = datetime.now(UTC)
        reviews: Counter[tuple[str, ...]] = Counter()
        stale: Counter[tuple[str, ...]] = Counter({(where,): 0 for where in self._jurisdictions})
        for row in await queue.reviews(database):
            reviews[row.rule, row.severity, row.jurisdiction, row.area, row.review] += row.number
            stale[row.jurisdiction,] += row.number if row.stale else 0
        ages: dict[tuple[str, ...], float] = {
            (row.rule, row.severity, row.jurisdiction): (now - row.detected_at).total_seconds()
            for row in await queue.oldest(database)
        }
        late: dict[tuple[str, ...], float] = {
            (where, kind): 0.0 for where in self._jurisdictions for kind in KINDS
        }
        for where in self._jurisdictions:
            for one in await queue.overdue(database, where, self._deadlines, now):
                late[where, one.kind] = one.number
        of_cases: dict[tuple[str, ...], float] = {
            (where, kind): float(number)
            for where in self._jurisdictions
            for kind, number in (await queue.late_cases(database, where, day_of(now))).items()
        }
        return {
            "vbp_reviews": {
                **{(*labels[:4], state): 0.0 for labels in born for state in get_args(State)},
                **reviews,
            },
            "vbp_oldest_unreviewed_seconds": {**{labels[:3]: 0.0 for labels in born}, **ages},
            "vbp_overdue": late,
            "vbp_reviews_stale": stale,
            "vbp_cases": {
                **{(labels[2], labels[0], stage): 0.0 for labels in born for stage in _TAKEN_UP},
                **{one[:3]: one.number for one in await queue.cases(database)},
            },
            "vbp_cases_overdue": of_cases,
        }

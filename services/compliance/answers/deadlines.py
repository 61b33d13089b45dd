"""Until when people must have looked, answered or decided; days, each over at its 24:00 in China.

A day that rests on a year whose working days are not published is provisional, and never over.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Final, NamedTuple

from services.compliance.law.working_days import Provisional, calendar_of
from services.compliance.people.acts import State
from services.compliance.people.delivery import Channel
from services.compliance.people.practice import Practice
from services.compliance.people.procedure import LADDER, LetterKind
from services.compliance.policies.calendar import Table
from shared.domain.calendar import EPOCH, day_of, start_of

_LOOK_BACK: Final = 120
"""Days: no number of working days that practice gives takes longer."""


class Waits(NamedTuple):
    """What a review waits for: since when, and for how many working days."""

    since: datetime
    days: int


class Deadlines:
    """The days of practice, counted on a calendar."""

    def __init__(self, table: Table, practice: Practice) -> None:
        self._calendar = calendar_of(table)
        self._practice = practice

    def hearing_due(self, acknowledged_at: datetime) -> date | Provisional:
        """Give the last day on which the accused may dispute what was acknowledged."""
        return self._last(acknowledged_at, self._practice.answer.dispute.days)

    def letter_dues(self, at: datetime) -> Mapping[LetterKind, date]:
        """Give the last day that a letter which goes out at an instant gives, by its kind.

        One that rests on a year whose working days are not published is left out.
        """
        answer = self._last(at, self._practice.answer.dispute.days)
        mend = self._last(at, self._practice.rectify.letter.days)
        dues = {"notice": answer, **dict.fromkeys(LADDER, mend)}
        return {kind: due for kind, due in dues.items() if not isinstance(due, Provisional)}

    def received(self, channel: Channel, day: date) -> date:
        """Give the day on which a letter counts as received that went out by a channel on a day."""
        late = self._practice.deliver.public_notice.days if channel == "public-notice" else 0
        return day + timedelta(days=late)

    def due(
        self, review: State, severity: str, since: Mapping[str, datetime | None]
    ) -> date | Provisional | None:
        """Give the last day for the next step of people; None where none waits for them.

        `since` has `detected_at`, `acknowledged_at` and `reviewed_at`.
        """
        waits = self._waits(review, severity, since)
        return None if waits is None else self._last(waits.since, waits.days)

    def overdue_before(self, kind: str, now: datetime) -> datetime:
        """Give the instant before which what waits is overdue; `kind` is one of KINDS."""
        days, today = self._days()[kind], day_of(now)
        for back in range(1, _LOOK_BACK):
            day = today - timedelta(days=back)
            last = self._calendar.nth_working_day_after(day, days)
            if not isinstance(last, Provisional) and last < today:
                return start_of(day + timedelta(days=1))
        return EPOCH

    def _days(self) -> Mapping[str, int]:
        look, decide = self._practice.look, self._practice.decide
        return {
            "breach": look.breach.days,
            "other": look.other.days,
            "acknowledged": decide.acknowledged.days,
            "disputed": decide.dispute.days,
        }

    def _waits(
        self, review: State, severity: str, since: Mapping[str, datetime | None]
    ) -> Waits | None:
        match review:
            case "new":
                kind, begins = ("breach" if severity == "breach" else "other"), "detected_at"
            case "acknowledged" | "disputed":
                kind, begins = review, "reviewed_at"
            case _:
                return None
        at = since[begins]
        return None if at is None else Waits(at, self._days()[kind])

    def _last(self, since: datetime, days: int) -> date | Provisional:
        return self._calendar.nth_working_day_after(day_of(since), days)


KINDS: Final = ("breach", "other", "acknowledged", "disputed")
"""What may be overdue: a breach and anything else that is new, what was acknowledged, a dispute."""

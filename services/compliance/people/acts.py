"""What people may do with a violation: the table of acts, and what each is given and gives."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final, Literal, NamedTuple

from msgspec import Struct

State = Literal["new", "acknowledged", "disputed", "upheld", "dismissed"]
Duty = Literal["officer", "reviewer", "accused"]
Decision = Literal[
    "acknowledge",
    "dispute",
    "withdraw",
    "propose-uphold",
    "uphold",
    "propose-dismiss",
    "dismiss",
    "reopen",
    "reaffirm",
]
"""What moves a review, or keeps it as it is though the facts have moved."""

Act = Literal[Decision, "comment", "assign"]
RefusalKind = Literal[
    "transition-refused",
    "not-allowed",
    "four-eyes",
    "deadline-open",
    "deadline-over",
    "warning-not-upholdable",
    "draft-not-upholdable",
    "reason-missing",
]

GROUNDS: Final = (
    "data",
    "missing-report",
    "hospital",
    "force-majeure",
    "wrong-terms",
    "not-us",
)
"""On which grounds the accused disputes."""

DISMISSALS: Final = (
    "wrong-data",
    "hospital",
    "force-majeure",
    "duplicate",
    "below-materiality",
    "other",
)
"""For which reasons a violation is dismissed."""


class Row(NamedTuple):
    """An act: from which states, to which (None: it stays), by whom, and what must be given."""

    states: frozenset[State]
    to: State | None
    duties: frozenset[Duty]
    reasons: tuple[str, ...] = ()
    text: bool = False


def _row(
    states: str, to: State | None, duties: str, reasons: tuple[str, ...] = (), *, text: bool = False
) -> Row:
    named: frozenset[State] = frozenset(states.split())  # type: ignore[arg-type]  # tests look
    doing: frozenset[Duty] = frozenset(duties.split())  # type: ignore[arg-type]  # as above
    return Row(named, to, doing, reasons, text)


_ANY: Final = "new acknowledged disputed upheld dismissed"

TABLE: Final[Mapping[Act, Row]] = {
    "acknowledge": _row("new", "acknowledged", "officer"),
    "dispute": _row("new acknowledged", "disputed", "accused officer reviewer", GROUNDS, text=True),
    "withdraw": _row("disputed", "acknowledged", "accused"),
    "propose-uphold": _row("acknowledged disputed", None, "officer", text=True),
    "uphold": _row("acknowledged disputed", "upheld", "reviewer", text=True),
    "propose-dismiss": _row("new acknowledged disputed", None, "officer", DISMISSALS, text=True),
    "dismiss": _row("new acknowledged disputed", "dismissed", "reviewer"),
    "reopen": _row("upheld dismissed", "acknowledged", "reviewer", text=True),
    "reaffirm": _row("upheld dismissed", None, "reviewer"),
    "comment": _row(_ANY, None, "officer reviewer", text=True),
    "assign": _row(_ANY, None, "officer reviewer"),
}

NEUTRAL: Final[frozenset[Act]] = frozenset({"comment", "assign"})
"""What is done beside the review: it moves no state, and is done of anything."""

CHANGES: Final[Mapping[Act, str]] = {
    "acknowledge": "acknowledged",
    "dispute": "disputed",
    "withdraw": "dispute-withdrawn",
    "propose-uphold": "uphold-proposed",
    "uphold": "upheld",
    "propose-dismiss": "dismissal-proposed",
    "dismiss": "dismissed",
    "reopen": "reopened",
    "reaffirm": "reaffirmed",
    "comment": "commented",
    "assign": "assigned",
}
"""What a line of history is called, by the act that it tells of."""


class Review(Struct, frozen=True):
    """What people hold of a violation.

    `seen_seq` is the number of the line up to which they had seen it when they last acted,
    `reviewed_at` when the state last moved. `stale` says that what a decision rests on has moved
    since. `disputed_by` is the code of a party, the other names are subjects: `person:liwj`.
    """

    state: State = "new"
    stale: bool = False
    seen_seq: int | None = None
    reviewed_at: datetime | None = None
    assignee: str | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    proposal: Act | None = None
    proposed_by: str | None = None
    disputed_by: str | None = None


class Given(NamedTuple):
    """What an act comes with: when, on what that was seen, why, and who does it.

    `at` is UTC; `seen_seq` the number of the last line that they saw; `party` the code of the
    party in whose name.
    """

    at: datetime
    seen_seq: int
    reason: str | None = None
    text: str = ""
    assignee: str | None = None
    by: str = ""
    party: str | None = None


class Refusal(NamedTuple):
    """Why an act is refused, what is allowed now, and the day that it waits for or missed.

    `state` is the one in which it was tried.
    """

    kind: RefusalKind
    because: str
    allowed: tuple[Act, ...] = ()
    due: str | None = None
    state: State = "new"

"""The procedure of a case with a party: its stages, what people may do in each, and who of them.

Everything here is a function of what it is given. What a case came to stands beside the reviews of
its violations: neither moves the other, but a step may wait for decisions.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final, Literal, NamedTuple, get_args

from msgspec import Struct
from msgspec.structs import replace

from services.compliance.people.acts import Duty
from services.compliance.people.delivery import Delivery

Stage = Literal["found", "verifying", "notified", "deciding", "rectifying", "closed"]
Outcome = Literal[
    "none", "reminded", "interviewed", "admonished", "published", "rectified", "no-action"
]
LetterKind = Literal[
    "notice", "reminder", "interview", "admonition", "rectification", "bulletin", "correction"
]
CaseAct = Literal[
    "take",
    "draft",
    "issue",
    "deliver",
    "decide",
    "reply",
    "close",
    "reopen",
    "remark",
    "hand-over",
]
CaseRefusalKind = Literal[
    "transition-refused",
    "not-allowed",
    "four-eyes",
    "deadline-open",
    "undecided",
    "open-though-upheld",
    "nothing-to-list",
    "reason-missing",
]

LADDER: Final[Mapping[LetterKind, Outcome]] = {
    "reminder": "reminded",
    "interview": "interviewed",
    "admonition": "admonished",
    "rectification": "rectified",
    "bulletin": "published",
}
"""The letters that hold something against a party, and what a case has then come to."""

CASE_CHANGES: Final[Mapping[CaseAct, str]] = {
    "take": "taken",
    "issue": "issued",
    "deliver": "delivered",
    "decide": "deciding",
    "reply": "replied",
    "close": "closed",
    "reopen": "reopened",
    "remark": "commented",
    "hand-over": "assigned",
}
"""What a line of a case's history is called, by the act that it tells of; a draft has none."""


class Work(Struct, frozen=True):
    """What people have done of a case so far; `due` is the last day for the accused's next step.

    `round` counts how often it was taken up, `closed_at` is UTC.
    """

    stage: Stage = "found"
    outcome: Outcome = "none"
    round: int = 1
    assignee: str | None = None
    due: date | None = None
    closed_at: datetime | None = None


class Members(NamedTuple):
    """How the violations of a case stand, as far as it bears on a step; none withdrawn or exempt.

    `listed_undecided` are those of a notice that are neither upheld nor dismissed, `upheld_open`
    those upheld that go on, `wrong` those listed in a letter that the facts took back since.
    """

    disputed: int = 0
    listed_undecided: int = 0
    upheld_open: int = 0
    wrong: int = 0


class CaseStep(NamedTuple):
    """What somebody does of a case, and with what: `party` is in whose name, if not an office's.

    `letter` is what kind of letter it is about, `drafted_by` whose draft. `due` is the last day for
    what a letter asks, as practice gives it.
    """

    act: CaseAct
    at: datetime
    by: str
    duties: frozenset[Duty]
    party: str | None = None
    text: str = ""
    assignee: str | None = None
    outcome: Outcome | None = None
    though_open: bool = False
    letter: LetterKind | None = None
    drafted_by: str | None = None
    due: date | None = None
    today: date = date.min
    delivery: Delivery | None = None


class CaseRefusal(NamedTuple):
    """Why a step is refused, and which are allowed now; `stage` is the one it was tried in."""

    kind: CaseRefusalKind
    because: str
    allowed: tuple[CaseAct, ...] = ()
    stage: Stage = "found"
    due: date | None = None


class _Row(NamedTuple):
    stages: frozenset[Stage]
    duties: frozenset[Duty]
    text: bool = False


def _row(stages: str, duties: str, *, text: bool = False) -> _Row:
    named: frozenset[Stage] = frozenset(stages.split())  # type: ignore[arg-type]  # tests look
    doing: frozenset[Duty] = frozenset(duties.split())  # type: ignore[arg-type]  # as above
    return _Row(named, doing, text)


_AT_WORK: Final = "verifying notified deciding rectifying"
_ANY: Final = f"found {_AT_WORK} closed"

STEPS: Final[Mapping[CaseAct, _Row]] = {
    "take": _row("found", "officer"),
    "draft": _row(f"{_AT_WORK} closed", "officer reviewer", text=True),
    "issue": _row(f"{_AT_WORK} closed", "reviewer"),
    "deliver": _row(f"{_AT_WORK} closed", "officer reviewer", text=True),
    "decide": _row("notified", "reviewer"),
    "reply": _row("rectifying", "accused officer", text=True),
    "close": _row(_AT_WORK, "reviewer", text=True),
    "reopen": _row("closed", "reviewer", text=True),
    "remark": _row(_ANY, "officer reviewer", text=True),
    "hand-over": _row(_ANY, "officer reviewer"),
}

_LETTERS: Final[Mapping[LetterKind, frozenset[Stage]]] = {
    "notice": frozenset({"verifying", "notified", "deciding"}),
    **dict.fromkeys(LADDER, frozenset({"deciding", "rectifying"})),
    "correction": frozenset(get_args(Stage)),
}
"""In which stages a letter may be drafted and issued."""


def step(work: Work, doing: CaseStep, members: Members) -> Work | CaseRefusal:
    """Give the work after a step, or why it is refused and which are allowed now."""
    refusal = _refused(work, doing, members) or _unready(work, doing, members)
    if refusal is not None:
        return refusal._replace(allowed=allowed_steps(work, doing.duties), stage=work.stage)
    return _after(work, doing)


def allowed_steps(work: Work, duties: frozenset[Duty]) -> tuple[CaseAct, ...]:
    """Give the steps that the stage and the duties of somebody allow, in the order of the table."""
    return tuple(
        act for act, row in STEPS.items() if work.stage in row.stages and row.duties & duties
    )


def letters_of(stage: Stage) -> tuple[LetterKind, ...]:
    """Give the letters that may be drafted in a stage."""
    return tuple(kind for kind, stages in _LETTERS.items() if stage in stages)


def _refused(work: Work, doing: CaseStep, members: Members) -> CaseRefusal | None:
    row = STEPS[doing.act]
    if not row.duties & doing.duties:
        needs = " or ".join(sorted(row.duties))
        return CaseRefusal("not-allowed", f"this needs somebody who is {needs} here")
    if work.stage not in row.stages:
        return CaseRefusal("transition-refused", f"the case is {work.stage}")
    if row.text and not doing.text.strip():
        return CaseRefusal("reason-missing", "text: say it in words")
    if doing.letter is not None and work.stage not in _LETTERS[doing.letter]:
        because = (
            f"a letter of the kind {doing.letter} does not go out while a case is {work.stage}"
        )
        return CaseRefusal("transition-refused", because)
    if doing.letter == "correction" and not members.wrong:
        return CaseRefusal("nothing-to-list", "nothing that a letter lists was taken back")
    return None


def _unready(work: Work, doing: CaseStep, members: Members) -> CaseRefusal | None:
    """Refuse what must wait, and what rests on one pair of eyes."""
    return (
        _of_one_pair_of_eyes(work, doing)
        or _undated(doing)
        or _undecided(work, doing, members)
        or _too_soon_closed(doing, members)
    )


def _of_one_pair_of_eyes(work: Work, doing: CaseStep) -> CaseRefusal | None:
    match doing.act:
        case "issue" if doing.by == doing.drafted_by:
            return CaseRefusal("four-eyes", f"{doing.by} drafted it; another issues it")
        case "close" if doing.by == work.assignee:
            return CaseRefusal("four-eyes", f"{doing.by} works on it; another closes it")
        case _:
            return None


def _undated(doing: CaseStep) -> CaseRefusal | None:
    """Refuse a letter that does not say until when to answer it."""
    if doing.act != "issue" or doing.letter == "correction":
        return None
    if doing.due is None:
        because = "due: say until when, for the working days of that year are not published yet"
        return CaseRefusal("reason-missing", because)
    if doing.due <= doing.today:
        return CaseRefusal("reason-missing", f"due: {doing.due} is no day to come")
    return None


def _undecided(work: Work, doing: CaseStep, members: Members) -> CaseRefusal | None:
    match doing.act:
        case "decide" if work.due is None or work.due >= doing.today:
            because = "the party may still answer the notice"
            return CaseRefusal("deadline-open", because, due=work.due)
        case "decide" | "close" if members.disputed:
            because = f"{members.disputed} of its violations are disputed and not decided"
            return CaseRefusal("undecided", because)
        case "issue" if doing.letter in LADDER and members.listed_undecided:
            because = (
                f"{members.listed_undecided} violations that the notice lists are neither upheld "
                "nor dismissed"
            )
            return CaseRefusal("undecided", because)
        case _:
            return None


def _too_soon_closed(doing: CaseStep, members: Members) -> CaseRefusal | None:
    if doing.act != "close":
        return None
    if doing.outcome is None:
        return CaseRefusal("reason-missing", "outcome: say what it came to")
    if members.upheld_open and not doing.though_open:
        because = (
            f"{members.upheld_open} upheld violations go on. Say though_open if it is closed all "
            "the same"
        )
        return CaseRefusal("open-though-upheld", because)
    return None


def _after(work: Work, doing: CaseStep) -> Work:
    match doing.act:
        case "take":
            return replace(work, stage="verifying", assignee=doing.by)
        case "issue":
            return _after_letter(work, doing)
        case "decide":
            return replace(work, stage="deciding", due=None)
        case "close":
            outcome = doing.outcome or work.outcome
            return replace(work, stage="closed", outcome=outcome, due=None, closed_at=doing.at)
        case "reopen":
            return replace(work, stage="verifying", round=work.round + 1, closed_at=None)
        case _:
            return replace(work, assignee=doing.assignee) if doing.act == "hand-over" else work


def _after_letter(work: Work, doing: CaseStep) -> Work:
    if doing.letter == "notice":
        stage: Stage = "notified" if work.stage == "verifying" else work.stage
        return replace(work, stage=stage, due=doing.due)
    if doing.letter is not None and doing.letter in LADDER:
        outcome = LADDER[doing.letter]
        return replace(work, stage="rectifying", outcome=outcome, due=doing.due)
    return work

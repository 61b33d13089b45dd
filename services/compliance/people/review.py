"""The review of a violation: what people may do with it, in which state, who of them.

The machine says what is the case, people say what they hold of it, and neither moves the other: a
decision whose ground has moved is stale, and stands until somebody looks at it again. Everything
here is a function of what it is given; `changed` is also how a history is folded again.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, get_args

from msgspec.structs import replace

from services.compliance.people.acts import (
    CHANGES,
    NEUTRAL,
    TABLE,
    Act,
    Duty,
    Given,
    Refusal,
    Review,
    State,
)

DECIDED: Final[frozenset[State]] = frozenset({"upheld", "dismissed"})

GROUND: Final = ("occurred_at", "observed", "limit", "severity", "clause")
"""What a decision rests on, and who is accused; `tell` in storage/violations.sql has the same."""


class Who(NamedTuple):
    """Who acts, in which duties; `party` is the code of the accused for whom they speak, if any."""

    name: str
    duties: frozenset[Duty]
    party: str | None = None


class Facts(NamedTuple):
    """What the machine says of the violation now, as far as it bears on a review.

    `accused` is the accused party's code; `hearing_due` is the last day on which it may dispute
    and `hearing_over` whether that is past: neither holds before it was acknowledged.
    """

    withdrawn: bool = False
    draft: bool = False
    severity: str = "breach"
    accused: str = ""
    hearing_over: bool = False
    hearing_due: str | None = None


def decide(review: Review, act: Act, who: Who, facts: Facts, given: Given) -> Review | Refusal:
    """Give the review after an act, or why it is refused and which acts are allowed now."""
    refusal = _refused(review, act, who, facts) or _lacking(act, given)
    if refusal is not None:
        return refusal._replace(allowed=allowed(review, who, facts), state=review.state)
    return changed(review, act, signed(act, who, facts, given))


def signed(act: Act, who: Who, facts: Facts, given: Given) -> Given:
    """Put under what is given who does it, and in whose name: a dispute is the accused's own."""
    party = facts.accused if act == "dispute" else who.party
    return given._replace(by=who.name, party=party)


def allowed(review: Review, who: Who, facts: Facts) -> tuple[Act, ...]:
    """Give the acts that somebody may do now, in the order of the table."""
    return tuple(act for act in get_args(Act) if _refused(review, act, who, facts) is None)


def changed(review: Review, act: Act, given: Given) -> Review:
    """Give the review after an act that was allowed."""
    if act == "assign":
        return replace(review, assignee=given.assignee)
    if act in NEUTRAL:
        return review
    if act in {"propose-uphold", "propose-dismiss"}:
        return replace(review, proposal=act, proposed_by=given.by, seen_seq=given.seen_seq)
    return replace(
        review,
        state=TABLE[act].to or review.state,
        stale=False,
        seen_seq=given.seen_seq,
        reviewed_at=given.at,
        **_hands(review, act, given),
    )


def _hands(review: Review, act: Act, given: Given) -> Mapping[str, Any]:
    """Give through whose hands it has gone after an act, as far as that changes.

    Whoever disputes, takes that back or reopens it begins anew: what was proposed before is none.
    """
    anew = {"proposal": None, "proposed_by": None, "disputed_by": None}
    mine = {"acknowledged_by": given.by, "acknowledged_at": given.at}
    match act:
        case "acknowledge":
            return mine
        case "dispute":
            return anew | {"disputed_by": given.party}
        case "reopen":
            return anew | mine
        case "withdraw":
            return anew | {"acknowledged_at": review.acknowledged_at or given.at}
        case _:
            return {}


def after_machine(review: Review, *, material: bool) -> Review:
    """Give the review after the facts changed; `material` is whether what was decided on moved."""
    return replace(review, stale=True) if material and review.state in DECIDED else review


def material(
    was: Mapping[str, Any],
    was_accused: Mapping[str, Any],
    now: Mapping[str, Any],
    now_accused: Mapping[str, Any],
) -> bool:
    """Whether what a decision rests on has moved between two tellings of a violation.

    The accused count where both lines name them: earlier versions wrote them down nowhere.
    """
    if any(was.get(name) != now.get(name) for name in GROUND):
        return True
    return bool(was_accused and now_accused) and was_accused != now_accused


def act_of(change: object) -> Act | None:
    """Give the act that a line of history is called after; None for the machine's."""
    return next((act for act, name in CHANGES.items() if name == change), None)


def _refused(review: Review, act: Act, who: Who, facts: Facts) -> Refusal | None:
    """Give why an act is refused to somebody whatever they give for it, if it is."""
    row = TABLE[act]
    if not row.duties & who.duties:
        needs = " or ".join(sorted(row.duties))
        return Refusal("not-allowed", f"this needs somebody who is {needs} here")
    if act in NEUTRAL:
        return None
    if facts.withdrawn:
        return Refusal("transition-refused", "the facts took it back: nothing is left to decide")
    if review.state not in row.states:
        return Refusal("transition-refused", f"it is {review.state}")
    return (
        _out_of_turn(review, act, who, facts)
        or _unsound(review, act, facts)
        or _two_of_one(review, act, who)
    )


def _out_of_turn(review: Review, act: Act, who: Who, facts: Facts) -> Refusal | None:
    """Refuse what comes too early or too late, or is another's to do."""
    match act:
        case "dispute" if facts.hearing_over and "reviewer" not in who.duties:
            because = "the time for it is over; a reviewer may let it in, with a reason"
            return Refusal("deadline-over", because, due=facts.hearing_due)
        case "uphold" if review.state == "acknowledged" and not facts.hearing_over:
            because = "the accused may still dispute it"
            return Refusal("deadline-open", because, due=facts.hearing_due)
        case "withdraw" if who.party != review.disputed_by:
            return Refusal("not-allowed", "only the party that disputed it may")
        case "reaffirm" if not review.stale:
            return Refusal("transition-refused", "the facts it rests on have not moved")
        case _:
            return None


def _unsound(review: Review, act: Act, facts: Facts) -> Refusal | None:
    """Refuse to hold against a party what rests on a draft or on an assumed number."""
    if act not in {"uphold", "propose-uphold"} and (act, review.state) != ("reaffirm", "upheld"):
        return None
    if facts.draft:
        return Refusal("draft-not-upholdable", "it is judged under a draft, which binds nobody")
    if facts.severity == "warning":
        because = (
            "it rests on an assumed number. Register the contract's own limit (an agreement or a "
            "standard event): it is then judged by that"
        )
        return Refusal("warning-not-upholdable", because)
    return None


def _two_of_one(review: Review, act: Act, who: Who) -> Refusal | None:
    """Refuse a decision that rests on one pair of eyes."""
    match act, review.state:
        case ("dismiss", _) | ("reaffirm", "dismissed"):
            others = {review.proposed_by} if review.proposal == "propose-dismiss" else set()
            lacking = "nobody has proposed to dismiss it"
        case ("uphold", _) | ("reaffirm", "upheld"):
            others = {review.acknowledged_by, review.proposed_by}
            lacking = "nobody has acknowledged it or proposed to uphold it"
        case _:
            return None
    if who.name in others:
        return Refusal("four-eyes", f"{who.name} has acknowledged or proposed it; another decides")
    return None if others - {None} else Refusal("four-eyes", lacking)


def _lacking(act: Act, given: Given) -> Refusal | None:
    row = TABLE[act]
    if row.reasons and given.reason not in row.reasons:
        return Refusal("reason-missing", f"reason: must be one of {', '.join(row.reasons)}")
    if row.text and not given.text.strip():
        return Refusal("reason-missing", "text: say why, in words")
    return None

"""Lines of history that persons wrote: made of an act, and folded into a review again."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from services.compliance.people.acts import CHANGES, Act, Given, Review
from services.compliance.people.review import act_of, changed
from shared.domain.calendar import instant_text, parse_instant
from shared.domain.errors import InvalidEventError

MACHINE: Final = "machine"
"""The actor of lines that nobody wrote; all others are the subjects of those who did."""

CARRIED: Final = "carried"
"""What the machine's line is called by which a review goes over to what replaces a violation."""


class Beside(NamedTuple):
    """What comes with an act: whether its words are for officials alone, and what a dispute brings.

    `attachments` are files by their SHA-256 (hexadecimal); `dispute` names a dispute that is about
    `together` violations, where it is about several.
    """

    internal: bool = True
    attachments: Sequence[str] = ()
    dispute: str | None = None
    together: int = 1


def line_of(act: Act, given: Given, before: Review, after: Review, beside: Beside) -> bytes:
    """Write an act as the line of history that is hashed; the words themselves lie beside it."""
    told: dict[str, object] = {"from": before.state, "to": after.state, "reason": given.reason}
    told["text_sha256"] = digest_of(given.text) if given.text else None
    told["internal"] = beside.internal
    if act == "assign":
        told["assignee"] = given.assignee
    if beside.attachments:
        told["attachments"] = list(beside.attachments)
    if beside.dispute is not None:
        told["dispute"] = {"id": beside.dispute, "violations": beside.together}
    said = {
        "at": instant_text(given.at),
        "actor": given.by,
        "on_behalf": given.party,
        "change": CHANGES[act],
        "review": told,
        "seen_seq": given.seen_seq,
    }
    return msgspec.json.encode(said)


def carried_line(at: datetime, of: str, review: Review) -> bytes:
    """Write that a review goes over from the violation `of` to the one that replaces it."""
    told = {"from": "new", "to": review.state, "of": of, "whole": review}
    said = {"at": instant_text(at), "actor": MACHINE, "change": CARRIED, "review": told}
    return msgspec.json.encode(said)


def folded(review: Review, said: Mapping[str, Any]) -> Review | None:
    """Give the review after a line; None for a line that is about something else."""
    told = said.get("review")
    if not isinstance(told, dict):
        return None
    try:
        if said.get("change") == CARRIED:
            return msgspec.convert(told.get("whole"), Review)
        at = parse_instant(str(said.get("at")))
    except (InvalidEventError, msgspec.ValidationError):
        return None
    act = act_of(said.get("change"))
    if act is None:
        return None
    given = Given(
        at,
        seen_seq=said.get("seen_seq", 0),
        assignee=told.get("assignee"),
        by=str(said.get("actor")),
        party=said.get("on_behalf"),
    )
    return changed(review, act, given)


def digest_of(words: str) -> str:
    """Give the SHA-256 of somebody's words, in hex."""
    return hashlib.sha256(words.encode()).hexdigest()

"""Lines of the history of a case: made of a step, in the form of those of a violation."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec import Struct

from services.compliance.people.lines import digest_of
from services.compliance.people.procedure import CASE_CHANGES, CaseStep, LetterKind, Work
from shared.domain.calendar import instant_text


class LetterTold(Struct, frozen=True):
    """What a line says of a letter that was issued: its bytes by their SHA-256, and what it lists.

    `members` are violations, each with the number of its last line then.
    """

    n: int
    kind: LetterKind
    number: str
    drafted_by: str
    sha256: str
    members: Sequence[tuple[UUID, int]]


def case_line(
    doing: CaseStep, before: Work, after: Work, *, internal: bool, letter: LetterTold | None = None
) -> bytes:
    """Write a step as the line that is hashed; the words themselves lie beside it."""
    said: dict[str, object] = {
        "at": instant_text(doing.at),
        "actor": doing.by,
        "on_behalf": doing.party,
        "change": CASE_CHANGES[doing.act],
        "from": before.stage,
        "work": after,
        "letter": letter,
        "text_sha256": digest_of(doing.text) if doing.text else None,
        "internal": internal,
    }
    if doing.delivery is not None:
        said["delivery"] = doing.delivery
    return msgspec.json.encode(said)

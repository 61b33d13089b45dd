"""A defect of ours, met in one record: the record is set aside, and all others go on."""

import traceback
from collections.abc import Mapping
from typing import Literal

from msgspec import Struct

from services.compliance.judging.subjects import REGISTER, Subject
from services.compliance.register.changes import Name
from shared.domain import ids

Remedy = Literal["judge", "rebuild"]
"""What brings a record back: judging it again by a version without the defect; or making it anew
from its facts, since one of them, or a contribution, could not be put into it."""

LONGEST_ERROR, LONGEST_TRACEBACK = 1_000, 8_000
"""Characters that are kept of each; of a traceback its end, which names our line."""


class Defect(Struct, frozen=True, array_like=True):
    """What went wrong in a record, and where."""

    remedy: Remedy
    error: str
    traceback: str


def defect_of(error: Exception, remedy: Remedy) -> Defect:
    """Describe what was raised while a record was judged or told something."""
    told = f"{type(error).__name__}: {error}"[:LONGEST_ERROR]
    walked = "".join(traceback.format_exception(error))[-LONGEST_TRACEBACK:]
    return Defect(remedy, _storable(told), _storable(walked))


def defects_of(entries: Mapping[Name, Exception]) -> dict[Subject, Defect]:
    """Describe what was raised while entries of the register were read or told something.

    All are told anew when the register is made from its facts.
    """
    return {
        Subject(where, REGISTER, ids.pair(entry, code)): defect_of(error, "rebuild")
        for (entry, (where, code)), error in entries.items()
    }


def _storable(text: str) -> str:
    """Give a text without what no database or stream takes: NUL, and halves of characters."""
    return text.replace("\0", "�").encode(errors="replace").decode()

"""A violation as it was known at some instant, by the lines of its history up to then."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.compliance.findings.history import HistoryRow
from services.compliance.findings.verification import Difference, Reckoning, plain
from shared.domain.calendar import instant_text


class Lapsed(NamedTuple):
    """What stopped being known at a line: a row of the table `past`, but for its id.

    `seq` is the number of the line before that one.
    """

    seq: int
    columns: Mapping[str, Any]

    def differences(self, row: Mapping[str, Any]) -> Iterator[Difference]:
        """Compare it with the row that is kept of it."""
        for column, wanted in self.columns.items():
            held = plain(row[column])
            if held != wanted:
                yield Difference(column, held, wanted)


def lapsed(seq: int, before: Mapping[str, Any], after: Mapping[str, Any]) -> Lapsed | None:
    """Give what lapsed at the line `seq`, by what was known before and after it, if anything did.

    Two changes of one instant are one to whoever asks for an instant.
    """
    then, now = before["recorded_at"], after["recorded_at"]
    if not (isinstance(then, str) and isinstance(now, str) and then < now):
        return None
    kept = {name: held for name, held in before.items() if name not in {"recorded_at", "cured_at"}}
    return Lapsed(seq - 1, {**kept, "known_from": then, "known_until": now})


class HeldUntil:
    """Takes the lines of a violation, and keeps what was known at an instant; None is now."""

    def __init__(self, identity: UUID, as_of: datetime | None = None) -> None:
        self._until = None if as_of is None else instant_text(as_of)
        self._reckoning = Reckoning(identity)

    @property
    def last_told(self) -> int:
        """Give the number of the last line then that tells of the violation; 0 if none does."""
        return self._reckoning.last_told

    def take(self, line: HistoryRow) -> bool:
        """Take the next line; gives whether it was known then. Instants are texts of one form."""
        if self._until is not None and line.at > self._until:
            return False
        # Whether the line holds is asked elsewhere: here it is taken at its word.
        for _ in self._reckoning.take(line):
            pass
        return True

    def row(self) -> Mapping[str, Any] | None:
        """Give the row as it stood, as `served` takes it; None where the violation was not known.

        Its instants are texts, as the lines tell them.
        """
        return self._reckoning.row() if self._reckoning.last_told else None

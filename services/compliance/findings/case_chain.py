"""Whether the work on a case and its letters are what was written, by the lines of its history."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from services.compliance.findings.history import HistoryRow, said_in
from services.compliance.findings.verification import Difference, Links, plain
from services.compliance.people.lines import digest_of
from services.compliance.people.procedure import Work

_UNTOUCHED = Work()


class CaseReckoning:
    """Takes the lines of a case, oldest first, and reckons what is kept of it besides."""

    def __init__(self) -> None:
        self.letters: dict[int, tuple[str, list[list[str]]]] = {}
        """Of letters that were issued, by their number: the SHA-256 of their bytes, in hexadecimal,
        and the violations that each lists, in the order of their ids, each with its line then."""
        self._links = Links()
        self._work: Mapping[str, Any] = msgspec.to_builtins(_UNTOUCHED)

    def take(self, line: HistoryRow) -> Iterator[Difference]:
        """Take the next line; gives what does not hold in it."""
        said = said_in(line)
        yield from self._links.take(line, said)
        number = self._links.count
        words = None if line.words is None else digest_of(line.words)
        if not line.erased and words != said.get("text_sha256"):
            yield Difference("words", words, said.get("text_sha256"), number)
        if line.words is not None and line.internal != said.get("internal"):
            yield Difference("internal", line.internal, said.get("internal"), number)
        work, letter = said.get("work"), said.get("letter")
        self._work = work if isinstance(work, dict) else {}
        if isinstance(letter, dict):
            self.letters[letter.get("n", 0)] = (str(letter.get("sha256")), _listed(letter))

    def compare(self, row: Mapping[str, Any] | None) -> Iterator[Difference]:
        """Compare the row of the work on the case, if any, with all lines that were taken."""
        if row is None:
            if self._links.count:
                yield Difference("work", None, self._work)
            return
        expected = {"seq": self._links.count, "head": self._links.head.hex(), **self._work}
        for column, wanted in expected.items():
            held = row.get(column)
            shown = held.hex() if isinstance(held, bytes) else plain(held)
            if shown != wanted:
                yield Difference(column, shown, wanted, self._links.count + 1)


def _listed(letter: Mapping[str, Any]) -> list[list[str]]:
    """Read what a line says that a letter lists; what was made unreadable lists nothing."""
    told = letter.get("members")
    return sorted([str(part) for part in one] for one in told) if isinstance(told, list) else []

"""Files that people put beside disputes, as they go into a pack: each once, by its hash.

The line of history that tells of a dispute names its files by SHA-256, so that whoever holds a pack
sees whether they are those that were brought.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from services.compliance.findings.history import HistoryRow, said_in
from services.compliance.people.attachment import TYPES

ATTACHMENTS: Final = "attachments.json"


class Brought(NamedTuple):
    """A file beside the line `seq`; `data` is None where it was erased, or a pack has no room."""

    seq: int
    sha256: str
    name: str
    type: str
    size: int
    data: bytes | None


class Enclosed(Struct, frozen=True):
    """How a pack tells of a file: `file` is None where only its hash is known."""

    seq: int
    sha256: str
    name: str
    type: str
    size: int
    file: str | None


def written(brought: Iterable[Brought]) -> tuple[list[Enclosed], dict[str, bytes]]:
    """Give what a pack tells of files, and the files themselves by their names in it."""
    told, files = list[Enclosed](), dict[str, bytes]()
    for one in brought:
        place = None
        if one.data is not None:
            (ending, *_) = TYPES.get(one.type, ("",))
            place = f"attachments/{one.sha256}{ending}"
            files[place] = one.data
        told.append(Enclosed(one.seq, one.sha256, one.name, one.type, one.size, place))
    return told, files


def amiss(
    told: Iterable[Enclosed], files: Mapping[str, bytes], lines: Iterable[HistoryRow]
) -> Iterator[str]:
    """Compare the files with the hashes in the lines; gives what does not agree."""
    wanted = Counter((line.seq, name) for line in lines for name in named_in(line))
    for one in told:
        wanted[one.seq, one.sha256] -= 1
        if wanted[one.seq, one.sha256] < 0:
            yield f"{ATTACHMENTS}: {one.name!r} is named by no line {one.seq}"
        if one.file is None:
            continue
        found = hashlib.sha256(files.get(one.file, b"")).hexdigest()
        if found != one.sha256:
            yield f"{one.file}: its SHA-256 is {found}, and line {one.seq} has {one.sha256}"
    for (seq, name), lacking in wanted.items():
        if lacking > 0:
            yield f"{ATTACHMENTS}: lacks the file {name} that line {seq} names"


def named_in(line: HistoryRow) -> Sequence[str]:
    """Give the hashes of the files that a line of history names."""
    review = said_in(line).get("review")
    told = review.get("attachments") if isinstance(review, dict) else None
    return [str(one) for one in told] if isinstance(told, list) else []

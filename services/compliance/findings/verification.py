"""Whether a violation and the facts it rests on are what was written, column by column.

The lines of history are hashed, each with the one before; all else follows from them. A row whose
column says something else than its lines was changed by somebody else than us.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct
from typing_extensions import override

from services.compliance.findings.history import HistoryRow, said_in
from services.compliance.people.acts import Review
from services.compliance.people.lines import MACHINE, digest_of, folded
from services.compliance.people.review import after_machine, material
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import digest
from shared.domain.errors import shorten
from shared.domain.topics import NUMBER_OF

TOLD_COLUMNS = (
    "jurisdiction",
    "rule",
    "exempt",
    "severity",
    "product",
    "area",
    "hospital",
    "manufacturer",
    "distributor",
    "order",
    "occurred_at",
    "cured_at",
)
"""The columns of a violation that repeat what its last line tells of it."""

_ABSENT = "nothing"


class Difference(NamedTuple):
    """What a column holds, and what it should by the lines; `line` is the first that is broken."""

    column: str
    held: object
    told: object
    line: int | None = None

    @override
    def __str__(self) -> str:
        place = self.column if self.line is None else f"line {self.line}, {self.column}"
        return f"{place} is {_shown(self.held)}, and should be {_shown(self.told)}"


class Pointer(Struct, frozen=True):
    """A piece of evidence as it was told: an event, when it was and was told, where it stands."""

    id: str
    source: str
    type: str
    time: str
    claimed: str
    told: str
    topic: str
    partition: int
    offset: int
    digest: str

    @property
    def place(self) -> tuple[int, int, int]:
        """Where it stands in the table `fact`; no event stands at -1."""
        return NUMBER_OF.get(self.topic, -1), self.partition, self.offset


class Chain(Struct, frozen=True):
    """Whether row and history are what was written; else the first line that does not hold.

    `problem` names the column that was changed, what it holds and what it should.
    """

    verified: bool
    broken_at: int | None = None
    problem: str | None = None


class Links:
    """How far the lines of a chain were taken: how many, and the hash of the last."""

    def __init__(self) -> None:
        self.count = 0
        self.head = b""

    def take(self, line: HistoryRow, said: Mapping[str, Any]) -> Iterator[Difference]:
        """Take the next line, which says `said`; gives what does not hold of line and columns."""
        self.count += 1
        self.head = hashlib.sha256(self.head + line.line).digest()
        if line.seq != self.count:
            yield Difference("seq", line.seq, self.count, self.count)
        if line.hash != self.head:
            yield Difference("line or hash", line.hash.hex(), self.head.hex(), self.count)
        for column, held in (("at", line.at), ("actor", line.actor), ("change", line.change)):
            if said.get(column) != held:
                yield Difference(column, held, said.get(column, _ABSENT), self.count)


class Reckoning:
    """Takes the lines of a violation, oldest first, and reckons what its row must hold."""

    def __init__(self, identity: UUID) -> None:
        self.last_told = 0
        """The number of the last line that tells of the violation, and not that it never was."""
        self._id = str(identity)
        self._links = Links()
        self._review = Review()
        self._told: Mapping[str, Any] = {}
        self._accused: Mapping[str, Any] = {}
        self._withdrawn = False
        self._first: object = None
        self._last: object = None
        self._supersedes: list[str] = []

    def take(self, line: HistoryRow) -> Iterator[Difference]:
        """Take the next line; gives what does not hold in it."""
        said = said_in(line)
        yield from self._links.take(line, said)
        number = self._links.count
        review = folded(self._review, said)
        if review is not None:
            self._review = review
            yield from _of_words(line, said["review"], number)
        if line.actor == MACHINE and "violation" in said:
            yield from self._take_found(said)
        # When it was found, and last changed: what people do moves neither.
        if review is None:
            self._last = said.get("at")
            self._first = self._last if number == 1 else self._first

    def _take_found(self, said: Mapping[str, Any]) -> Iterator[Difference]:
        """Take what a line tells of the violation, and what that does to a decision."""
        violation, who, number = said["violation"], said.get("accused"), self._links.count
        if isinstance(violation, dict):
            accused = who if isinstance(who, dict) else {}
            moved = self._withdrawn or material(self._told, self._accused, violation, accused)
            self._review = after_machine(self._review, material=moved)
            self._told, self.last_told, self._accused = violation, number, accused
            if violation.get("id") != self._id:
                yield Difference("violation", self._id, violation.get("id", _ABSENT), number)
        elif isinstance(more := said.get("details"), dict):
            told = self._told.get("details")
            details = {**told, **more} if isinstance(told, dict) else more
            self._told = {**self._told, "details": details}
        self._withdrawn = not isinstance(violation, dict)
        self._supersedes += said.get("supersedes") or ()

    def known(self) -> dict[str, Any]:
        """Give the columns of what the machine has told until now, instants as texts."""
        told = self._told
        found: dict[str, Any] = {name: told.get(name) for name in TOLD_COLUMNS} | {
            "status": "withdrawn" if self._withdrawn else told.get("status"),
            "detected_at": self._first,
            "recorded_at": self._last,
            "supersedes": [*self._supersedes],
        }
        # Lines of before it was noted say nothing of who is accused.
        if self._accused:
            found |= {"accused_role": self._accused.get("role")}
            found |= {"accused": self._accused.get("party")}
        return found

    def compare(self, row: Mapping[str, Any], body: object) -> Iterator[Difference]:
        """Compare the violation's row, and its decoded body, with all lines that were taken."""
        after = self._links.count + 1
        if row["seq"] != self._links.count:
            yield Difference("seq", row["seq"], self._links.count, after)
        if row["head"] != self._links.head:
            yield Difference("head", row["head"].hex(), self._links.head.hex(), after)
        expected = {**self.known(), **_columns_of(self._review)}
        for column, wanted in expected.items():
            held = plain(row[column])
            if held != wanted:
                yield Difference(column, held, wanted)
        yield from _of_body(body, self._told)

    def row(self) -> dict[str, Any]:
        """Give what the row must hold that a violation is served from, instants as texts."""
        told = self._told
        return {
            "id": UUID(self._id),
            "body": msgspec.json.encode(told),
            "status": "withdrawn" if self._withdrawn else told.get("status"),
            **{name: told.get(name) for name in ("exempt", "occurred_at", "cured_at")},
            "detected_at": self._first,
            "recorded_at": self._last,
            "supersedes": self._supersedes,
            "seq": self._links.count,
            **_columns_of(self._review),
        }


def chain_of(differences: Iterable[Difference]) -> Chain:
    """Give the verdict on a violation by the first thing that does not hold, if any."""
    for found in differences:
        return Chain(verified=False, broken_at=found.line, problem=str(found))
    return Chain(verified=True)


def pointers(evidence: object) -> list[Pointer]:
    """Read evidence, or the causes of a line; what was made unreadable points at nothing."""
    try:
        return msgspec.convert(evidence, list[Pointer])
    except msgspec.ValidationError:
        return []


def fact_differences(evidence: Pointer, row: Mapping[str, Any]) -> Iterator[Difference]:
    """Compare a row of the table `fact` with the evidence that points at it.

    `recorded` counts where it is later than `time`: evidence notes the later of the two.
    """
    time, recorded = row["time"], row["recorded"]
    held = (
        ("id", row["id"], evidence.id),
        ("source", row["source"], evidence.source),
        ("type", row["type"], evidence.type),
        ("time", instant_text(time), evidence.time),
        ("told", instant_text(row["told"]), evidence.told),
        ("recorded", instant_text(max(time, recorded or time)), evidence.claimed),
        ("data", digest(row["data"]).hex(), evidence.digest),
    )
    return (Difference(*columns) for columns in held if columns[1] != columns[2])


def _of_body(body: object, told: Mapping[str, Any]) -> Iterator[Difference]:
    held: Mapping[str, Any] = body if isinstance(body, dict) else {}
    for name in sorted(held.keys() | told.keys()):
        one, other = held.get(name, _ABSENT), told.get(name, _ABSENT)
        # True is 1 for Python, and 1.0 is 1; for whoever reads the JSON the first are two things.
        if one != other or isinstance(one, bool) != isinstance(other, bool):
            yield Difference(f"body.{name}", one, other)


def _columns_of(review: Review) -> Mapping[str, object]:
    """Give the columns that hold a review; that of its state is called `review`."""
    fields = {name: plain(held) for name, held in msgspec.structs.asdict(review).items()}
    return {"review": fields.pop("state"), **fields}


def _of_words(line: HistoryRow, told: Mapping[str, Any], number: int) -> Iterator[Difference]:
    """Compare what somebody wrote with the hash in the line, unless it was taken away since."""
    wanted = told.get("text_sha256")
    if line.erased:
        return
    held = None if line.words is None else digest_of(line.words)
    if held != wanted:
        yield Difference("words", held or _ABSENT, wanted or _ABSENT, number)
    elif wanted is not None and line.internal != told.get("internal"):
        yield Difference("internal", line.internal, told.get("internal"), number)


def plain(value: object) -> object:
    """Give a column as JSON has it."""
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return [str(name) for name in value] if isinstance(value, list) else value


def _shown(value: object) -> str:
    return value if value is _ABSENT and isinstance(value, str) else shorten(value)

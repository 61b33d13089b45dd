"""The history of a violation: its lines as they are written, and whether they hold."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import Struct

from services.compliance.findings.violation import Change, evidence_json
from shared.domain.calendar import instant_text


class HistoryRow(NamedTuple):
    """A row of history: the columns, the bytes that were hashed, and the hash that was noted."""

    seq: int
    at: str
    actor: str
    change: str
    line: bytes
    hash: bytes


class Chain(Struct, frozen=True):
    """Whether the history is the one that was written; else the first line that does not hold."""

    verified: bool
    broken_at: int | None = None
    problem: str | None = None


def row_of(row: Mapping[str, Any]) -> HistoryRow:
    """Take a row of the table `history`."""
    return HistoryRow(
        row["seq"], instant_text(row["at"]), row["actor"], row["change"], row["line"], row["hash"]
    )


def said_in(line: HistoryRow) -> Mapping[str, Any]:
    """Read what a line says; one that was made unreadable says nothing."""
    try:
        said = msgspec.json.decode(line.line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


def verify(lines: Sequence[HistoryRow], *, seq: int, head: bytes, body: Any) -> Chain:
    """Hash the lines again, and compare the last with the violation's own row.

    `hash` is the SHA-256 of the hash before (of nothing for the first) and `line`. A tail that
    was cut off shows in `seq` and `head`, a changed violation in `body`.
    """
    before, told = b"", None
    for number, line in enumerate(lines, 1):
        hashed = hashlib.sha256(before + line.line).digest()
        if line.seq != number or hashed != line.hash:
            return Chain(verified=False, broken_at=number, problem="the line was changed")
        said = said_in(line)
        if differing := _differing(line, said):
            return Chain(verified=False, broken_at=number, problem=f"{differing} was changed")
        before, told = hashed, said.get("violation") or told
    if (len(lines), before) != (seq, head):
        return Chain(verified=False, broken_at=len(lines) + 1, problem="lines are missing")
    if told != body:
        return Chain(verified=False, problem="the violation is not the one last told")
    return Chain(verified=True)


def _differing(line: HistoryRow, said: Mapping[str, Any]) -> str | None:
    """Name a column that says something else than the line that was hashed."""
    columns = {"seq": line.seq, "at": line.at, "actor": line.actor, "change": line.change}
    wrong = (name for name, value in columns.items() if name in said and said[name] != value)
    return next(wrong, None)


class Lines(NamedTuple):
    """Violations ready to be written, column by column; each instant is the one in its line."""

    bodies: list[str]
    changes: list[str]
    lines: list[bytes]
    supersedes: list[str]
    instants: list[datetime]
    withdrawn: list[UUID]
    withdrawn_lines: list[bytes]
    withdrawn_instants: list[datetime]


def lines_of(changes: Iterable[Change]) -> Lines:
    """Write changes as lines of history."""
    told = Lines([], [], [], [], [], [], [], [])
    for change in changes:
        line = _line(change)
        if change.violation is None:
            told.withdrawn.append(change.id)
            told.withdrawn_lines.append(line)
            told.withdrawn_instants.append(change.at)
            continue
        told.bodies.append(msgspec.json.encode(change.violation).decode())
        told.changes.append(change.kind)
        told.lines.append(line)
        told.supersedes.append("{" + ",".join(map(str, change.supersedes)) + "}")
        told.instants.append(change.at)
    return told


def _line(change: Change) -> bytes:
    said: Mapping[str, object] = {
        "at": instant_text(change.at),
        "actor": "machine",
        "change": change.kind,
        "violation": change.violation,
        "causes": [evidence_json(cause) for cause in change.causes],
        "supersedes": [str(name) for name in change.supersedes],
    }
    return msgspec.json.encode(said)

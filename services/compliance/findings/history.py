"""The history of a violation: a line as it is written, and as it is read back."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.compliance.findings.accused import Accused
from services.compliance.findings.violation import Change, evidence_json
from shared.domain.calendar import instant_text


class HistoryRow(NamedTuple):
    """A row of history: the columns, the bytes that were hashed, and the hash that was noted.

    `words` are what a person wrote beside the line; None where nothing is kept there, or no longer.
    """

    seq: int
    at: str
    actor: str
    change: str
    line: bytes
    hash: bytes
    words: str | None = None
    internal: bool | None = None
    erased: bool = False


def row_of(row: Mapping[str, Any]) -> HistoryRow:
    """Take a row of the table `history`."""
    at = instant_text(row["at"])
    beside = (row.get("words"), row.get("internal"), bool(row.get("erased")))
    told = (row["actor"], row["change"], row["line"], row["hash"])
    return HistoryRow(row["seq"], at, *told, *beside)


def said_in(line: HistoryRow) -> Mapping[str, Any]:
    """Read what a line says; one that was made unreadable says nothing."""
    try:
        said = msgspec.json.decode(line.line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return said if isinstance(said, dict) else {}


class HistoryColumns(NamedTuple):
    """Violations ready to be written, column by column; each instant is the one in its line."""

    bodies: list[str]
    changes: list[str]
    lines: list[bytes]
    supersedes: list[str]
    instants: list[datetime]
    accused: list[Accused]
    withdrawn: list[UUID]
    withdrawn_lines: list[bytes]
    withdrawn_instants: list[datetime]
    withdrawn_details: list[str]


def lines_of(changes: Iterable[Change]) -> HistoryColumns:
    """Write changes as lines of history."""
    told = HistoryColumns(*([] for _ in HistoryColumns._fields))
    for change in changes:
        line = _line(change)
        if change.violation is None:
            told.withdrawn.append(change.id)
            told.withdrawn_lines.append(line)
            told.withdrawn_instants.append(change.at)
            told.withdrawn_details.append(msgspec.json.encode(change.details).decode())
            continue
        told.bodies.append(msgspec.json.encode(change.violation).decode())
        told.changes.append(change.kind)
        told.lines.append(line)
        told.supersedes.append("{" + ",".join(map(str, change.supersedes)) + "}")
        told.instants.append(change.at)
        told.accused.append(change.accused)
    return told


def _line(change: Change) -> bytes:
    said: dict[str, object] = {
        "at": instant_text(change.at),
        "actor": "machine",
        "change": change.kind,
        "violation": change.violation,
        "causes": [evidence_json(cause) for cause in change.causes],
        "supersedes": [str(name) for name in change.supersedes],
    }
    if change.violation is not None:
        said["accused"] = change.accused._asdict()
    if change.details:
        said["details"] = change.details
    return msgspec.json.encode(said)

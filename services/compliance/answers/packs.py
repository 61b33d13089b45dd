"""Evidence packs: gathers what a violation rests on, as of one moment, and has it signed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.compliance.answers import attachments, parts
from services.compliance.answers.catalogue import show_policy
from services.compliance.answers.database import Database
from services.compliance.findings import pack
from services.compliance.findings.anchor import fingerprint
from services.compliance.findings.enclosed import Brought
from services.compliance.findings.history import HistoryRow
from services.compliance.findings.pack import Content
from services.compliance.findings.past import HeldUntil
from services.compliance.findings.verification import Pointer
from services.compliance.findings.violation import served
from services.compliance.policies.policy import Policies
from shared.adapters.postgres import Connection
from shared.domain.calendar import instant_text
from shared.domain.errors import InvalidArgumentError

MOST_BYTES: Final = 64 << 20
"""Lines, facts and attachments of a pack together: it is made in memory."""

_FACTS_AT_ONCE: Final = 1_000


class BrokenError(Exception):
    """What is kept of a violation does not hold, so that nobody should sign it; says what."""


async def made(
    database: Database,
    policies: Policies,
    key: Ed25519PrivateKey,
    identity: UUID,
    as_of: datetime | None,
) -> bytes | None:
    """Make the pack of a violation; None where there is none, or was none known at `as_of`.

    Raises InvalidArgumentError where it would be too large, BrokenError where it would not hold.
    """
    content = await _gathered(database, policies, identity, as_of)
    return None if content is None else await asyncio.to_thread(_signed, content, key)


def _signed(content: Content, key: Ed25519PrivateKey) -> bytes:
    """Sign a pack that whoever checks it will find to hold, and no other."""
    raw = pack.write(content, key)
    public = key.public_key()
    verdict = pack.verify(raw, {fingerprint(public): public})
    if verdict.problems:
        raise BrokenError("; ".join(verdict.problems[:3]))
    return raw


async def _gathered(
    database: Database, policies: Policies, identity: UUID, as_of: datetime | None
) -> Content | None:
    async with database.snapshot() as connection:
        held, lines = HeldUntil(identity, as_of), list[HistoryRow]()
        weight = 0
        async for line in parts.lines(connection, identity):
            if held.take(line):
                lines.append(line)
                weight = _weighed(weight, line.line)
        row = held.row()
        if row is None:
            return None
        facts, weight = await _facts(connection, identity, pack.pointed_at(lines), weight)
        brought = await _brought(connection, identity, len(lines), MOST_BYTES - weight)
    violation = served(row)
    return Content(
        violation,
        lines,
        facts,
        _policy(policies, violation.policy, violation.policy_version),
        None if as_of is None else instant_text(as_of),
        brought,
    )


async def _facts(
    connection: Connection, identity: UUID, wanted: Sequence[Pointer], weight: int
) -> tuple[list[tuple[Pointer, bytes | None]], int]:
    """Give the facts, and what they weigh together with what was weighed before."""
    found: list[tuple[Pointer, bytes | None]] = []
    for first in range(0, len(wanted), _FACTS_AT_ONCE):
        some = wanted[first : first + _FACTS_AT_ONCE]
        places = [list(column) for column in zip(*(one.place for one in some), strict=True)]
        rows = await connection.fetch(parts.QUERIES["facts"], identity, *places)
        kept = {(row["topic"], row["partition"], row["offset"]): row["data"] for row in rows}
        for one in some:
            weight = _weighed(weight, kept.get(one.place, b""))
            found.append((one, kept.get(one.place)))
    return found, weight


async def _brought(connection: Connection, identity: UUID, last: int, room: int) -> list[Brought]:
    """Give the files beside the lines up to one, as many as there is room for, the first first.

    Of the others the pack tells the hashes: they are had by themselves.
    """
    found: list[Brought] = []
    held: dict[str, bytes] = {}
    for one in await attachments.attachments_of(connection.fetch, identity, last):
        if one.sha256 not in held and not one.erased and one.size <= room:
            digest = bytes.fromhex(one.sha256)
            row = await connection.fetchrow(attachments.QUERIES["bytes"], identity, digest)
            if row is not None:
                held[one.sha256] = row["bytes"]
                room -= len(row["bytes"])
        data = held.get(one.sha256)
        found.append(Brought(one.seq, one.sha256, one.name, one.type, one.size, data))
    return found


def _weighed(weight: int, more: bytes) -> int:
    if weight + len(more) > MOST_BYTES:
        raise InvalidArgumentError(
            f"its lines and facts are more than {MOST_BYTES >> 20} MiB, and a pack is made in "
            "memory: read them page by page (/history, /facts)"
        )
    return weight + len(more)


def _policy(policies: Policies, name: str, version: str) -> bytes:
    """Show the policy a violation was judged by: what this service has of it now.

    `judged_by` is the version then; where it differs from `digest`, values may have changed.
    """
    found = next((show_policy(policy) for policy in policies.all if policy.id == name), None)
    return msgspec.json.encode({"judged_by": version, "policy": found})

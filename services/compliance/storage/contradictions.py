"""Tellings that contradict others: one row each, and how many there are."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import msgspec

from services.compliance.judging.subjects import Subject
from services.compliance.judging.upshot import Upshot
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.records.contested import Contradiction

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))


async def save(connection: Connection, judged: Upshot) -> None:
    """Write which contradictions a round found and which are none any more."""
    changed = judged.contradictions()
    if changed.gone:
        await connection.execute(QUERIES["forget"], *_columns(changed.gone))
    if changed.new:
        await connection.execute(QUERIES["note"], *_columns(changed.new))
    counts = Counter((subject.jurisdiction, one.kind) for subject, one in changed.new)
    counts.subtract((subject.jurisdiction, one.kind) for subject, one in changed.gone)
    moved = sorted((*key, count) for key, count in counts.items() if count)
    if moved:
        await connection.execute(QUERIES["count"], *columns(moved))


def _columns(found: Sequence[tuple[Subject, Contradiction]]) -> list[list[str | bytes]]:
    return columns(
        (subject.jurisdiction, subject.key, *msgspec.structs.astuple(one)) for subject, one in found
    )

"""Dossiers: records, what was last said of them, and when to look at them again."""

from collections.abc import Container, Iterable, Mapping
from datetime import datetime, timedelta
from operator import attrgetter
from pathlib import Path
from typing import Any

import asyncpg

from services.compliance.judging.dossier import Dossier, DossierBytes, decode, encode
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.kinds import KINDS, LEVELS
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.judging.upshot import Upshot
from services.compliance.register.register import Key
from services.compliance.storage.hot import HotDossiers
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.errors import ConflictError

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

COLUMNS = (
    *Subject._fields,
    *Columns._fields,
    *("version", "law"),
    *DossierBytes._fields,
)
"""The columns of a row, in the order in which it is written."""

NO_VERSION = 0
"""The version that no row has."""

AN_INSTANT = timedelta(microseconds=1)

_KINDS = sorted(KINDS, key=lambda kind: KINDS[kind].level)

_subject = attrgetter("subject")


async def load(
    connection: Connection, subjects: Iterable[Subject], hot: HotDossiers | None = None
) -> list[Dossier]:
    """Load the dossiers of some subjects, those that exist; those that are `hot` are not read.

    Those of shared kinds are begun where there are none, and held until the transaction ends.
    Nearly every batch of another worker writes some of them too: without holding them, one of the
    two would be judged in vain. All are held level by level, in the order of keys.
    """
    wanted = set(subjects)
    known = {} if hot is None else hot.take(wanted)
    shared = await _begin_shared(connection, wanted, known)
    own = await _load(connection, QUERIES["load"], wanted - shared, known)
    return own + await _load(connection, QUERIES["lock"], shared, known)


async def load_and_lock(
    connection: Connection, subjects: Iterable[Subject], hot: HotDossiers | None = None
) -> list[Dossier]:
    """Load dossiers and hold the rows of all until the transaction ends."""
    wanted = set(subjects)
    known = {} if hot is None else hot.take(wanted)
    await _begin_shared(connection, wanted, known)
    return await _load(connection, QUERIES["lock"], wanted, known)


async def _begin_shared(
    connection: Connection, wanted: Iterable[Subject], known: Container[Subject]
) -> set[Subject]:
    shared = {subject for subject in wanted if KINDS[subject.kind].shared}
    await begin(connection, (subject for subject in shared if subject not in known))
    return shared


async def _load(
    connection: Connection,
    query: str,
    subjects: Iterable[Subject],
    known: Mapping[Subject, Dossier],
) -> list[Dossier]:
    wanted = [
        (*subject, known[subject].version if subject in known else NO_VERSION)
        for subject in sorted(subjects)
    ]
    if not wanted:
        return []
    return [_dossier(row, known) for row in await connection.fetch(query, *columns(wanted))]


def _dossier(row: asyncpg.Record, known: Mapping[Subject, Dossier]) -> Dossier:
    """Give a dossier as its row says, or as it is known if that is the version of the row."""
    subject = Subject(row["jurisdiction"], row["kind"], row["key"])
    if row["record"] is None:
        return known[subject]
    placed = Columns(row["product"], row["hospital"], row["area"], row["awaits"])
    said = (row["judgement"], row["version"])
    return decode(subject, row["record"], *said, placed, tail=row["tail"])


async def save(connection: Connection, judged: Upshot, law: Mapping[str, int]) -> None:
    """Write the dossiers of a round and when to look again, in the order of keys.

    `law` gives the versions judged under. Raises ConflictError if a row moved.
    """
    await _save_records(connection, judged.dossiers.values(), law)
    moved, done = judged.watches()
    if moved:
        rows = sorted(
            (*held.subject, held.judgement.look_at, held.judgement.hear_at) for held in moved
        )
        await connection.execute(QUERIES["look_again"], *columns(rows))
    await forget_watches(connection, (held.subject for held in done))


async def _save_records(
    connection: Connection, held: Iterable[Dossier], law: Mapping[str, int]
) -> None:
    new: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    for dossier in sorted(held, key=_subject):
        row = (
            *dossier.subject,
            *dossier.columns,
            dossier.version or 1,
            law[dossier.subject.jurisdiction],
            *dossier.written(),
        )
        (known if dossier.version else new).append(row)
    if new:
        try:
            await connection.copy_records_to_table(
                "dossier", schema_name="compliance", columns=COLUMNS, records=new
            )
        except asyncpg.UniqueViolationError as error:
            raise ConflictError("another worker began the same record") from error
    if known:
        done = await connection.execute(QUERIES["update"], *columns(known))
        if postgres.written(done) != len(known):
            raise ConflictError("another worker wrote the same record")


async def settled(connection: Connection, heard: datetime) -> dict[int, datetime]:
    """Say of each level until when silence counts, of what was heard until an instant.

    What a silence comes to is contributed to later levels. So it counts there only once the
    records of earlier levels were judged by it, whoever judges them.
    """
    rows = await connection.fetch(QUERIES["pending"], heard, _KINDS)
    pending = [(KINDS[row["kind"]].level, row["earliest"]) for row in rows]
    return {
        level: min((at - AN_INSTANT for below, at in pending if below < level), default=heard)
        for level in LEVELS
    }


async def due(
    connection: Connection, now: datetime, settled: Mapping[int, datetime], at_most: int
) -> list[Subject]:
    """Claim records whose time has come; what another worker has claimed is passed over.

    Those that waited for what was heard are claimed level by level.
    """
    until = [settled[KINDS[kind].level] for kind in _KINDS]
    rows = await connection.fetch(QUERIES["due"], now, _KINDS, until, at_most)
    return sorted({Subject(*row) for row in rows})


async def forget_watches(connection: Connection, subjects: Iterable[Subject]) -> None:
    """Forget when records are to be looked at."""
    done = sorted(subjects)
    if done:
        await connection.execute(QUERIES["look_no_more"], *columns(done))


async def begin(connection: Connection, subjects: Iterable[Subject]) -> None:
    """Begin records that hold nothing yet, where there are none."""
    rows = []
    for subject in sorted(subjects):
        kind = KINDS[subject.kind]
        rows.append((*subject, *kind.columns(subject.key), encode(kind.record())))
    if rows:
        await connection.execute(QUERIES["begin"], *columns(rows), encode(Judgement()))


async def look_soon(connection: Connection, subjects: Iterable[Subject]) -> None:
    """Have some records judged at once."""
    touched = sorted(subjects)
    if touched:
        await connection.execute(QUERIES["look_soon"], *columns(touched))


async def end_waiting(connection: Connection, agreements: Iterable[Key]) -> None:
    """Have the records judged at once that waited for agreements to be told."""
    named = sorted(agreements)
    if named:
        await connection.execute(QUERIES["end_waiting"], *columns(named))

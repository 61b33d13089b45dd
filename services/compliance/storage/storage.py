"""What the worker reads from and writes to PostgreSQL: whole batches, bulk statements only."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from services.compliance.findings.history import lines_of
from services.compliance.judging import dossier as dossiers
from services.compliance.judging.dossier import Dossier, Judgement
from services.compliance.judging.subjects import Subject
from services.compliance.judging.turn import Turn
from services.compliance.records.appointments import Appointments
from services.compliance.register.changes import Registered
from services.compliance.storage.facts import Batch, Letter, Span
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain import topics
from shared.domain.cloudevents import Event
from shared.domain.errors import ConflictError, FencedError

QUERIES = postgres.queries(Path(__file__).parent / "queries.sql")
MIGRATIONS = Path(__file__).parent / "migrations"

_EMPTY = (dossiers.encode(Appointments()), dossiers.encode(Judgement()))


async def load(
    connection: Connection, subjects: Iterable[Subject], *, lock: bool = False
) -> list[Dossier]:
    """Load the dossiers of some subjects, those that exist."""
    wanted = sorted(set(subjects))
    if not wanted:
        return []
    query = QUERIES["lock_dossiers" if lock else "dossiers"]
    loaded = []
    for row in await connection.fetch(query, *columns(wanted)):
        subject = Subject(row["jurisdiction"], row["kind"], row["key"])
        dossier = dossiers.decode(subject, row["record"], row["judgement"], row["version"])
        dossier.product, dossier.hospital, dossier.area = (
            row["product"],
            row["hospital"],
            row["area"],
        )
        loaded.append(dossier)
    return loaded


async def advance(connection: Connection, spans: list[Span], now: datetime) -> None:
    """Pass the fence, or raise FencedError: another owner, or not the place we believed."""
    rows = sorted(spans)
    done = await connection.execute(QUERIES["advance"], *columns(rows), now)
    if count(done) != len(rows):
        raise FencedError("a partition has another owner, or was read from another place")


async def hold_law(connection: Connection, versions: Mapping[str, int]) -> None:
    """Hold the law as it was judged under, or raise ConflictError if it moved."""
    if not versions:
        return
    rows = await connection.fetch(QUERIES["share_law"], sorted(versions))
    if any(versions[row["jurisdiction"]] != row["version"] for row in rows):
        raise ConflictError("the register moved while the batch was judged")


async def move_law(connection: Connection, jurisdictions: list[str]) -> dict[str, int]:
    """Move the law on; gives the new versions."""
    if not jurisdictions:
        return {}
    rows = await connection.fetch(QUERIES["move_law"], jurisdictions)
    return {row["jurisdiction"]: row["version"] for row in rows}


async def save_facts(connection: Connection, batch: Batch) -> None:
    """Keep every event and dead letter as it was heard."""
    if batch.events:
        await connection.copy_records_to_table(
            "fact", schema_name="compliance", records=map(fact_row, batch.events)
        )
    if batch.letters:
        await connection.copy_records_to_table(
            "dead_letter",
            schema_name="compliance",
            columns=Letter._fields,
            records=batch.letters,
        )


def fact_row(event: Event) -> tuple[Any, ...]:
    """Give an event as a row of the table of facts."""
    return (
        topics.NUMBER_OF[event.topic],
        event.partition,
        event.offset,
        event.told,
        event.type,
        event.source,
        event.id,
        event.time,
        event.recorded,
        event.raw,
    )


async def save_register(connection: Connection, done: Registered) -> None:
    """Write the register as merged, and what it touches."""
    if done.references:
        rows = [(*key, dossiers.encode(done.references[key])) for key in sorted(done.references)]
        await connection.execute(QUERIES["save_references"], *columns(rows))
    if done.agreements:
        held = [
            (*key, signed.product, signed.hospital, dossiers.encode(signed))
            for key, signed in sorted(done.agreements.items())
        ]
        await connection.execute(QUERIES["save_agreements"], *columns(held))
    if done.named:
        await connection.execute(QUERIES["end_waiting"], *columns(sorted(done.named)))
    if done.signed:
        signed = columns(sorted(done.signed))
        await connection.execute(QUERIES["create_appointments"], *signed, *_EMPTY)
    covered = done.signed | done.covered
    for where, hospital in sorted(done.enrolled):
        found = await connection.fetch(QUERIES["products_of_hospital"], where, hospital)
        covered.update((where, row["product"]) for row in found)
    if covered:
        await connection.execute(QUERIES["look_soon"], *columns(sorted(covered)))
    if done.touches:
        await connection.execute(QUERIES["touch"], *columns(list(done.touches)))


async def save_turn(connection: Connection, turn: Turn, law: Mapping[str, int]) -> None:
    """Write what a turn changed, in the order of keys; `law` gives the versions judged under.

    Raises ConflictError if a row moved.
    """
    await _save_dossiers(connection, turn.dossiers.values(), law)
    moved, done = turn.watches()
    if moved:
        rows = sorted(
            (*held.subject, held.judgement.look_at, held.judgement.hear_at) for held in moved
        )
        await connection.execute(QUERIES["look_again"], *columns(rows))
    if done:
        await connection.execute(
            QUERIES["look_no_more"], *columns(sorted(held.subject for held in done))
        )
    await _save_violations(connection, turn)
    opened = sorted((*key, count) for key, count in turn.open_counts().items())
    if opened:
        await connection.execute(QUERIES["count_open"], *columns(opened))
    unjudged = sorted((*key, count) for key, count in turn.unjudged_counts().items())
    if unjudged:
        await connection.execute(QUERIES["count_unjudged"], *columns(unjudged))


_subject = attrgetter("subject")


async def _save_dossiers(
    connection: Connection, held: Iterable[Dossier], law: Mapping[str, int]
) -> None:
    new: list[tuple[Any, ...]] = []
    known: list[tuple[Any, ...]] = []
    for dossier in sorted(held, key=_subject):
        row = (
            *dossier.subject,
            dossier.product,
            dossier.hospital,
            dossier.area,
            dossier.awaits,
            dossier.version or 1,
            law[dossier.subject.jurisdiction],
            dossiers.encode(dossier.record),
            dossiers.encode(dossier.judgement),
        )
        (known if dossier.version else new).append(row)
    if new:
        try:
            await connection.copy_records_to_table("dossier", schema_name="compliance", records=new)
        except asyncpg.UniqueViolationError as error:
            raise ConflictError("another worker began the same record") from error
    if known:
        done = await connection.execute(QUERIES["update_dossiers"], *columns(known))
        if count(done) != len(known):
            raise ConflictError("another worker wrote the same record")


async def _save_violations(connection: Connection, turn: Turn) -> None:
    told = lines_of(turn.told())
    at = turn.moment.now
    if told.bodies:
        await connection.execute(
            QUERIES["tell_violations"], told.bodies, told.changes, told.lines, told.supersedes, at
        )
    if told.withdrawn:
        await connection.execute(
            QUERIES["withdraw_violations"], told.withdrawn, told.withdrawn_lines, at
        )


async def forget_watches(connection: Connection, subjects: list[Subject]) -> None:
    """Forget that records were due, before their new watches are written."""
    await connection.execute(QUERIES["look_no_more"], *columns(sorted(subjects)))


def headers_of(letter: bytes) -> list[tuple[str, bytes]]:
    """Read the headers of a dead letter back."""
    return msgspec.msgpack.decode(letter, type=list[tuple[str, bytes]])


def count(status: str) -> int:
    """Give the number of rows that a statement says it wrote."""
    return int(status.rpartition(" ")[2])

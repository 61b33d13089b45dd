"""Violations as they are asked for: a page of them, or one in full with what shows its truth."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from services.compliance.answers import paging
from services.compliance.answers.database import Database, Row
from services.compliance.answers.filters import Asked, listing
from services.compliance.answers.shapes import (
    FactShown,
    HeardEvent,
    HistoryLine,
    Page,
    ViolationInFull,
)
from services.compliance.findings.history import HistoryRow, row_of, said_in
from services.compliance.findings.verification import Pointer, chain_of, fact_differences, pointers
from services.compliance.findings.violation import served
from shared.adapters.postgres import queries
from shared.domain import refusals
from shared.domain.calendar import instant_text

QUERIES = queries(Path(__file__).with_suffix(".sql"))


async def page(database: Database, asked: Asked) -> Page:
    """Give a page of violations, newest first.

    Raises InvalidArgumentError for a token that is not one of this list.
    """
    seal = asked.fingerprint()
    after = paging.place_of(asked.page_token, seal) if asked.page_token is not None else None
    # One more than asked for tells whether there is a next page.
    query, values = listing(QUERIES["list"], asked, after, asked.page_size + 1)
    rows = await database.fetch(query, *values)
    items = [served(row) for row in rows[: asked.page_size]]
    more = len(rows) > len(items)
    return Page(items, paging.token_of(paging.place_in(items[-1]), seal) if more else None)


async def in_full(database: Database, identity: UUID) -> ViolationInFull | None:
    """Give one violation with its history and the facts it rests on, as of one moment."""
    # One snapshot: a line told between two of the queries would look like a broken chain.
    async with database.snapshot() as connection:
        row = await connection.fetchrow(QUERIES["one"], identity)
        if row is None:
            return None
        lines = await connection.fetch(QUERIES["history"], identity)
        body = msgspec.json.decode(row["body"])
        evidence = pointers(body.get("evidence") if isinstance(body, dict) else None)
        facts = await connection.fetch(QUERIES["facts"], *_places(evidence))
    history = [row_of(line) for line in lines]
    return ViolationInFull(
        **msgspec.structs.asdict(served(row)),
        history=[_line(line) for line in history],
        facts=_facts(evidence, facts),
        chain=chain_of(identity, row, body, history),
    )


def _line(line: HistoryRow) -> HistoryLine:
    said = said_in(line)
    return HistoryLine(
        seq=line.seq,
        at=line.at,
        actor=line.actor,
        change=line.change,
        body=said.get("violation"),
        causes=said.get("causes", []),
        supersedes=said.get("supersedes", []),
        line=line.line.decode(errors="replace"),
        hash=line.hash.hex(),
    )


def _places(evidence: Sequence[Pointer]) -> list[list[int]]:
    places = [pointer.place for pointer in evidence]
    return [list(column) for column in zip(*places, strict=True)] or [[], [], []]


def _facts(evidence: Sequence[Pointer], rows: Sequence[Row]) -> list[FactShown]:
    """Put each event beside the evidence that points at it; None where it is no longer kept."""
    kept = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
    return [_fact(pointer, kept.get(pointer.place)) for pointer in evidence]


def _fact(evidence: Pointer, row: Row | None) -> FactShown:
    problem = None if row is None else next(fact_differences(evidence, row), None)
    return FactShown(
        id=evidence.id,
        source=evidence.source,
        type=evidence.type,
        topic=evidence.topic,
        partition=evidence.partition,
        offset=evidence.offset,
        verified=None if row is None else problem is None,
        problem=None if problem is None else str(problem),
        event=None if row is None else _event(row, holds=problem is None),
    )


def _event(row: Row, *, holds: bool) -> HeardEvent:
    time, recorded = row["time"], row["recorded"]
    late = recorded is not None and recorded > time
    return HeardEvent(
        time=instant_text(time),
        recordedtime=instant_text(recorded) if late else None,
        told=instant_text(row["told"]),
        data=_data(row["data"], holds=holds),
    )


def _data(raw: bytes, *, holds: bool) -> Any:
    """Show what the digest covers: the values, whatever their order and spacing.

    Of data that no decoder takes whole (1e999 in an unknown field) the digest covers the bytes.
    """
    try:
        return msgspec.json.decode(raw)
    except refusals.UNREADABLE:
        return msgspec.Raw(raw) if holds else None

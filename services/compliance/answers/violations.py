"""Violations as they are asked for: a page of them, or one in full with what shows its truth."""

from collections.abc import Mapping, Sequence
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
from services.compliance.findings.history import HistoryRow, row_of, said_in, verify
from services.compliance.findings.violation import served
from shared.adapters.postgres import queries
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import digest
from shared.domain.topics import NUMBER_OF

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
        facts = await connection.fetch(QUERIES["facts"], *_places(body["evidence"]))
    history = [row_of(line) for line in lines]
    return ViolationInFull(
        **msgspec.structs.asdict(served(row)),
        history=[_line(line) for line in history],
        facts=_facts(body["evidence"], facts),
        chain=verify(history, seq=row["seq"], head=row["head"], body=body),
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


def _place(evidence: Row) -> tuple[int, int, int]:
    return NUMBER_OF.get(evidence["topic"], -1), evidence["partition"], evidence["offset"]


def _places(evidence: Sequence[Row]) -> list[list[int]]:
    return [list(column) for column in zip(*map(_place, evidence), strict=True)] or [[], [], []]


def _facts(evidence: Sequence[Row], rows: Sequence[Row]) -> list[FactShown]:
    """Put each event beside the evidence that points at it; None where it is no longer kept."""
    kept = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
    return [_fact(item, kept.get(_place(item))) for item in evidence]


def _fact(evidence: Mapping[str, Any], row: Row | None) -> FactShown:
    verified = None if row is None else _same(evidence, row)
    event = None if row is None else _event(row)
    named = {name: evidence[name] for name in ("id", "source", "type")}
    placed = {name: evidence[name] for name in ("topic", "partition", "offset")}
    return FactShown(**named, **placed, verified=verified, event=event)


def _same(evidence: Mapping[str, Any], row: Row) -> bool:
    named = all(row[name] == evidence[name] for name in ("id", "source", "type"))
    return named and digest(row["data"]).hex() == evidence["digest"]


def _event(row: Row) -> HeardEvent:
    recorded = row["recorded"]
    # The JSON goes out as it came in; what the shape declares is what it holds.
    data: Any = msgspec.Raw(row["data"])
    return HeardEvent(
        time=instant_text(row["time"]),
        recordedtime=None if recorded is None else instant_text(recorded),
        told=instant_text(row["told"]),
        data=data,
    )

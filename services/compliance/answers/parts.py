"""What a violation rests on and how it changed, page by page: either may have no end.

Evidence is paged as one line of history tells it. Lines never change, so that pages fit together
whatever happens to the violation meanwhile.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar
from uuid import UUID

import msgspec
from pydantic import BaseModel, Field

from services.compliance.answers import paging
from services.compliance.answers.database import Database, Row
from services.compliance.answers.filters import AsOf
from services.compliance.answers.paging import PartPlace
from services.compliance.answers.shapes import (
    EvidencePage,
    FactPage,
    FactShown,
    HeardEvent,
    HistoryLine,
    HistoryPage,
)
from services.compliance.findings.history import HistoryRow, row_of, said_in
from services.compliance.findings.verification import Pointer, fact_differences, pointers
from shared.adapters.postgres import Connection, queries
from shared.domain import refusals
from shared.domain.calendar import instant_text

QUERIES = queries(Path(__file__).with_suffix(".sql"))

DEFAULT_PART = 100
LARGEST_PART = 1_000
PAGE_BYTES = 1_000_000
"""What a page of a part may weigh; a single thing may weigh more, and is then a page of its own."""

_LINES_AT_ONCE = 10
"""Lines fetched at a time: one that rests on ten thousand events weighs megabytes."""

T = TypeVar("T")


class PartAsked(BaseModel):
    """Which page of a part of a violation."""

    page_size: Annotated[int, Field(ge=1, le=LARGEST_PART, description="How many at most")] = (
        DEFAULT_PART
    )
    page_token: Annotated[
        str | None,
        Field(max_length=256, description="next_page_token of the page before, unchanged"),
    ] = None
    as_of: AsOf = None


class Shelf:
    """Things side by side until they weigh too much; the first ones, `at_least`, always fit."""

    def __init__(self, limit: int, at_least: int = 0) -> None:
        self._left = limit
        self._at_least = at_least

    def fits(self, thing: object) -> bool:
        """Put a thing beside those before; gives whether it still fits. JSON is what weighs."""
        self._left -= len(msgspec.json.encode(thing))
        self._at_least -= 1
        return self._left >= 0 or self._at_least >= 0

    def fitting(self, things: Iterable[T]) -> list[T]:
        """Give the first things that fit."""
        taken = []
        for thing in things:
            if not self.fits(thing):
                break
            taken.append(thing)
        return taken


async def evidence(database: Database, identity: UUID, asked: PartAsked) -> EvidencePage | None:
    """Give a page of the evidence; None where there is no such violation.

    Raises InvalidArgumentError for a token that is not one of this list.
    """
    seal = identity.bytes + b"evidence"
    async with database.snapshot() as connection:
        found = await _told(connection, identity, asked, seal)
    if found is None:
        return None
    place, told = found
    wanted = told[place.first : place.first + asked.page_size]
    items = Shelf(PAGE_BYTES, at_least=1).fitting(wanted)
    return EvidencePage(items, _token_after(place, len(items), len(told), seal))


async def facts(database: Database, identity: UUID, asked: PartAsked) -> FactPage | None:
    """Give a page of the events that the evidence points at, as `evidence` does."""
    seal = identity.bytes + b"facts"
    async with database.snapshot() as connection:
        found = await _told(connection, identity, asked, seal)
        if found is None:
            return None
        place, told = found
        wanted = pointers(told)[place.first : place.first + asked.page_size]
        shown = await facts_of(connection, identity, wanted)
    items = Shelf(PAGE_BYTES, at_least=1).fitting(shown)
    return FactPage(items, _token_after(place, len(items), len(told), seal))


async def history(database: Database, identity: UUID, asked: PartAsked) -> HistoryPage | None:
    """Give a page of the lines, oldest first, as `evidence` does."""
    seal = identity.bytes + b"history"
    first = paging.part_place(asked.page_token, seal).first if asked.page_token else 1
    shelf, items = Shelf(PAGE_BYTES, at_least=1), list[HistoryLine]()
    async with database.snapshot() as connection:
        if not await connection.fetchval(QUERIES["known"], identity):
            return None
        async for row in lines(connection, identity, first):
            if asked.as_of is not None and row.at > instant_text(asked.as_of):
                continue
            line = line_shown(row)
            if len(items) == asked.page_size or not shelf.fits(line):
                return HistoryPage(items, paging.part_token(PartPlace(0, line.seq), seal))
            items.append(line)
    return HistoryPage(items, None)


async def lines(
    connection: Connection, identity: UUID, first: int = 1
) -> AsyncIterator[HistoryRow]:
    """Give the lines of a violation from one on, a few of them in memory."""
    found = connection.cursor(QUERIES["history"], identity, first, prefetch=_LINES_AT_ONCE)
    async for row in found:
        yield row_of(row)


def line_shown(line: HistoryRow) -> HistoryLine:
    """Show a line of history, with the bytes that were hashed."""
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
        review=said.get("review"),
        text=None if line.erased else line.words,
    )


async def facts_of(
    connection: Connection, identity: UUID, evidence: Sequence[Pointer]
) -> list[FactShown]:
    """Put each event beside a violation's evidence that points at it; None where none is kept."""
    places = [pointer.place for pointer in evidence]
    columns = [list(column) for column in zip(*places, strict=True)] or [[], [], []]
    rows = await connection.fetch(QUERIES["facts"], identity, *columns)
    kept = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
    return [_fact(pointer, kept.get(pointer.place)) for pointer in evidence]


class Of(NamedTuple):
    """Of which violation a part is, and as of which instant; None is now."""

    identity: UUID
    as_of: datetime | None = None


def link(of: Of, part: str, place: PartPlace, shown: int, count: int) -> str | None:
    """Give the address of what follows the first things of a part; None where all were shown."""
    token = _token_after(place, shown, count, of.identity.bytes + part.encode())
    then = "" if of.as_of is None else f"&as_of={instant_text(of.as_of)}"
    return token and f"/v1/violations/{of.identity}/{part}?page_token={token}{then}"


def _token_after(place: PartPlace, shown: int, count: int, seal: bytes) -> str | None:
    first = place.first + shown
    return paging.part_token(PartPlace(place.seq, first), seal) if first < count else None


async def _told(
    connection: Connection, identity: UUID, asked: PartAsked, seal: bytes
) -> tuple[PartPlace, list[dict[str, Any]]] | None:
    """Give where a page begins, and all evidence as the line tells it that the token names."""
    token = asked.page_token
    place = paging.part_place(token, seal) if token is not None else None
    row = await connection.fetchrow(QUERIES["told"], identity, place and place.seq, asked.as_of)
    if row is None:
        return None
    violation = said_in(row_of(row)).get("violation")
    told = violation.get("evidence") if isinstance(violation, dict) else None
    return place or PartPlace(row["seq"], 0), told if isinstance(told, list) else []


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

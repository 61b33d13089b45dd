"""Violations as they are asked for: a page of them, or one in full with what shows its truth."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.compliance.answers import as_of as then
from services.compliance.answers import attachments, kept, names, paging, parts
from services.compliance.answers.database import Database, Row
from services.compliance.answers.filters import Asked, Filters
from services.compliance.answers.listing import counting, finding, listing
from services.compliance.answers.paging import PartPlace
from services.compliance.answers.parts import Of, Shelf
from services.compliance.answers.service_shapes import Count
from services.compliance.answers.shapes import HistoryLine, More, Page, ViolationInFull
from services.compliance.findings.past import HeldUntil
from services.compliance.findings.verification import (
    Chain,
    Difference,
    Reckoning,
    chain_of,
    pointers,
)
from services.compliance.people.case import PartyCase
from shared.adapters.postgres import Connection, queries
from shared.domain.calendar import day_of

QUERIES = queries(Path(__file__).with_suffix(".sql"))

_EVIDENCE_BYTES, _FACTS_BYTES, _HISTORY_BYTES = 30_000, 50_000, 80_000
"""What a violation in full shows of each; all together stay under 200 kB, the rest is linked."""

_FACTS_SHOWN = 100

COUNTED_AT_MOST, COUNTED_THEN_AT_MOST = 10_000, 1_000
"""What a list counts exactly row by row, and one as of an instant; more is told as so many or more.

What was known then lies among what changed since: to count it takes some ten times as long.
"""


async def page(database: Database, asked: Asked) -> Page:
    """Give a page of violations, newest first.

    Raises InvalidArgumentError for a token that is not one of this list.
    """
    seal = asked.fingerprint()
    after = paging.place_of(asked.page_token, seal) if asked.page_token is not None else None
    # One more than asked for tells whether there is a next page.
    wanted = QUERIES["list"] if asked.as_of is None else then.LIST
    query, values = listing(wanted, asked, after, asked.page_size + 1, database.scope)
    rows = await database.fetch(query, *values)
    shown = rows[: asked.page_size]
    if asked.as_of is not None:
        shown = await then.stood(database, shown, asked.as_of)
    items = await names.named_all(database.fetch, shown)
    more = len(rows) > len(items)
    return Page(items, paging.token_of(paging.place_in(items[-1]), seal) if more else None)


class Total(NamedTuple):
    """How many some filters let through, and by rule what they would without that of rules.

    It is exact by the counts that are kept; where those cannot tell it, there is nothing by rule
    and the number is exact up to COUNTED_AT_MOST, as of an instant up to COUNTED_THEN_AT_MOST.
    """

    number: Count
    by_rule: Mapping[str, int]


async def total(database: Database, filters: Filters) -> Total:
    """Count what some filters let through."""
    by_rule = await kept.by_rule(database, filters)
    if by_rule is None:
        most = COUNTED_AT_MOST if filters.as_of is None else COUNTED_THEN_AT_MOST
        found = await counted(database, filters, most)
        return Total(Count(found, found >= most), {})
    wanted = filters.rule or by_rule
    return Total(Count(sum(by_rule.get(rule, 0) for rule in set(wanted)), at_least=False), by_rule)


async def counted(database: Database, filters: Filters, most: int) -> int:
    """Count what some filters let through, but not beyond a number."""
    if filters.as_of is None:
        found = finding(QUERIES["some"], filters, most, database.scope)
    else:
        # What was known then is found fast in the order of its list alone.
        found = listing(then.LIST, filters, None, most, database.scope)
    query, values = counting(found)
    return int((await database.row(query, *values))["count"])


async def matching(database: Database, filters: Filters, most: int) -> list[UUID]:
    """Give the ids of all that some filters let through, `most` at most, in no order."""
    query, values = finding(QUERIES["some"], filters, most, database.scope)
    return [row["id"] for row in await database.fetch(query, *values)]


async def by_severity(database: Database, ids: Sequence[UUID]) -> dict[str, int]:
    """Count some violations by severity; those that there are not count nowhere."""
    rows = await database.fetch(QUERIES["severities"], ids)
    return {row["severity"]: row["count"] for row in rows}


class _Read(NamedTuple):
    """The first lines of a history, how many there are, and what all of them together show.

    As of an instant they are those known then, and `stood` is the row that they come to, if any.
    """

    shown: list[HistoryLine]
    length: int
    chain: Chain
    last_told: int
    stood: Row | None


async def in_full(
    database: Database, identity: UUID, as_of: datetime | None = None
) -> ViolationInFull | None:
    """Give one violation as of one moment, with the first of its evidence, facts and lines.

    None where there is none, or was none known at `as_of`. The chain is checked whole in any case.
    """
    # One snapshot: a line told between two of the queries would look like a broken chain.
    async with database.snapshot() as connection:
        row = await connection.fetchrow(QUERIES["one"], identity)
        if row is None:
            return None
        read = await _history(connection, identity, dict(row), as_of)
        stood = row if as_of is None else read.stood
        if stood is None:
            return None
        evidence = _evidence(msgspec.json.decode(stood["body"]))
        found = await parts.facts_of(connection, identity, pointers(evidence[:_FACTS_SHOWN]))
        (item,) = await names.named_all(connection.fetch, [stood])
        files = await attachments.attachments_of(connection.fetch, identity, stood["seq"])
    first = Shelf(_EVIDENCE_BYTES).fitting(evidence)
    facts = Shelf(_FACTS_BYTES).fitting(found)
    told, lines, of = PartPlace(read.last_told, 0), PartPlace(0, 1), Of(identity, as_of)
    return ViolationInFull(
        **msgspec.structs.asdict(item) | {"evidence": first},
        case=_case_of(row).name,
        attachments=files,
        history=read.shown,
        facts=facts,
        chain=read.chain,
        evidence_count=len(evidence),
        history_count=read.length,
        next=More(
            evidence=parts.link(of, "evidence", told, len(first), len(evidence)),
            facts=parts.link(of, "facts", told, len(facts), len(evidence)),
            history=parts.link(of, "history", lines, len(read.shown), read.length + 1),
        ),
    )


async def _history(
    connection: Connection, identity: UUID, row: Row, as_of: datetime | None
) -> _Read:
    """Hash the whole history again, and keep of it what is shown."""
    reckoning, shelf = Reckoning(identity), Shelf(_HISTORY_BYTES)
    known = HeldUntil(identity, as_of)
    shown: list[HistoryLine] = []
    problems: list[Difference] = []
    count = 0
    async for line in parts.lines(connection, identity):
        problems += reckoning.take(line)
        if not known.take(line):
            continue
        if len(shown) == count and shelf.fits(item := parts.line_shown(line)):
            shown.append(item)
        count += 1
    problems += reckoning.compare(row, msgspec.json.decode(row["body"]))
    return _Read(shown, count, chain_of(problems), known.last_told, known.row())


def _case_of(row: Row) -> PartyCase:
    """Give the case that a violation belongs to by its columns."""
    month = f"{day_of(row['occurred_at']):%Y-%m}"
    return PartyCase(row["jurisdiction"], row["rule"], month, row["accused_role"], row["accused"])


def _evidence(body: object) -> list[dict[str, Any]]:
    told = body.get("evidence") if isinstance(body, dict) else None
    return told if isinstance(told, list) else []

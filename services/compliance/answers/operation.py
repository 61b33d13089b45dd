"""How far the service is: what was heard, what waits, what is open, what could not be judged."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from services.compliance.answers.database import Database
from services.compliance.answers.service_shapes import (
    ContradictionCount,
    Contradictions,
    ContradictionShown,
    Count,
    DeadLetter,
    DeadLetters,
    Due,
    LossShown,
    Partition,
    Quarantine,
    QuarantinedRecord,
    ServiceStatus,
    UnjudgedCount,
)
from shared.adapters.postgres import queries

QUERIES = queries(Path(__file__).with_suffix(".sql"))

COUNTED_AT_MOST = 10_000
"""A count that the answer needs only roughly stops here, so that it costs a few milliseconds."""

_STARTS = (2, 4, 8, 31, 91, 366)
AGES = ("0-1", "2-3", "4-7", "8-30", "31-90", "91-365", "366-")
"""Stretches of days that tell how old an open violation is: from the day it occurred, in China."""

PARTIES_SHOWN = 10
"""Of each role; as labels of metrics they must be few."""

_LETTERS_SHOWN = 10
_LOSSES_SHOWN = 100
_QUARANTINED_SHOWN = 10
_CONTRADICTIONS_SHOWN = 50


class Hearing(NamedTuple):
    """Until when everything has been heard, and how long ago that is, in seconds.

    Both are None before the rows of the partitions are made; 1970 is never.
    """

    until: datetime | None
    age: float | None


class Waiting(NamedTuple):
    """What waits to be judged again or told, and for how many seconds the oldest has waited."""

    touches: Count
    due: Due
    oldest_due: float
    untold: Count
    oldest_untold: float


class Unheard(NamedTuple):
    """What keeps the clock standing.

    Losses that nobody acknowledged, partitions that nobody reads, and partitions whose rest lies
    behind an open transaction.
    """

    losses: int
    unread: int
    waiting: int


class OpenCount(Struct, frozen=True):
    """How many violations are open.

    `area` is empty where none is known, and `other` where no hospital takes part.
    """

    jurisdiction: str
    rule: str
    severity: str
    area: str
    exempt: bool
    count: int


class AgeCount(Struct, frozen=True):
    """How many violations of an age stand open, none that are exempt; `days` is one of AGES."""

    jurisdiction: str
    rule: str
    severity: str
    days: str
    count: int


class PartyCount(Struct, frozen=True):
    """In how many open violations a party is named, in one role; none that are exempt."""

    jurisdiction: str
    role: str
    party: str
    count: int


class FoundCount(Struct, frozen=True):
    """How many violations were ever found, none that are exempt."""

    jurisdiction: str
    rule: str
    severity: str
    area: str
    count: int


async def status(database: Database) -> ServiceStatus:
    """Say until when everything was heard, and what waits."""
    read = await partitions(database)
    waits = await waiting(database)
    return ServiceStatus(
        heard_until=min((partition.heard_until for partition in read), default=None),
        lag=sum(partition.lag for partition in read),
        losses=await losses(database),
        partitions=read,
        unjudged=await unjudged(database),
        contradictions=await _contradictions(database),
        dead_letters=await _dead_letters(database),
        quarantined=await _quarantined(database),
        touches_waiting=waits.touches,
        due=waits.due,
        untold=waits.untold,
    )


async def partitions(database: Database) -> list[Partition]:
    """Say how far each partition was read and heard, and by whom."""
    return [Partition(**row) for row in await database.fetch(QUERIES["partitions"])]


async def losses(database: Database) -> list[LossShown]:
    """Give what the broker lost before it was read and nobody has acknowledged."""
    return [LossShown(**row) for row in await database.fetch(QUERIES["losses"], _LOSSES_SHOWN)]


async def unheard(database: Database) -> Unheard:
    """Count what keeps the clock standing."""
    return Unheard(*(await database.row(QUERIES["unheard"])).values())


async def hearing(database: Database) -> Hearing:
    """Say until when everything has been heard, whoever reads it."""
    return Hearing(*(await database.row(QUERIES["heard"])).values())


async def waiting(database: Database) -> Waiting:
    """Say what waits to be judged again or told."""
    row = await database.row(QUERIES["waiting"], COUNTED_AT_MOST)
    return Waiting(
        touches=_count(row["touches"]),
        due=Due(_count(row["due_by_clock"]), _count(row["due_by_hearing"])),
        oldest_due=row["oldest_due"],
        untold=_count(row["untold"]),
        oldest_untold=row["oldest_untold"],
    )


async def open_counts(database: Database) -> list[OpenCount]:
    """Count open violations; what there is none of has no row."""
    return [OpenCount(**row) for row in await database.fetch(QUERIES["open"])]


async def age_counts(database: Database) -> list[AgeCount]:
    """Count open violations by age; what there is none of has no row."""
    rows = await database.fetch(QUERIES["ages"], _STARTS)
    return [
        AgeCount(
            row["jurisdiction"], row["rule"], row["severity"], AGES[row["stretch"]], row["count"]
        )
        for row in rows
    ]


async def parties(database: Database) -> list[PartyCount]:
    """Give who is named in most of what stands open."""
    return [PartyCount(**row) for row in await database.fetch(QUERIES["parties"], PARTIES_SHOWN)]


async def found_counts(database: Database) -> list[FoundCount]:
    """Count the violations that were ever found."""
    return [FoundCount(**row) for row in await database.fetch(QUERIES["found"])]


async def unjudged(database: Database) -> list[UnjudgedCount]:
    """Count records that a rule cannot judge, by what the register lacks."""
    return [UnjudgedCount(**row) for row in await database.fetch(QUERIES["unjudged"])]


async def contradiction_counts(database: Database) -> list[ContradictionCount]:
    """Count events that contradict others."""
    rows = await database.fetch(QUERIES["contradiction_counts"])
    return [ContradictionCount(**row) for row in rows]


async def _contradictions(database: Database) -> Contradictions:
    rows = await database.fetch(QUERIES["last_contradictions"], _CONTRADICTIONS_SHOWN)
    last = [ContradictionShown(**row) for row in rows]
    return Contradictions(await contradiction_counts(database), last)


async def letter_counts(database: Database) -> Mapping[str, int]:
    """Count dead letters by topic, COUNTED_AT_MOST of all topics together."""
    rows = await database.fetch(QUERIES["letter_counts"], COUNTED_AT_MOST)
    return {row["topic"]: row["count"] for row in rows}


async def quarantined(database: Database) -> Count:
    """Count the records that were set aside for a defect of this program."""
    return _count((await database.row(QUERIES["quarantined"], COUNTED_AT_MOST))["count"])


async def _quarantined(database: Database) -> Quarantine:
    counted = await quarantined(database)
    rows = await database.fetch(QUERIES["first_quarantined"], _QUARANTINED_SHOWN)
    first = [QuarantinedRecord(**row) for row in rows]
    return Quarantine(counted.count, counted.at_least, first)


async def _dead_letters(database: Database) -> DeadLetters:
    counted = _count(sum((await letter_counts(database)).values()))
    rows = await database.fetch(QUERIES["last_letters"], _LETTERS_SHOWN)
    last = [DeadLetter(**row) for row in rows]
    return DeadLetters(counted.count, counted.at_least, last)


def _count(count: int) -> Count:
    return Count(count, count >= COUNTED_AT_MOST)

"""Checks everything that is kept: violations against their lines, facts, counts.

All processes see the database as of one moment, and read it bit by bit: what they hold does not
grow with what is stored. Only the command loads this module: it reads what judging wrote.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg
import msgspec

from services.compliance.answers.ahead import Ahead
from services.compliance.answers.audit_past import PastRows
from services.compliance.answers.database import Row
from services.compliance.findings.history import row_of, said_in
from services.compliance.findings.past import lapsed
from services.compliance.findings.verification import (
    Difference,
    Pointer,
    Reckoning,
    fact_differences,
    pointers,
)
from services.compliance.judging.dossier import decode_judgement
from services.compliance.judging.upshot import UnjudgedKey
from services.compliance.judging.weighing import WeighedKey
from shared.adapters import postgres
from shared.adapters.postgres import Connection, queries
from shared.domain.errors import SetupError

QUERIES = queries(Path(__file__).with_suffix(".sql"))

SHARES = 256
"""The parts into which violations fall, by the first byte of their ids; each is done in one go."""

WEIGHT = 4 << 20
"""Bytes of lines, or of violations, read at a time: one of them alone may weigh more."""

FACTS_AT_ONCE = 2_000
PAST_AT_ONCE = 2_000
BLOCKS_AT_ONCE = 1_024
"""Blocks of the table of records in one part: 8 MiB."""


class Part(NamedTuple):
    """What a part of the audit found; `unjudged` are counts by jurisdiction, rule and term.

    `weighed` is of how many things rules said something. `standing` sums up the violations that are
    not withdrawn, `found` those that were last found of records: the same ones, if none was added.
    """

    violations: int = 0
    lines: int = 0
    facts: int = 0
    records: int = 0
    problems: tuple[str, ...] = ()
    unjudged: Mapping[UnjudgedKey, int] = {}
    weighed: Mapping[WeighedKey, int] = {}
    standing: int = 0
    found: int = 0


class Sizes(NamedTuple):
    """How many violations there are, about, and how many blocks the records fill."""

    violations: int
    blocks: int


@asynccontextmanager
async def reading(dsn: str, snapshot: str | None = None) -> AsyncIterator[Connection]:
    """Connect to read as of one moment: now, or that of a snapshot."""
    connection = await postgres.connect(dsn, application_name="vbp-audit")
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            if snapshot is not None:
                # Takes no parameter; what comes from PostgreSQL is hexadecimal digits and dashes.
                await connection.execute(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            yield connection
    finally:
        connection.terminate()


async def export(connection: Connection) -> tuple[str, Sizes]:
    """Name what a connection sees, for other processes, and say how much there is.

    Raises SetupError where there is no schema.
    """
    snapshot: str = await connection.fetchval(QUERIES["export"])
    try:
        (sizes,) = await connection.fetch(QUERIES["sizes"])
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError) as error:
        raise SetupError(postgres.NO_SCHEMA) from error
    return snapshot, Sizes(*sizes)


async def check_violations(connection: Connection, share: int) -> Part:
    """Check the violations of a share, their lines, what lapsed, and the facts they point at."""
    first = UUID(int=share << 120)
    last = UUID(int=((share + 1) << 120) - 1)
    facts = _Facts(connection)
    problems: list[str] = []
    count = lines = standing = 0
    kept = Ahead(_lines(connection, first, last))
    past = PastRows(_past(connection, first, last))
    async for row in _violations(connection, first, last):
        count += 1
        standing += _weight(row["id"]) if row["status"] != "withdrawn" else 0
        problems += await _orphans(kept, row["id"])
        reckoning, name = Reckoning(row["id"]), f"violation {row['id']}"
        async for line in kept.until(row["id"]):
            lines += 1
            held, before = row_of(line), reckoning.known()
            problems += _named(name, reckoning.take(held))
            gone = lapsed(held.seq, before, reckoning.known())
            problems += [] if gone is None else await past.take(row["id"], gone)
            problems += await facts.take(name, _evidence(said_in(held)))
        body = msgspec.json.decode(row["body"])
        problems += _named(name, reckoning.compare(row, body))
    problems += [*await _orphans(kept, None), *await past.end()]
    problems += await facts.end()
    return Part(
        violations=count,
        lines=lines,
        facts=facts.count,
        problems=tuple(problems),
        standing=standing,
    )


async def check_records(connection: Connection, first: int) -> Part:
    """Check that what was last found of some records stands, and count what was not judged.

    The records are those of BLOCKS_AT_ONCE blocks, from the block `first` on.
    """
    unjudged: Counter[UnjudgedKey] = Counter()
    weighed: Counter[WeighedKey] = Counter()
    found: dict[UUID, str] = {}
    records = 0
    blocks = ((first, 0), (first + BLOCKS_AT_ONCE, 0))
    async for row in connection.cursor(QUERIES["judgements"], *blocks, prefetch=1_000):
        records += 1
        judgement = decode_judgement(row["judgement"])
        for rule, term in judgement.missing:
            unjudged[row["jurisdiction"], rule, term] += 1
        for one in judgement.weighed:
            weighed[one.key(row["jurisdiction"])] += one.number
        record = f"{row['kind']} {row['key']} of {row['jurisdiction']}"
        found |= {UUID(bytes=told.id): f"{told.rule} of {record}" for told in judgement.findings}
    rows = await connection.fetch(QUERIES["standing"], list(found))
    gone = found.keys() - {row["id"] for row in rows}
    problems = (f"violation {name}: is gone, though {found[name]} was last found" for name in gone)
    return Part(
        records=records,
        problems=tuple(sorted(problems)),
        unjudged=unjudged,
        weighed=weighed,
        found=sum(map(_weight, found)),
    )


async def added(connection: Connection) -> list[str]:
    """Name the violations that stand though no record has them: asked where the sums differ."""
    found: set[UUID] = set()
    async for row in connection.cursor(QUERIES["all_judgements"], prefetch=1_000):
        found.update(UUID(bytes=told.id) for told in decode_judgement(row["judgement"]).findings)
    return [
        f"violation {row['id']}: stands, though nothing that is kept was judged so"
        async for row in connection.cursor(QUERIES["all_standing"], prefetch=1_000)
        if row["id"] not in found
    ]


def _weight(identity: UUID) -> int:
    """Give a number by which sets of violations are compared as sums, whoever chose their ids."""
    return int.from_bytes(sha256(identity.bytes).digest())


async def check_counts(
    connection: Connection,
    unjudged: Mapping[UnjudgedKey, int],
    weighed: Mapping[WeighedKey, int],
) -> list[str]:
    """Compare the gauges with what violations and records come to."""
    problems = []
    differing = {
        "open_count": await connection.fetch(QUERIES["open_counts"]),
        "open_day": await connection.fetch(QUERIES["open_days"]),
        "open_party": await connection.fetch(QUERIES["open_parties"]),
        "found_day": await connection.fetch(QUERIES["found_days"]),
        "change_day": await connection.fetch(QUERIES["change_days"]),
        "accused_count": await connection.fetch(QUERIES["accused_counts"]),
        "review_count": await connection.fetch(QUERIES["review_counts"]),
    }
    for table, rows in differing.items():
        for *key, held, told in rows:
            name = "/".join(map(str, key))
            problems.append(f"{table} {name}: {Difference('count', held, told)}")
    of_records: list[tuple[str, str, Mapping[Any, int]]] = [
        ("unjudged_count", QUERIES["unjudged_counts"], unjudged),
        ("judged_count", QUERIES["judged_counts"], weighed),
    ]
    for table, query, counted in of_records:
        rows = await connection.fetch(query)
        kept = {tuple(key): count for *key, count in rows}
        for key in sorted(kept.keys() | counted.keys()):
            held, told = kept.get(key, 0), counted.get(key, 0)
            if held != told:
                name = "/".join(map(str, key))
                problems.append(f"{table} {name}: {Difference('count', held, told)}")
    return problems


async def _violations(connection: Connection, first: UUID, last: UUID) -> AsyncIterator[Row]:
    starts = await connection.fetch(QUERIES["violation_chunks"], first, last, WEIGHT)
    for (start,), (end,) in pairwise([*starts, (None,)]):
        for row in await connection.fetch(QUERIES["violations"], start, end, last):
            yield row


async def _past(connection: Connection, first: UUID, last: UUID) -> AsyncIterator[Row]:
    place: tuple[UUID, int] = (first, 0)
    while rows := await connection.fetch(QUERIES["past"], *place, last, PAST_AT_ONCE):
        for row in rows:
            yield row
        place = (rows[-1]["violation"], rows[-1]["seq"])


async def _lines(connection: Connection, first: UUID, last: UUID) -> AsyncIterator[Row]:
    starts = await connection.fetch(QUERIES["line_chunks"], first, last, WEIGHT)
    for start, end in pairwise([*starts, (None, None)]):
        for line in await connection.fetch(QUERIES["lines"], *start, *end, last):
            yield line


async def _orphans(kept: Ahead, before: UUID | None) -> list[str]:
    """Take the lines whose violation is gone, up to the violation that is there."""
    gone: dict[UUID, None] = {}
    while (line := await kept.peek()) is not None and (
        before is None or line["violation"] < before
    ):
        gone[line["violation"]] = None
        async for _ in kept.until(line["violation"]):
            pass
    return [f"violation {name}: is gone, though its history is kept" for name in gone]


class _Facts:
    """Facts to be looked at, many at once; a violation's lines mostly rest on the same ones."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._waiting: dict[Pointer, str] = {}
        self.count = 0

    async def take(self, name: str, evidence: Iterable[Pointer]) -> list[str]:
        """Take the evidence of a violation; gives what was found of that taken before."""
        for pointer in evidence:
            self._waiting.setdefault(pointer, name)
        return await self.end() if len(self._waiting) >= FACTS_AT_ONCE else []

    async def end(self) -> list[str]:
        """Look at what still waits."""
        if not self._waiting:
            return []
        wanted, self._waiting = self._waiting, {}
        places = {pointer.place for pointer in wanted}
        rows = await self._connection.fetch(QUERIES["facts"], *postgres.columns(places))
        kept = {(row["topic"], row["partition"], row["offset"]): row for row in rows}
        self.count += len(places)
        problems: list[str] = []
        for pointer, name in wanted.items():
            row = kept.get(pointer.place)
            fact = f"fact {pointer.topic}[{pointer.partition}]@{pointer.offset} of {name}"
            if row is None:
                problems.append(f"{fact}: is gone")
            else:
                problems += _named(fact, fact_differences(pointer, row))
        return problems


def _evidence(said: Mapping[str, Any]) -> Iterator[Pointer]:
    violation = said.get("violation")
    yield from pointers(said.get("causes"))
    if isinstance(violation, dict):
        yield from pointers(violation.get("evidence"))


def _named(name: str, found: Iterable[Difference]) -> Iterator[str]:
    return (f"{name}: {difference}" for difference in found)

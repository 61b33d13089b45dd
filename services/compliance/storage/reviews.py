"""What people do with violations, written beside the worker, on the same rows and chains.

An act is tied to the line that somebody had seen: where another has come since, nothing is written.
Whoever holds rows here takes those of counts last, as the workers do: no two wait for each other.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias
from uuid import UUID

from msgspec.structs import replace

from services.compliance.people.acts import CHANGES, Act, Given, Refusal, Review
from services.compliance.people.attachment import Attachment
from services.compliance.people.lines import CARRIED, MACHINE, Beside, carried_line, line_of
from services.compliance.people.review import Facts, Who, after_machine, allowed, decide, signed
from services.compliance.storage.attachments import attach
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

AT_ONCE = 500
"""Violations that one transaction writes: for so long their rows are held."""

Seen: TypeAlias = Mapping[str, Any]
"""A row as `seen` and `held` give it."""


class Doing(NamedTuple):
    """An act that somebody does of one violation or of many: what is given but for the seq.

    A dispute may bring files, and may be one with others: `dispute` names it, of `together`.
    """

    act: Act
    given: Given
    internal: bool = True
    files: Sequence[Attachment] = ()
    dispute: str | None = None
    together: int = 1


class Context(NamedTuple):
    """Who acts, in which duties towards a violation, and what the machine says of it."""

    who: Who
    facts: Facts


ContextOf: TypeAlias = Callable[[Seen], Context | None]
"""Looks at a row for somebody; None where it is none of their business."""


class Changed(NamedTuple):
    """The violation has changed since it was seen: how it stands, and the lines since."""

    seq: int
    lines: Sequence[Mapping[str, Any]]


class Written(NamedTuple):
    """An act that was done: the number of its line, and the review after it."""

    seq: int
    review: Review


class Stopped(NamedTuple):
    """Of which violation an act of several was not done, so that it was done of none."""

    id: UUID
    why: Refusal | Changed | str


class Skipped(NamedTuple):
    """One of many of which an act was not done: `why` is a Refusal's kind, or busy, or unknown."""

    id: UUID
    why: str


class Many(NamedTuple):
    """Of how many an act was done, and of which not."""

    done: int
    skipped: list[Skipped]


def review_of(row: Seen) -> Review:
    """Give the review that a row holds."""
    names = (name for name in Review.__struct_fields__ if name != "state")
    return Review(state=row["review"], **{name: row[name] for name in names})


async def act(
    connection: Connection,
    identity: UUID,
    seq: int | None,
    doing: Doing,
    about_of: ContextOf,
) -> Written | Refusal | Changed | None:
    """Do an act of a violation as it was seen up to a line, in a transaction of its own.

    `seq` is None where it does not matter what was seen. Gives None for an unknown violation, and
    one that is none of their business.
    """
    async with connection.transaction():
        row = await connection.fetchrow(QUERIES["seen"], identity)
        about = None if row is None else about_of(row)
        if row is None or about is None:
            return None
        if seq is not None and row["seq"] != seq:
            return Changed(row["seq"], await connection.fetch(QUERIES["since"], identity, seq))
        written = _written(row, doing, about)
        if isinstance(written, Refusal):
            return written
        await _write(connection, [written.columns])
        await attach(connection, [(identity, row["seq"] + 1)], doing.files)
    return Written(row["seq"] + 1, written.review)


async def act_of_all(
    connection: Connection, seen: Mapping[UUID, int], doing: Doing, about_of: ContextOf
) -> dict[UUID, Written] | Stopped:
    """Do an act of several violations as each was seen, or of none, in a transaction of its own."""
    async with connection.transaction():
        found = {row["id"]: row for row in await connection.fetch(QUERIES["held"], sorted(seen))}
        lines = {}
        for identity, seq in sorted(seen.items()):
            row = found.get(identity)
            if row is None:
                (left,) = await _left_out(connection, [identity])
                return Stopped(identity, left.why)
            about = about_of(row)
            if about is None:
                return Stopped(identity, "not-found")
            if row["seq"] != seq:
                since = await connection.fetch(QUERIES["since"], identity, seq)
                return Stopped(identity, Changed(row["seq"], since))
            written = _written(row, doing, about)
            if isinstance(written, Refusal):
                return Stopped(identity, written)
            lines[identity] = written
        await _write(connection, [line.columns for line in lines.values()])
        done = {name: Written(seen[name] + 1, line.review) for name, line in lines.items()}
        places = [(name, written.seq) for name, written in done.items()]
        await attach(connection, places, doing.files)
    return done


async def act_of_many(
    connection: Connection,
    identities: Iterable[UUID],
    doing: Doing,
    about_of: ContextOf,
) -> Many:
    """Do an act of many violations, AT_ONCE in a transaction, those that are busy left out."""
    wanted = sorted(set(identities))
    done, skipped = 0, list[Skipped]()
    for first in range(0, len(wanted), AT_ONCE):
        some = wanted[first : first + AT_ONCE]
        async with connection.transaction():
            found = {row["id"]: row for row in await connection.fetch(QUERIES["held"], some)}
            rows = []
            for row in found.values():
                about = about_of(row)
                written = None if about is None else _written(row, doing, about)
                if written is None or isinstance(written, Refusal):
                    why = "not-found" if written is None else written.kind
                    skipped.append(Skipped(row["id"], why))
                else:
                    rows.append(written.columns)
            await _write(connection, rows)
        done += len(rows)
        skipped += await _left_out(connection, [name for name in some if name not in found])
    return Many(done, sorted(skipped))


async def carry(connection: Connection, heirs: Iterable[tuple[UUID, UUID, datetime]]) -> None:
    """Let what people hold of violations go over to those that replace them, at instants.

    It is held as it was, but a decision is stale: it was made of something else. For the
    transaction of a worker that has just written both.
    """
    rows = []
    for row in await connection.fetch(QUERIES["inherited"], *columns(heirs)):
        held = replace(review_of(row), seen_seq=None)
        review = after_machine(held, material=True)
        line = carried_line(row["at"], str(row["id"]), review)
        told = (row["heir"], row["heir_seq"], row["at"], MACHINE, CARRIED, line)
        fields = (getattr(review, name) for name in Review.__struct_fields__)
        rows.append((*told, *fields, "", False))
    await _write(connection, rows)


async def allowed_now(
    fetch: Callable[..., Awaitable[Sequence[Seen]]], identity: UUID, about_of: ContextOf
) -> tuple[Act, ...]:
    """Give what somebody may do of a violation now; nothing where it is none of their business."""
    for row in await fetch(QUERIES["standing"], identity):
        about = about_of(row)
        return () if about is None else allowed(review_of(row), *about)
    return ()


async def _left_out(connection: Connection, names: Sequence[UUID]) -> list[Skipped]:
    if not names:
        return []
    known = {row["id"] for row in await connection.fetch(QUERIES["known"], names)}
    return [Skipped(name, "busy" if name in known else "not-found") for name in names]


class _Line(NamedTuple):
    columns: tuple[Any, ...]
    review: Review


def _written(row: Seen, doing: Doing, about: Context) -> _Line | Refusal:
    """Give the row of `write` for an act, or why it is refused."""
    before = review_of(row)
    # A clock that was set back must not date a line before those that it answers.
    at = max(doing.given.at, row["recorded_at"], before.reviewed_at or row["recorded_at"])
    given = doing.given._replace(at=at, seen_seq=row["seq"])
    after = decide(before, doing.act, *about, given)
    if isinstance(after, Refusal):
        return after
    mine = signed(doing.act, *about, given)
    hashes = [one.sha256.hex() for one in doing.files]
    beside = Beside(doing.internal, hashes, doing.dispute, doing.together)
    line = line_of(doing.act, mine, before, after, beside)
    told = (row["id"], row["seq"], at, mine.by, CHANGES[doing.act], line)
    fields = (getattr(after, name) for name in Review.__struct_fields__)
    return _Line((*told, *fields, given.text, doing.internal), after)


async def _write(connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        await count_reviews(connection, await _moved(connection, rows))


async def _moved(
    connection: Connection, rows: Sequence[tuple[Any, ...]]
) -> list[Mapping[str, Any]]:
    moved: list[Mapping[str, Any]] = await connection.fetch(QUERIES["write"], *columns(rows))
    assert len(moved) == 2 * len(rows)  # noqa: S101 - all rows are held since they were read
    return [row for row in moved if row["status"] != "withdrawn"]


async def count_reviews(connection: Connection, moved: Iterable[Mapping[str, Any]]) -> None:
    """Keep in step what stands in which state of review, by rows as they were and as they are."""
    counts: Counter[tuple[Any, ...]] = Counter()
    for row in moved:
        if not row["exempt"]:
            what = (row["jurisdiction"], row["rule"], row["severity"], row["area"] or "")
            counts[*what, row["review"], row["stale"]] += row["sign"]
    # In the order of their keys, as everybody takes them: no two wait for each other.
    if by_review := sorted((*key, count) for key, count in counts.items() if count):
        await connection.execute(QUERIES["count_reviews"], *columns(by_review))

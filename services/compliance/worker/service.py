"""What the worker does: a batch or a sweep, in one fenced transaction each.

Loading, decoding and judging come before BEGIN; the transaction only writes, and fails if
anything it was judged under has moved meanwhile. Then all is loaded and judged again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import asyncpg

from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Subject, by_subject
from services.compliance.judging.turn import Turn
from services.compliance.policies.policy import Policies
from services.compliance.register import changes
from services.compliance.register.changes import Registered
from services.compliance.storage import storage
from services.compliance.storage.facts import Batch
from services.compliance.storage.lawbook import Lawbook
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import calendar, topics
from shared.domain.cloudevents import Event
from shared.domain.errors import ConflictError, TransientError

T = TypeVar("T")

SETTLE = timedelta(seconds=10)
"""How long facts may take to arrive before silence counts (rules.md, *Silence*)."""

PATIENCE = 60
"""Seconds for a whole transaction: a connection lost inside COPY would wait for ever."""

LOCK_AFTER = 3
"""After so many lost races the records are loaded FOR UPDATE."""

FIRST_LEVEL = frozenset({"order", "announcement"})
"""The kinds of record that events merge into; the others gather their contributions."""


class Compliance:
    """Judges batches and due records over one connection."""

    def __init__(self, connection: Connection, policies: Policies) -> None:
        self._connection = connection
        self._book = Lawbook(policies, storage.QUERIES, SETTLE)
        self.conflicts = 0

    async def handle(self, batch: Batch, moment: Moment) -> Turn:
        """Judge a batch and commit it with its positions.

        Raises FencedError if the partitions are no longer ours, TransientError if PostgreSQL
        fails; then nothing was written.
        """

        async def attempt(*, lock: bool) -> Turn:
            return await self._handle(batch, moment, lock=lock)

        return await self._persist(attempt)

    async def sweep(self, moment: Moment, most: int = 2_000) -> Turn | None:
        """Judge records that are due without being told anything; gives None where none were."""

        async def attempt(**_lock: bool) -> Turn | None:
            return await self._sweep(moment, most)

        return await self._persist(attempt)

    async def expand_touches(self, most: int = 5_000) -> bool:
        """Mark the next range of records that a change of the register touches."""

        async def attempt(**_lock: bool) -> bool:
            async with self._transaction():
                return await _expand_pairs(self._connection, most) or await _expand_wide(
                    self._connection, most
                )

        return await self._persist(attempt)

    async def _persist(self, attempt: Callable[..., Awaitable[T]]) -> T:
        for tries in range(LOCK_AFTER * 3):
            try:
                return await asyncio.wait_for(attempt(lock=tries >= LOCK_AFTER), PATIENCE)
            except (ConflictError, asyncpg.DeadlockDetectedError):
                self.conflicts += 1
                self._book.close()
            except postgres.FAILURES as error:
                self._book.close()
                raise TransientError(f"PostgreSQL failed: {error!r}") from error
            except BaseException:
                self._book.close()
                raise
        raise TransientError("records were written by others again and again")

    def _transaction(self) -> Any:
        return self._connection.transaction()

    async def _handle(self, batch: Batch, moment: Moment, *, lock: bool) -> Turn:
        if lock:
            async with self._transaction():
                return await self._judge_and_write(batch, moment, lock=True)
        return await self._judge_and_write(batch, moment, lock=False)

    async def _judge_and_write(self, batch: Batch, moment: Moment, *, lock: bool) -> Turn:
        await self._book.open(self._connection, (event.data.jurisdiction for event in batch.events))
        registered = await self._register(batch.events)
        turn = Turn(self._book.law, moment)
        heard = by_subject(batch.events)
        subjects = list(heard)
        await self._load(turn, subjects, lock=lock)
        turn.hear(heard)
        await self._judge(turn, subjects, lock=lock)
        async with self._transaction():
            await self._connection.execute("SET LOCAL synchronous_commit = off")
            await storage.advance(self._connection, batch.spans, moment.now)
            await storage.hold_law(self._connection, self._book.versions)
            moved = await storage.move_law(self._connection, registered.jurisdictions)
            await storage.save_facts(self._connection, batch)
            await storage.save_turn(self._connection, turn, {**self._book.versions, **moved})
            # Only now: an agreement creates the appointments that the turn may have begun itself.
            await storage.save_register(self._connection, registered)
        self._book.versions.update(moved)
        return turn

    async def _register(self, events: Iterable[Event]) -> Registered:
        told = [event for event in events if event.topic == topics.REGISTER.name]
        if told:
            await self._book.read(self._connection, Needs().told(told))
        registered = changes.register(self._book.law.register, told)
        self._book.law.forget()
        return registered

    async def _load(self, turn: Turn, subjects: list[Subject], *, lock: bool) -> None:
        missing = [subject for subject in subjects if subject not in turn.dossiers]
        turn.add(await storage.load(self._connection, missing, lock=lock))
        turn.new(missing)

    async def _judge(self, turn: Turn, subjects: list[Subject], *, lock: bool) -> None:
        """Judge what was heard or is due, then what gathers from it, each once."""
        first = [subject for subject in subjects if subject.kind in FIRST_LEVEL]
        await self._read(turn, first)
        turn.judge(first)
        await self._load(turn, sorted({item.target for item in turn.transfers}), lock=lock)
        gathering = dict.fromkeys(turn.pass_on())
        gathering.update(dict.fromkeys(held for held in subjects if held.kind not in FIRST_LEVEL))
        await self._read(turn, gathering)
        turn.judge(gathering)

    async def _read(self, turn: Turn, subjects: Iterable[Subject]) -> None:
        needs = Needs().of(turn.dossiers[subject] for subject in subjects)
        await self._book.read(self._connection, needs)

    async def _sweep(self, moment: Moment, most: int) -> Turn | None:
        async with self._transaction():
            await self._connection.execute("SET LOCAL synchronous_commit = off")
            rows = await self._connection.fetch(storage.QUERIES["due"], *moment, most)
            subjects = sorted({Subject(*row) for row in rows})
            if not subjects:
                return None
            await self._book.open(self._connection, (where for where, _, _ in subjects))
            turn = Turn(self._book.law, moment)
            turn.add(await storage.load(self._connection, subjects))
            known = [subject for subject in subjects if subject in turn.dossiers]
            await self._judge(turn, known, lock=False)
            await storage.hold_law(self._connection, self._book.versions)
            await storage.forget_watches(self._connection, subjects)
            turn.forget_watches(known)
            await storage.save_turn(self._connection, turn, self._book.versions)
        return turn


async def _expand_pairs(connection: Connection, most: int) -> bool:
    rows = await connection.fetch(storage.QUERIES["claim_pair_touches"], most)
    if rows:
        await connection.execute(storage.QUERIES["expand_pairs"], *postgres.columns(rows))
    return bool(rows)


async def _expand_wide(connection: Connection, most: int) -> bool:
    touch = await connection.fetchrow(storage.QUERIES["claim_wide_touch"])
    if touch is None:
        return False
    number, *range_left = touch
    last = await connection.fetchrow(storage.QUERIES["expand_wide"], *range_left, most)
    if last is None or last["reached"] < most:
        await connection.execute(storage.QUERIES["end_touch"], number)
    else:
        await connection.execute(storage.QUERIES["move_touch"], number, last["kind"], last["key"])
    return True


async def heard(connection: Connection, now: datetime) -> Moment:
    """Give the moment of asking: never before any moment that was judged at."""
    row = await connection.fetchrow(storage.QUERIES["heard"])
    if row is None or row["heard_until"] is None:
        return Moment(now, calendar.EPOCH)
    return Moment(max(now, row["judged_at"]), row["heard_until"])

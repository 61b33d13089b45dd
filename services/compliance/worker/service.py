"""What the worker does: a batch or a sweep, in one fenced transaction each.

What several workers contribute to is held from being loaded until all is written. Of the rest the
transaction fails if anything that it was judged under has moved meanwhile: then all is loaded and
judged again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Generic, NamedTuple, TypeAlias, TypeVar

import asyncpg

from services.compliance.judging.dossier import Dossier
from services.compliance.judging.kinds import begun
from services.compliance.judging.moment import Moment
from services.compliance.judging.round import Refused, Round
from services.compliance.judging.subjects import Subject, by_subject
from services.compliance.policies.policy import Policies
from services.compliance.storage import (
    dossiers,
    facts,
    names,
    positions,
    quarantine,
    records,
    register,
)
from services.compliance.storage.facts import Batch
from services.compliance.storage.hot import HotDossiers
from services.compliance.storage.lawbook import Lawbook
from services.compliance.storage.records import WrittenInVainError
from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.errors import ConflictError, TransientError, UnstorableError

T = TypeVar("T")
Load: TypeAlias = Callable[[Connection, Iterable[Subject], HotDossiers], Awaitable[list[Dossier]]]

SETTLE = timedelta(seconds=10)
"""How long facts may take to arrive before silence counts (rules.md, *Silence*)."""

PATIENCE = 60
"""Seconds for a whole transaction: a connection lost inside COPY would wait for ever."""

LOCK_AFTER = 3
"""After so many lost races the records are loaded FOR UPDATE, in one transaction with the rest."""


class Done(NamedTuple, Generic[T]):
    """What came of a piece of work, and how often it had to be begun anew because of others."""

    result: T
    conflicts: int


class Compliance:
    """Judges batches and due records over one connection."""

    def __init__(self, connection: Connection, policies: Policies) -> None:
        self._connection = connection
        self._book = Lawbook(policies, SETTLE)
        self._hot = HotDossiers()

    async def handle(self, batch: Batch, moment: Moment) -> Done[Round]:
        """Judge a batch and commit it with its positions.

        Raises FencedError if the partitions are no longer ours, TransientError if PostgreSQL
        fails, UnstorableError if it refuses a value; then nothing was written.
        """
        done = await self._without_refused(partial(self._handle, batch, moment))
        # Only now is it committed: until then what the worker remembers is the law as it was.
        judged, self._book = done.result
        self._book.noted()
        self._hot.keep(judged)
        return Done(judged, done.conflicts)

    async def sweep(self, moment: Moment, at_most: int = 2_000) -> Done[Round | None]:
        """Judge records that are due without being told anything; gives None where none were.

        Raises TransientError if PostgreSQL fails, UnstorableError if some records can be written
        each alone and not together; then nothing was written.
        """
        done = await self._without_refused(partial(self._sweep, moment, at_most))
        self._book.noted()
        if done.result is not None:
            self._hot.keep(done.result)
        return done

    async def expand_touches(self, at_most: int = 5_000) -> Done[bool]:
        """Mark the next range of records that a change of the register touches."""

        async def expand(_load: Load) -> bool:
            return await register.expand_touches(self._connection, at_most)

        return await self._until_unrivalled(expand)

    async def _without_refused(self, attempt: Callable[[Refused, Load], Awaitable[T]]) -> Done[T]:
        """Attempt, and again without the records that cannot be written, which are set aside."""
        refused: Refused = {}
        while True:
            try:
                return await self._until_unrivalled(partial(attempt, refused))
            except WrittenInVainError as found:
                refused = found.added_to(refused)

    async def _until_unrivalled(self, attempt: Callable[[Load], Awaitable[T]]) -> Done[T]:
        """Attempt until no other worker writes what was loaded; in the end by locking it."""
        rival: Exception | None = None
        for conflicts in range(LOCK_AFTER * 3):
            try:
                load = dossiers.load if conflicts < LOCK_AFTER else dossiers.load_and_lock
                async with asyncio.timeout(PATIENCE), self._connection.transaction():
                    await postgres.write_lazily(self._connection)
                    return Done(await attempt(load), conflicts)
            except (ConflictError, asyncpg.DeadlockDetectedError) as error:
                rival = error
            except postgres.REFUSED as error:
                raise UnstorableError(f"PostgreSQL takes no such value: {error}") from error
            except postgres.FAILURES as error:
                raise TransientError(f"PostgreSQL failed: {error!r}") from error
        raise TransientError(f"another worker was first again and again: {rival}") from rival

    async def _handle(
        self, batch: Batch, moment: Moment, refused: Refused, load: Load
    ) -> tuple[Round, Lawbook]:
        await self._book.open(self._connection, (event.data.jurisdiction for event in batch.events))
        book, changes = await self._book.changed_by(self._connection, batch.events)
        settled = await dossiers.settled(self._connection, moment.heard)
        judging = Round(book.law, moment, refused, settled=settled)
        judging.hear(by_subject(batch.events))
        await self._judge(judging, book, load)
        await positions.advance(self._connection, batch.spans, moment.now)
        # Whoever moves the law does so before sharing it: two that shared it first would wait for
        # each other.
        moved = await register.move_law(self._connection, changes.jurisdictions)
        expected = {where: held + (where in moved) for where, held in book.versions.items()}
        await register.hold_law(self._connection, expected)
        await facts.save(self._connection, batch)
        await register.save_areas(self._connection, changes)
        await names.save(self._connection, batch.events)
        law = {**book.versions, **moved}
        await self._save(judging, book, law, smallest=len(batch.events) <= 1)
        # Only now: an agreement begins the appointments that the round may have begun itself.
        await register.save(self._connection, changes, begun(batch.events))
        book.versions.update(moved)
        return judging, book

    async def _judge(self, judging: Round, book: Lawbook, load: Load) -> None:
        """Judge level by level, each record once."""
        while judging.next_level():
            judging.open(await load(self._connection, judging.unloaded(), self._hot))
            await book.read(self._connection, judging.needs())
            for _ in judging.parts():
                # Heartbeats are sent from the same loop, and must not wait for a whole batch; and a
                # transaction that asks for nothing is ended, lest a frozen worker hold others up.
                await postgres.stay(self._connection)

    async def _sweep(
        self, moment: Moment, at_most: int, refused: Refused, load: Load
    ) -> Round | None:
        settled = await dossiers.settled(self._connection, moment.heard)
        subjects = await dossiers.due(self._connection, moment.now, settled, at_most)
        if not subjects:
            return None
        # Only then: what is judged now is not waited for by the records that it contributes to.
        await dossiers.forget_watches(self._connection, subjects)
        settled = await dossiers.settled(self._connection, moment.heard)
        await self._book.open(self._connection, (where for where, _, _ in subjects))
        judging = Round(self._book.law, moment, refused, settled=settled)
        judging.look_at(subjects)
        await self._judge(judging, self._book, load)
        await register.hold_law(self._connection, self._book.versions)
        judging.forget_watches(subjects)
        await self._save(judging, self._book, self._book.versions, smallest=at_most == 1)
        return judging

    async def _save(
        self, judged: Round, book: Lawbook, law: dict[str, int], *, smallest: bool
    ) -> None:
        await records.save(self._connection, judged, law, smallest=smallest)
        await quarantine.note(self._connection, book.defects)

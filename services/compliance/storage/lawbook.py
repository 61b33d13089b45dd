"""The part of the register that a worker has read, and the version of the law it was read at."""

from collections.abc import Callable, Iterable, Mapping
from copy import copy
from datetime import timedelta
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from services.compliance.judging.defect import Defect, defects_of
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Subject
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register import changes
from services.compliance.register.changes import Changes, Name
from services.compliance.register.entries import (
    AGREEMENT,
    APPOINTMENT,
    ENTRIES,
    HOSPITAL,
    PRICE,
    PRODUCT,
    STANDARD,
    Entry,
    entry_of,
)
from services.compliance.register.register import Key, Register
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain import ids
from shared.domain.cloudevents import Event
from shared.domain.errors import SetupError

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

REMEMBERED = 50_000
"""How many entries and answers are remembered, some 30 MiB; beyond that the book is read anew, so
that its memory does not grow with the register."""

AGREEMENTS = {
    "named": QUERIES["agreements_named"],
    "between": QUERIES["agreements_between"],
    "whole": QUERIES["agreements_of_products"],
}
"""How agreements are read: by their id, of a product and a hospital, or all of a product."""

_ENTRY = {entry.name: entry for entry in ENTRIES}
_read: dict[str, Callable[[bytes], Any]] = {
    entry.name: msgspec.msgpack.Decoder(entry.holds).decode for entry in ENTRIES
}


class Lawbook:
    """A law whose register is read as it is needed, and remembered until the law moves.

    An entry that cannot be read, or of which a telling cannot be merged, is among `defects` until
    they are noted: whoever needs it is not judged, or judged by what was told of it before.
    """

    def __init__(self, policies: Policies, settle: timedelta) -> None:
        self._policies = policies
        self._settle = settle
        self.versions: dict[str, int] = {}
        self.defects: dict[Subject, Defect] = {}
        self._noted: set[Subject] = set()
        self.close()

    def close(self) -> None:
        """Forget everything that was read."""
        self.law = Law(self._policies, Register(), self._settle)
        self._known: dict[str, set[Any]] = {
            "products": set(),
            "hospitals": set(),
            "prices": set(),
            "standards": set(),
            "named": set(),
            "between": set(),
            "whole": set(),
            "kin": set(),
            "appointments": set(),
            "entrusted": set(),
        }
        self._unread: dict[Name, Exception] = {}
        self.versions = {}

    @property
    def size(self) -> int:
        """How much is remembered: entries of which there are many, and what was asked for."""
        held = self.law.register
        return len(held.agreements) + len(held.appointments) + sum(map(len, self._known.values()))

    def noted(self) -> None:
        """Be done with the defects so far: they were noted."""
        if self.defects:
            self._noted |= self.defects.keys()
            self.defects = {}

    async def changed_by(
        self, connection: Connection, events: Iterable[Event]
    ) -> tuple["Lawbook", Changes]:
        """Give the book as it is once events are committed, and what they change of the register.

        This one stays as it is: where the events are not committed, it still tells what holds.
        """
        told = [event for event in events if entry_of(event) is not None]
        if not told:
            return self, changes.merge(self.law.register, ())
        await self.read(connection, Needs().told(told))
        book = copy(self)
        book.law = Law(self._policies, self.law.register.copy(), self._settle)
        book.versions = dict(self.versions)
        book._known = {what: set(known) for what, known in self._known.items()}  # noqa: SLF001
        changed = changes.merge(book.law.register, told, self._unread)
        book.defects = dict(self.defects)
        book._meet(changed.failed)  # noqa: SLF001
        return book, changed

    async def open(self, connection: Connection, jurisdictions: Iterable[str]) -> None:
        """Make sure that all that is remembered is the law as it stands in the database now.

        Of other jurisdictions too: where theirs has moved, nothing of this book would be held.
        Raises SetupError where others have told other policies than ours.
        """
        wanted = sorted({*jurisdictions, *self.versions})
        rows = await connection.fetch(QUERIES["law_versions"], wanted)
        told = {row["jurisdiction"]: row["policies"] for row in rows}
        if other := [where for where in wanted if told.get(where) != self._policies.digest(where)]:
            raise SetupError(
                f"the policies of {', '.join(other)} are not those last told: a worker of another "
                "version, or with other calendars, was started; stop it, and start this one again"
            )
        versions = {row["jurisdiction"]: row["version"] for row in rows}
        moved = any(self.versions.get(j, version) != version for j, version in versions.items())
        if moved or self.size > REMEMBERED:
            self.close()
        fresh = [where for where in versions if where not in self.versions]
        if fresh:
            await self._read_exemptions(connection, fresh)
        # Only now: what could not be read must not pass for known.
        self.versions.update(versions)

    async def read(self, connection: Connection, needs: Needs) -> None:
        """Read what is needed and not yet remembered."""
        await self._read_references(connection, needs)
        await self._read_agreements(connection, "named", needs.named | needs.contracts)
        if needs.contracts:
            await self._read_references(connection, self._products_of(needs.contracts))
        await self._read_agreements(connection, "between", needs.between)
        await self._read_agreements(connection, "whole", needs.whole)
        if needs.whole:
            await self._read_references(connection, self._hospitals_of(needs.whole))
        await self._read_kin(connection, needs.kin)
        await self._read_appointments(connection, needs)

    def _products_of(self, agreements: Iterable[Key]) -> Needs:
        needs = Needs()
        for where, name in agreements:
            held = self.law.register.agreements.get((where, name))
            if held is not None:
                needs.products.add((where, held.product))
        return needs

    def _hospitals_of(self, products: Iterable[Key]) -> Needs:
        needs = Needs()
        for where, product in products:
            codes = self.law.register.of_product(where, product)
            needs.hospitals.update((where, code) for code in codes)
        return needs

    async def _read_kin(self, connection: Connection, products: set[Key]) -> None:
        """Read what is of a variety or class with some products, and the standards of all."""
        fresh = products - self._known["kin"]
        if fresh:
            rows = await connection.fetch(QUERIES["kin"], *columns(sorted(fresh)))
            kin = Needs()
            kin.products = kin.standards = {*fresh, *(tuple(row) for row in rows)}
            await self._read_references(connection, kin)
            self._known["kin"] |= fresh

    async def _read_references(self, connection: Connection, needs: Needs) -> None:
        needed = (
            (PRODUCT, "products", needs.products),
            (HOSPITAL, "hospitals", needs.hospitals),
            (PRICE, "prices", needs.prices),
            (STANDARD, "standards", needs.standards),
        )
        wanted = [
            (where, entry.name, code)
            for entry, known, keys in needed
            for where, code in sorted(keys - self._known[known])
        ]
        if wanted:
            self._note(await connection.fetch(QUERIES["references"], *columns(wanted)))
            for _, known, keys in needed:
                self._known[known] |= keys

    async def _read_agreements(self, connection: Connection, known: str, needed: set[Any]) -> None:
        wanted = sorted(needed - self._known[known])
        if wanted:
            register = self.law.register
            for row in await connection.fetch(AGREEMENTS[known], *columns(wanted)):
                where, code = row["jurisdiction"], row["code"]
                held = self._read_entry(AGREEMENT, (where, code), row["body"])
                # One that is held already may have been told anew in the batch at hand.
                if held is not None and (where, code) not in register.agreements:
                    register.put(AGREEMENT, where, code, held)
            self._known[known].update(wanted)

    async def _read_appointments(self, connection: Connection, needs: Needs) -> None:
        """Read appointments by their id, and all of some products; their records tell them."""
        named = sorted(needs.appointments - self._known["appointments"])
        products = sorted(needs.entrusted - self._known["entrusted"])
        rows: list[asyncpg.Record] = []
        if named:
            keys = [(where, ids.pair(APPOINTMENT.name, code)) for where, code in named]
            rows += await connection.fetch(QUERIES["appointments_named"], *columns(keys))
        if products:
            rows += await connection.fetch(QUERIES["appointments_of"], *columns(products))
        register = self.law.register
        for row in rows:
            where, code = row["jurisdiction"], ids.parts(row["key"])[1]
            # One that is held already may have been told anew in the batch at hand.
            held = self._read_entry(APPOINTMENT, (where, code), row["record"])
            if held is not None and (where, code) not in register.appointments:
                register.put(APPOINTMENT, where, code, held)
        self._known["appointments"].update(named)
        self._known["entrusted"].update(products)

    async def _read_exemptions(self, connection: Connection, jurisdictions: list[str]) -> None:
        self._note(await connection.fetch(QUERIES["exemptions"], jurisdictions))

    def _note(self, references: Iterable[asyncpg.Record]) -> None:
        for row in references:
            entry, where, code = _ENTRY[row["kind"]], row["jurisdiction"], row["code"]
            held = self._read_entry(entry, (where, code), row["body"])
            if held is not None:
                self.law.register.put(entry, where, code, held)

    def _read_entry(self, entry: Entry, key: Key, body: bytes) -> Any:
        """Read an entry; None where it cannot be read, which is noted."""
        try:
            return _read[entry.name](body)
        except Exception as error:  # noqa: BLE001  # one entry's fault must not be all entries'
            self._unread[entry.name, key] = error
            self._meet({(entry.name, key): error})
            return None

    def _meet(self, failed: Mapping[Name, Exception]) -> None:
        """Have defects noted, each once."""
        for subject, defect in defects_of(failed).items():
            if subject not in self._noted:
                self.defects[subject] = defect

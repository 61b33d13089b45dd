"""The part of the register that a worker has read, and the version of the law it was read at."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from services.compliance.judging.needs import Needs
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register.agreement import Agreement
from services.compliance.register.exemption import Exemption
from services.compliance.register.hospital import Hospital
from services.compliance.register.product import Product
from services.compliance.register.register import Register
from shared.adapters import postgres
from shared.adapters.postgres import Connection, columns
from shared.domain.errors import SetupError

Key = tuple[str, str]

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

REMEMBERED = 200_000
"""How many agreements are remembered; beyond that the book is read anew, to bound the memory."""

_products = msgspec.msgpack.Decoder(Product)
_hospitals = msgspec.msgpack.Decoder(Hospital)
_exemptions = msgspec.msgpack.Decoder(Exemption)
_agreements = msgspec.msgpack.Decoder(Agreement)


class Lawbook:
    """A law whose register is read as it is needed, and remembered until the law moves."""

    def __init__(self, policies: Policies, settle: timedelta) -> None:
        self._policies = policies
        self._settle = settle
        self.versions: dict[str, int] = {}
        self.close()

    def close(self) -> None:
        """Forget everything that was read."""
        self.law = Law(self._policies, Register(), self._settle)
        self._known: dict[str, set[Any]] = {
            "products": set(),
            "hospitals": set(),
            "named": set(),
            "between": set(),
            "whole": set(),
        }
        self.versions = {}

    async def open(self, connection: Connection, jurisdictions: Iterable[str]) -> None:
        """Make sure that what is remembered is the law as it stands in the database now.

        Raises SetupError where others have told other policies than ours.
        """
        wanted = sorted(set(jurisdictions))
        rows = await connection.fetch(QUERIES["law_versions"], wanted)
        told = {row["jurisdiction"]: row["policies"] for row in rows}
        if other := [where for where in wanted if told.get(where) != self._policies.digest(where)]:
            raise SetupError(
                f"the policies of {', '.join(other)} are not those last told: a worker of another "
                "version, or with other calendars, was started; stop it, and start this one again"
            )
        versions = {row["jurisdiction"]: row["version"] for row in rows}
        moved = any(self.versions.get(j, version) != version for j, version in versions.items())
        if moved or len(self.law.register.agreements) > REMEMBERED:
            self.close()
        fresh = [where for where in versions if where not in self.versions]
        self.versions.update(versions)
        if fresh:
            await self._read_exemptions(connection, fresh)

    async def read(self, connection: Connection, needs: Needs) -> None:
        """Read what is needed and not yet remembered."""
        await self._read_references(connection, needs)
        whole = self._unknown("whole", needs.whole)
        named = self._unknown("named", needs.named)
        between = self._unknown("between", needs.between)
        await self._read_agreements(connection, QUERIES["agreements_named"], named)
        await self._read_agreements(connection, QUERIES["agreements_between"], between)
        await self._read_agreements(connection, QUERIES["agreements_of_products"], whole)
        if needs.whole:
            await self._read_references(connection, self._hospitals_of(needs.whole))

    def _unknown(self, what: str, wanted: set[Any]) -> list[Any]:
        unknown = sorted(wanted - self._known[what])
        self._known[what].update(unknown)
        return unknown

    def _hospitals_of(self, products: Iterable[Key]) -> Needs:
        needs = Needs()
        for where, product in products:
            codes = self.law.register.of_product(where, product)
            needs.hospitals.update((where, code) for code in codes)
        return needs

    async def _read_references(self, connection: Connection, needs: Needs) -> None:
        wanted = [(j, "product", code) for j, code in self._unknown("products", needs.products)]
        wanted += [(j, "hospital", code) for j, code in self._unknown("hospitals", needs.hospitals)]
        if not wanted:
            return
        register = self.law.register
        for row in await connection.fetch(QUERIES["references"], *columns(wanted)):
            key = (row["jurisdiction"], row["code"])
            if row["kind"] == "product":
                register.products[key] = _products.decode(row["body"])
            else:
                register.hospitals[key] = _hospitals.decode(row["body"])

    async def _read_agreements(self, connection: Connection, query: str, wanted: list[Any]) -> None:
        if not wanted:
            return
        for row in await connection.fetch(query, *columns(wanted)):
            self.law.register.sign(row["jurisdiction"], _agreements.decode(row["body"]))

    async def _read_exemptions(self, connection: Connection, jurisdictions: list[str]) -> None:
        for row in await connection.fetch(QUERIES["exemptions"], jurisdictions):
            key = (row["jurisdiction"], row["code"])
            self.law.register.exemptions[key] = _exemptions.decode(row["body"])

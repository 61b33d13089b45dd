"""What the register says, as far as figures rest on it: products, hospitals, agreements."""

from collections.abc import Iterable
from copy import copy
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.agreement import Agreement, agreement_of, in_force
from shared.domain.records.hospital import Enrolled, Hospital
from shared.domain.records.order_facts import Placed
from shared.domain.records.product import Cycle, Listed, Product
from shared.domain.records.telling import last

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

Name = tuple[str, str]
"""A jurisdiction, and a code in it."""

Pair = tuple[str, str, str]
"""A jurisdiction, a product and a hospital of it."""

ENTRIES: dict[type, tuple[str, type]] = {
    say.ProductSelected: ("product", Product),
    say.ProductDeselected: ("product", Product),
    say.ProductListed: ("product", Product),
    say.HospitalEnrolled: ("hospital", Hospital),
    say.HospitalWithdrawn: ("hospital", Hospital),
}
RESTATED_AT_ONCE = 2_000
"""Products and hospitals whose columns are written anew at a time."""

HEARD = frozenset({*ENTRIES, say.AgreementSigned})
"""What of the register is heard."""

_entry: dict[str, Any] = {
    "product": msgspec.msgpack.Decoder(Product).decode,
    "hospital": msgspec.msgpack.Decoder(Hospital).decode,
}
_agreement = msgspec.msgpack.Decoder(Agreement).decode
_packed = msgspec.msgpack.encode


class Untold:
    """An agreement that an order names and nobody has told."""


UNTOLD = Untold()


class Register(NamedTuple):
    """What holds for some orders."""

    products: dict[Name, Product]
    hospitals: dict[Name, Hospital]
    between: dict[Pair, list[Agreement]]
    named: dict[Name, Agreement]

    def agreement_for(self, where: str, placed: Placed, day: date) -> Agreement | Untold | None:
        """Give an order's agreement: the one it names if it fits, else the one in force."""
        if placed.agreement is not None:
            told = self.named.get((where, placed.agreement))
            if told is None:
                return UNTOLD
            if told.hospital == placed.hospital and told.product == placed.product:
                return told
        return in_force(self.between.get((where, placed.product, placed.hospital), ()), day)

    def hospital_on(self, where: str, hospital: str, day: date) -> Enrolled | None:
        """Give what held for a hospital on a day, None where nobody enrolled it."""
        known = self.hospitals.get((where, hospital))
        return known.on(day) if known is not None and known.enrolments else None

    def area_of(self, where: str, hospital: str) -> str | None:
        """Give the area of a hospital as last told, None where nobody enrolled it."""
        known = self.hospitals.get((where, hospital))
        return None if known is None else area_of(known)

    def told_of(self, where: str, product: str, day: date) -> Cycle | Listed | None:
        """Give the cycle of a product that began last by a day, or its first; else its listing."""
        known = self.products.get((where, product))
        if known is None:
            return None
        begun = [start for start in known.cycles if start <= day]
        if known.cycles:
            return known.cycles[max(begun) if begun else min(known.cycles)]
        return known.listed


def area_of(hospital: Hospital) -> str | None:
    """Give the area of a hospital as last told, None where nobody enrolled it."""
    return hospital.enrolments[-1].area if hospital.enrolments else None


class Touched(NamedTuple):
    """What changed in the register: the orders of these may count otherwise now."""

    products: set[Name]
    hospitals: set[Name]
    between: set[Pair]
    named: set[Name]


async def tell(connection: Connection, events: Iterable[Event]) -> Touched:
    """Take tellings of the register in; nobody else may write it meanwhile."""
    touched = Touched(set(), set(), set(), set())
    entries: dict[tuple[str, str, str], list[Event]] = {}
    agreements: dict[Name, list[Event]] = {}
    for event in events:
        data: Any = event.data
        if isinstance(data, say.AgreementSigned):
            agreements.setdefault((data.jurisdiction, data.agreement), []).append(event)
        else:
            kind, _ = ENTRIES[type(data)]
            entries.setdefault((data.jurisdiction, kind, getattr(data, kind)), []).append(event)
    await _tell_entries(connection, entries, touched)
    await _tell_agreements(connection, agreements, touched)
    names = (touched.products, touched.hospitals, touched.named)
    settled = [column for each in names for column in columns(each, 2)]
    await connection.execute(QUERIES["settle"], *settled)
    return touched


async def restate(connection: Connection) -> None:
    """Write anew what is shown of products and hospitals, from all that was told of them.

    For columns that an earlier version had not; nobody else may write the register meanwhile.
    """
    last: tuple[str, str, str] = ("", "", "")
    while rows := await connection.fetch(QUERIES["following"], *last, RESTATED_AT_ONCE):
        written = [(*row, *_shown(_entry[row["kind"]](row["body"]))) for row in rows]
        await connection.execute(QUERIES["write_entries"], *postgres.columns(written))
        *last, _ = rows[-1]


async def load(connection: Connection, orders: Iterable[tuple[str, Placed]]) -> Register:
    """Read what holds for some orders, each given with its jurisdiction."""
    products, hospitals, between, named = set(), set(), set(), set()
    for where, placed in orders:
        products.add((where, "product", placed.product))
        hospitals.add((where, "hospital", placed.hospital))
        between.add((where, placed.product, placed.hospital))
        if placed.agreement is not None:
            named.add((where, placed.agreement))
    found = Register({}, {}, {}, {})
    rows = await connection.fetch(QUERIES["entries"], *columns(products | hospitals, 3))
    for row in rows:
        of = found.products if row["kind"] == "product" else found.hospitals
        of[row["jurisdiction"], row["code"]] = _entry[row["kind"]](row["body"])
    for row in await connection.fetch(QUERIES["between"], *columns(between, 3)):
        pair = (row["jurisdiction"], row["product"], row["hospital"])
        found.between.setdefault(pair, []).append(_agreement(row["body"]))
    if named:
        for row in await connection.fetch(QUERIES["agreements"], *columns(named, 2)):
            found.named[row["jurisdiction"], row["agreement"]] = _agreement(row["body"])
    return found


def columns(rows: Iterable[tuple[str, ...]], width: int) -> list[list[str]]:
    """Give names as columns, in order; `width` is how many where there are no names."""
    return postgres.columns(sorted(rows)) or [[] for _ in range(width)]


async def _tell_entries(
    connection: Connection, told: dict[tuple[str, str, str], list[Event]], touched: Touched
) -> None:
    if not told:
        return
    places = sorted(told)
    rows = await connection.fetch(QUERIES["entries"], *postgres.columns(places))
    held = {tuple(row)[:3]: row["body"] for row in rows}
    written = []
    for place in places:
        where, kind, code = place
        before = held.get(place)
        holds = {"product": Product, "hospital": Hospital}[kind]
        entry = holds() if before is None else _entry[kind](before)
        for event in told[place]:
            entry = copy(entry)
            entry.merge(event)
        body = _packed(entry)
        if body != before:
            written.append((*place, body, *_shown(entry)))
            (touched.products if kind == "product" else touched.hospitals).add((where, code))
    if written:
        await connection.execute(QUERIES["write_entries"], *postgres.columns(written))


def _shown(entry: Product | Hospital) -> tuple[str | None, Decimal | None, str | None]:
    """Give the area of a hospital; the price of a product and who makes it; as last told."""
    if isinstance(entry, Hospital):
        return area_of(entry), None, None
    if entry.cycles:
        last_cycle = entry.cycles[max(entry.cycles)]
        return None, last_cycle.selected_price, last_cycle.manufacturer
    return None, None, None if entry.listed is None else entry.listed.manufacturer


async def _tell_agreements(
    connection: Connection, told: dict[Name, list[Event]], touched: Touched
) -> None:
    if not told:
        return
    names = sorted(told)
    rows = await connection.fetch(QUERIES["agreements"], *postgres.columns(names))
    held: dict[Name, Agreement] = {
        (row["jurisdiction"], row["agreement"]): _agreement(row["body"]) for row in rows
    }
    written = []
    for name in names:
        before = after = held.get(name)
        for event in told[name]:
            data: Any = event.data
            after = last(after, agreement_of(event, data))
        if after is None or after == before:
            continue
        written.append((*name, *_shown_of(after), _packed(after)))
        touched.named.add(name)
        for one in (before, after):
            if one is not None:
                touched.between.add((name[0], one.product, one.hospital))
    if written:
        await connection.execute(QUERIES["write_agreements"], *postgres.columns(written))


def _shown_of(agreement: Agreement) -> tuple[Any, ...]:
    return (
        agreement.product,
        agreement.hospital,
        agreement.quantity,
        agreement.start,
        agreement.end,
        agreement.unit_price,
    )

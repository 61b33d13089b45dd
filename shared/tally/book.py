"""A book: one row an order with all that is known of it, and what it contributes to totals."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from shared.adapters import postgres
from shared.adapters.postgres import Connection
from shared.domain.calendar import LATEST
from shared.domain.cloudevents import Event
from shared.domain.errors import ConflictError
from shared.domain.records.order import Order
from shared.domain.records.telling import stored
from shared.tally import register
from shared.tally.register import Name, Register, Touched
from shared.tally.tables import Changes, Contribution, Contributions, Total

REFOLDED_AT_ONCE = 2_000
"""Orders that are counted anew at a time after the register has changed."""

_contributions = msgspec.msgpack.Decoder(list[Contribution]).decode
_packed = msgspec.msgpack.encode
_record = msgspec.msgpack.Decoder(Order).decode


class Folded(NamedTuple):
    """What an order comes to: the values of its row in `line`, and what it contributes."""

    columns: tuple[Any, ...]
    contributions: Contributions


class Book(NamedTuple):
    """What a service keeps of orders; `columns`, with their types, are those of its table `line`.

    `fold(jurisdiction, order, record, register)` is pure, and is given nothing that was taken back.
    `edition` names all it rests on beside these: another one has every order counted anew.
    """

    columns: Mapping[str, str]
    totals: tuple[Total, ...]
    fold: Callable[[str, str, Order, Register], Folded]
    edition: str


class _Row(NamedTuple):
    record: Order
    packed: bytes | None
    contributions: Contributions


NAME = {"jurisdiction": "text", '"order"': "text"}
KEPT = {
    "product": "text",
    "hospital": "text",
    "distributor": "text",
    "named": "text",
    "record": "bytea",
    "given": "bytea",
}


class Keeper:
    """Writes a book; every method runs inside the caller's transaction."""

    def __init__(self, book: Book) -> None:
        self._book = book
        values, names = _values(NAME | KEPT)
        self._insert = (
            f"INSERT INTO kept ({names}) "  # noqa: S608  # our own columns
            f"SELECT * FROM {values} ON CONFLICT DO NOTHING"
        )
        changed = ", ".join(f"{name} = row.{name}" for name in KEPT)
        self._update = (
            f"UPDATE kept k SET {changed} "  # noqa: S608  # our own columns
            f"FROM {values} AS row ({names}) "
            'WHERE k.jurisdiction = row.jurisdiction AND k."order" = row."order"'
        )
        self._draw = _drawing(book.columns) if book.columns else None

    async def take(self, connection: Connection, events: Iterable[Event]) -> None:
        """Take events about orders in; raises ConflictError where another began one meanwhile."""
        told: dict[Name, list[Event]] = {}
        for event in events:
            data: Any = event.data
            told.setdefault((data.jurisdiction, data.order), []).append(event)
        await self._count(connection, told)

    async def recount(self, connection: Connection, touched: Touched) -> None:
        """Count the orders anew that rest on what changed in the register."""
        pairs = register.columns(touched.between, 3)
        names = (touched.products, touched.hospitals, touched.named)
        products, hospitals, named = (register.columns(each, 2) for each in names)
        rows = await connection.fetch(TOUCHED, *products, *hospitals, *pairs, *named)
        orders = sorted((row["jurisdiction"], row["order"]) for row in rows)
        for at in range(0, len(orders), REFOLDED_AT_ONCE):
            chunk = orders[at : at + REFOLDED_AT_ONCE]
            await self._count(connection, {name: [] for name in chunk})

    async def recount_after(self, connection: Connection, last: Name) -> Name | None:
        """Count the orders after one anew, a part of them; gives the last, None at the end."""
        rows = await connection.fetch(AFTER, *last, REFOLDED_AT_ONCE)
        names = [(row["jurisdiction"], row["order"]) for row in rows]
        await self._count(connection, {name: [] for name in names})
        return names[-1] if names else None

    async def _count(self, connection: Connection, told: Mapping[Name, list[Event]]) -> None:
        names = sorted(told)
        if not names:
            return
        rows = {
            (row["jurisdiction"], row["order"]): _Row(
                _record(row["record"]), row["record"], _contributions(row["given"])
            )
            for row in await connection.fetch(LOCKED, *postgres.columns(names))
        }
        found = {name: rows.get(name) or _Row(Order(), None, []) for name in names}
        for name, events in told.items():
            record = found[name].record
            for event in events:
                record.merge(stored(event), event.data)
        standing = {name: row.record.without_voided(LATEST) for name, row in found.items()}
        placed = [(name[0], record.placed) for name, record in standing.items()]
        terms = await register.load(
            connection, [(where, order) for where, order in placed if order is not None]
        )
        changes = Changes()
        old: list[tuple[Any, ...]] = []
        new: list[tuple[Any, ...]] = []
        lines: list[tuple[Any, ...]] = []
        for name, row in found.items():
            columns, contributions = self._book.fold(*name, standing[name], terms)
            changes.replace(row.contributions, contributions)
            order = standing[name].placed
            about: tuple[str | None, ...] = (None, None, None, None)
            if order is not None:
                about = (order.product, order.hospital, order.distributor, order.agreement)
            written = (*name, *about, _packed(row.record), _packed(contributions))
            (new if row.packed is None else old).append(written)
            lines.append((*name, *columns))
        if old:
            await connection.execute(self._update, *postgres.columns(old))
        if new:
            done = await connection.execute(self._insert, *postgres.columns(new))
            if postgres.written(done) != len(new):
                raise ConflictError("another worker has begun an order of this batch")
        if self._draw is not None:
            await connection.execute(self._draw, *postgres.columns(lines))
        await changes.write(connection, self._book.totals)


def _values(columns: Mapping[str, str]) -> tuple[str, str]:
    """Give the columns of a statement as `unnest` reads them, and their names."""
    arrays = ", ".join(f"${at}::{kind}[]" for at, kind in enumerate(columns.values(), 1))
    return f"unnest({arrays})", ", ".join(columns)


def _drawing(columns: Mapping[str, str]) -> str:
    """Give the statement that writes lines; one that stays as it was is not written again."""
    values, names = _values({**NAME, **columns})
    held, fresh = (", ".join(f"{of}.{name}" for name in columns) for of in ("l", "excluded"))
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns)
    return (
        f"INSERT INTO line AS l ({names}) SELECT * FROM {values} "  # noqa: S608  # our own columns
        f'ON CONFLICT (jurisdiction, "order") DO UPDATE SET {changed} '
        f"WHERE ({held}) IS DISTINCT FROM ({fresh})"
    )


LOCKED = """
SELECT jurisdiction, "order", record, given
FROM kept
WHERE (jurisdiction, "order") IN (SELECT * FROM unnest($1::text[], $2::text[]))
ORDER BY jurisdiction, "order"
FOR UPDATE
"""

AFTER = """
SELECT jurisdiction, "order"
FROM kept
WHERE (jurisdiction, "order") > ($1, $2)
ORDER BY jurisdiction, "order"
LIMIT $3
"""

TOUCHED = """
SELECT jurisdiction, "order" FROM kept
WHERE (jurisdiction, product) IN (SELECT * FROM unnest($1::text[], $2::text[]))
UNION
SELECT jurisdiction, "order" FROM kept
WHERE (jurisdiction, hospital) IN (SELECT * FROM unnest($3::text[], $4::text[]))
UNION
SELECT jurisdiction, "order" FROM kept
WHERE (jurisdiction, product, hospital)
      IN (SELECT * FROM unnest($5::text[], $6::text[], $7::text[]))
UNION
SELECT jurisdiction, "order" FROM kept
WHERE (jurisdiction, named) IN (SELECT * FROM unnest($8::text[], $9::text[]))
"""

"""Tables of totals: what they are keyed by, what they sum, and how a change is added."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from operator import add, itemgetter
from typing import Any, NamedTuple

from msgspec import Struct

from shared.adapters import postgres
from shared.adapters.postgres import Connection

Key = tuple[str | int, ...]
Sums = tuple[int | Decimal, ...]


class Table(NamedTuple):
    """One table of a total: the keys that tell its rows apart, and the sums it has; else all.

    A row of a table `to_date` sums its year from January to the end of its month (累计), so that
    what was until a month is read in one row a year.
    """

    name: str
    keys: tuple[str, ...]
    sums: tuple[str, ...] = ()
    to_date: bool = False


class Total(NamedTuple):
    """What is summed at once; `keys` and `sums` are columns with their types.

    Contributions have every key. Each of the tables sums over the keys that it lacks, so that a
    question reads few rows: the one to ask is the first that has all keys of the question.
    """

    keys: Mapping[str, str]
    sums: Mapping[str, str]
    tables: tuple[Table, ...]

    def asked_by(self, names: Iterable[str]) -> Table | None:
        """Give the table that tells some keys apart in the fewest rows; None if there is none."""
        wanted = set(names)
        return next((table for table in self.tables if wanted <= set(table.keys)), None)

    def adding(self, table: Table) -> str:
        """Give the statement that adds to rows, and makes those that are missing."""
        sums = table.sums or tuple(self.sums)
        columns = [*table.keys, *sums]
        types = {**self.keys, **self.sums}
        values = ", ".join(f"${at}::{types[name]}[]" for at, name in enumerate(columns, 1))
        added = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in sums)
        return (
            f"INSERT INTO {table.name} AS t ({', '.join(columns)}) "  # noqa: S608  # ours
            f"SELECT * FROM unnest({values}) "
            f"ON CONFLICT ({', '.join(table.keys)}) DO UPDATE SET {added}"
        )

    def clearing(self, table: Table) -> str:
        """Give the statement that drops rows that have come to nothing."""
        values = ", ".join(f"${at}::{self.keys[name]}[]" for at, name in enumerate(table.keys, 1))
        nothing = " AND ".join(f"t.{name} = 0" for name in table.sums or self.sums)
        same = " AND ".join(f"t.{name} = gone.{name}" for name in table.keys)
        return (
            f"DELETE FROM {table.name} t "  # noqa: S608  # names and types of ours
            f"USING unnest({values}) AS gone ({', '.join(table.keys)}) "
            f"WHERE {same} AND {nothing}"
        )


class Contribution(Struct, frozen=True, array_like=True, gc=False):
    """What one order adds: the number of the total, a value for each key of it, and the sums.

    Counts come before amounts of money, as in the total.
    """

    total: int
    key: Key
    counts: tuple[int, ...]
    amounts: tuple[Decimal, ...] = ()


Contributions = list[Contribution]


class Changes:
    """What a batch adds to totals: of each order what it contributes now, less what it did."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, Key], Sums] = {}
        self._taken: set[tuple[int, Key]] = set()

    def replace(self, before: Contributions, now: Contributions) -> None:
        """Note that an order contributes something else than before."""
        if before == now:
            return
        counts: dict[Contribution, int] = defaultdict(int)
        for one in now:
            counts[one] += 1
        for one in before:
            counts[one] -= 1
        for one, times in counts.items():
            if times:
                self._add(one, times)

    def _add(self, one: Contribution, times: int) -> None:
        place = (one.total, one.key)
        sums: Sums = (*one.counts, *one.amounts)
        if times != 1:
            sums = tuple(times * each for each in sums)
        held = self._of.get(place)
        self._of[place] = sums if held is None else tuple(map(add, held, sums))
        if times < 0:
            self._taken.add(place)

    async def write(self, connection: Connection, totals: tuple[Total, ...]) -> None:
        """Add to the tables, in the order of their keys: workers wait, and never for each other."""
        for number, total in enumerate(totals):
            changed = [(key, sums) for (at, key), sums in self._of.items() if at == number]
            taken = [key for at, key in self._taken if at == number]
            for table in total.tables:
                part = _Part(total, table)
                rows = sorted(part.summed(changed))
                if rows:
                    await connection.execute(total.adding(table), *postgres.columns(rows))
                gone = sorted({row for key in taken for row in part.keys(key)})
                if gone:
                    await connection.execute(total.clearing(table), *postgres.columns(gone))


class _Part:
    """A table's part of each key and of the sums of its total."""

    def __init__(self, total: Total, table: Table) -> None:
        keys, sums = list(total.keys), list(total.sums)
        self._key = _picked([keys.index(name) for name in table.keys])
        self._sums = _picked([sums.index(name) for name in table.sums or sums])
        self._month = table.keys.index("month") if table.to_date else None

    def keys(self, key: Key) -> Iterable[Key]:
        """Give the keys of the rows in which what has a key is summed."""
        own: Key = self._key(key)
        at = self._month
        if at is None:
            return (own,)
        month = int(own[at])
        december = month // 100 * 100 + 12
        return [(*own[:at], each, *own[at + 1 :]) for each in range(month, december + 1)]

    def summed(self, changed: Iterable[tuple[Key, Sums]]) -> Iterator[tuple[Any, ...]]:
        """Give the rows to add, each with its key in front; what comes to nothing adds nothing."""
        found: dict[Key, Sums] = {}
        for key, sums in changed:
            own = self._sums(sums)
            for row in self.keys(key):
                held = found.get(row)
                found[row] = own if held is None else tuple(map(add, held, own))
        return ((*key, *sums) for key, sums in found.items() if any(sums))


def _picked(places: list[int]) -> Any:
    """Give what picks some members of a tuple, as a tuple even of one."""
    if len(places) == 1:
        (place,) = places
        return lambda of: (of[place],)
    return itemgetter(*places)

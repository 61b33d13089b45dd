"""Tables of totals: what they are keyed by, what they sum, and how a change is added."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from operator import add
from typing import NamedTuple

from msgspec import Struct

from shared.adapters.postgres import Connection

Key = tuple[str | int | bool, ...]
Sums = tuple[int | Decimal, ...]


class Table(NamedTuple):
    """A table whose rows are sums; `keys` and `sums` are columns with their types.

    Every key begins with the jurisdiction.
    """

    name: str
    keys: Mapping[str, str]
    sums: Mapping[str, str]

    @property
    def adding(self) -> str:
        """The statement that adds to rows, and makes those that are missing."""
        columns = [*self.keys, *self.sums]
        types = [*self.keys.values(), *self.sums.values()]
        values = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, 1))
        added = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in self.sums)
        keys = ", ".join(self.keys)
        return (
            f"INSERT INTO {self.name} AS t ({', '.join(columns)}) "  # noqa: S608  # ours
            f"SELECT * FROM unnest({values}) "
            f"ON CONFLICT ({keys}) DO UPDATE SET {added}"
        )

    @property
    def clearing(self) -> str:
        """The statement that drops rows that have come to nothing."""
        values = ", ".join(
            f"${number}::{kind}[]" for number, kind in enumerate(self.keys.values(), 1)
        )
        names = ", ".join(self.keys)
        nothing = " AND ".join(f"t.{name} = 0" for name in self.sums)
        same = " AND ".join(f"t.{name} = gone.{name}" for name in self.keys)
        return (
            f"DELETE FROM {self.name} t "  # noqa: S608  # names and types of ours
            f"USING unnest({values}) AS gone ({names}) "
            f"WHERE {same} AND {nothing}"
        )


class Contribution(Struct, frozen=True, array_like=True, gc=False):
    """What one order adds to one row: the number of its table, the row's key, and the sums.

    Counts come before amounts of money, as in the table.
    """

    table: int
    key: tuple[str | int | bool, ...]
    counts: tuple[int, ...]
    amounts: tuple[Decimal, ...] = ()


Contributions = list[Contribution]


class Changes:
    """What a batch adds to totals: of each order what it contributes now, less what it did."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, Key], Sums] = {}
        self._taken: set[tuple[int, Key]] = set()

    def replace(self, before: Iterable[Contribution], now: Iterable[Contribution]) -> None:
        """Note that an order contributes something else than before."""
        counts: dict[Contribution, int] = defaultdict(int)
        for one in now:
            counts[one] += 1
        for one in before:
            counts[one] -= 1
        for one, times in counts.items():
            if times:
                self._add(one, times)

    def _add(self, one: Contribution, times: int) -> None:
        place = (one.table, one.key)
        sums: Sums = (
            *(times * count for count in one.counts),
            *(times * amount for amount in one.amounts),
        )
        held = self._of.get(place)
        self._of[place] = sums if held is None else tuple(map(add, held, sums))
        if times < 0:
            self._taken.add(place)

    async def write(self, connection: Connection, tables: tuple[Table, ...]) -> None:
        """Add to the totals, in the order of their keys: workers wait, and never for each other."""
        for number, table in enumerate(tables):
            changed = [(key, sums) for (at, key), sums in self._of.items() if at == number]
            rows = sorted((*key, *sums) for key, sums in changed if any(sums))
            if rows:
                await connection.execute(table.adding, *map(list, zip(*rows, strict=True)))
            gone = sorted(key for at, key in self._taken if at == number)
            if gone:
                await connection.execute(table.clearing, *map(list, zip(*gone, strict=True)))

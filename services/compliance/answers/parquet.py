"""Violations as Parquet: typed columns, written group by group of rows.

Instants are timestamps in UTC, what repeats are dictionaries, and a number that was observed or was
the limit stands, beside its text, as a decimal. What writes it weighs 170 MB on disk and some 60 in
memory: it is loaded when somebody first asks.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from services.compliance.answers import columns
from services.compliance.answers.names import NamedViolation
from services.compliance.answers.sent import Sent
from shared.domain import calendar
from shared.domain.errors import InvalidEventError

ROWS_OF_A_GROUP: Final = 20_000
"""Some 5 MB: enough that a reader skips groups, and little to hold for each who asks."""

DIGITS, PLACES = 38, 10
"""Of the decimals: what is not said exactly by these stands in its text alone."""

_NUMBERS: Final = {"observed_number": "observed", "limit_number": "limit"}
_REPEATED: Final = (
    *("status", "severity", "review", "rule", "title_zh", "jurisdiction", "area", "hospital"),
    *("manufacturer", "distributor", "product", "policy"),
)
_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")


async def written(pages: AsyncIterator[list[NamedViolation]]) -> AsyncIterator[bytes]:
    """Write the violations of some pages, in their order."""
    file = await asyncio.to_thread(_Written)
    async for page in pages:
        if sent := await asyncio.to_thread(file.take, page):
            yield sent
    yield await asyncio.to_thread(file.end)


class _Written:
    """A file that is being written; what is taken of it is no longer held."""

    def __init__(self) -> None:
        # Here and not above: whoever never asks for Parquet shall not pay for it.
        import pyarrow as pa  # noqa: PLC0415
        from pyarrow import parquet  # noqa: PLC0415

        self._arrow = pa
        self._types = _types(pa)
        self._schema = pa.schema(list(self._types.items()))
        self._sent = Sent()
        self._writer = parquet.ParquetWriter(self._sent, self._schema, compression="zstd")
        self._group: list[Any] = []
        self._held = 0

    def take(self, page: list[NamedViolation]) -> bytes:
        """Take a page; gives what is ready to be sent."""
        held = _values(page)
        arrays = [self._arrow.array(held[name], kind) for name, kind in self._types.items()]
        self._group.append(self._arrow.record_batch(arrays, schema=self._schema))
        self._held += len(page)
        if self._held >= ROWS_OF_A_GROUP:
            self._write()
        return self._sent.taken()

    def end(self) -> bytes:
        """Write what is left, and the end of the file."""
        self._write()
        self._writer.close()
        return self._sent.taken()

    def _write(self) -> None:
        if self._held:
            table = self._arrow.Table.from_batches(self._group, self._schema).combine_chunks()
            self._writer.write_table(table, row_group_size=self._held)
        self._group, self._held = [], 0


def _types(pa: Any) -> Mapping[str, Any]:
    """Give the type of each column, in their order."""
    special = {
        "exempt": pa.bool_(),
        "stale": pa.bool_(),
        "clause": pa.list_(pa.string()),
        **dict.fromkeys(columns.INSTANTS, pa.timestamp("us", tz="UTC")),
        **dict.fromkeys(_REPEATED, pa.dictionary(pa.int32(), pa.string())),
    }
    types: dict[str, Any] = {name: special.get(name, pa.string()) for name in columns.COLUMNS}
    return types | dict.fromkeys(_NUMBERS, pa.decimal128(DIGITS, PLACES))


def _values(page: Iterable[NamedViolation]) -> dict[str, list[Any]]:
    """Give the columns of a page, each value as its type takes it."""
    held: dict[str, list[Any]] = {name: [] for name in (*columns.COLUMNS, *_NUMBERS)}
    for item in page:
        for name, value in zip(columns.COLUMNS, columns.told(item), strict=True):
            held[name].append(_value(name, value))
        for name, of in _NUMBERS.items():
            held[name].append(number(getattr(item, of)))
    return held


def _value(name: str, value: object) -> object:
    if name in columns.INSTANTS:
        return _instant(value)
    if name in ("exempt", "stale"):
        return value if isinstance(value, bool) else None
    if name == "clause":
        return [str(columns.cell(one)) for one in value] if isinstance(value, list) else None
    told = columns.cell(value)
    return None if told is None else str(told)


def _instant(value: object) -> datetime | None:
    try:
        return calendar.parse_instant(value) if isinstance(value, str) else None
    except InvalidEventError:
        return None


def number(value: object) -> Decimal | None:
    """Give a value as the decimal that it is; None where it is none, or not one of our digits."""
    plain = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
    text = str(value) if plain or isinstance(value, str) else ""
    if not _NUMBER.fullmatch(text):
        return None
    whole, _, places = text.lstrip("-").partition(".")
    fits = len(whole.lstrip("0")) <= DIGITS - PLACES and len(places.rstrip("0")) <= PLACES
    return Decimal(text) if fits else None

"""Purchase progress: what was agreed, ordered, accepted and returned, and how far that is.

Every figure is defined in docs/months.md.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from services.orders.purchases import ALL_HOSPITALS, PURCHASE
from shared.adapters import postgres
from shared.adapters.answering import month_text
from shared.adapters.reading import Database

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

Group = Literal["none", "area", "hospital", "product", "agreement", "month"]

ROWS_AT_MOST = 5_000
"""Rows that one answer shows; the slowest come first."""

_SUMS = ", ".join(f"sum(p.{name}) AS {name}" for name in PURCHASE.sums)
_ALL = "''"


class ProgressAsked(NamedTuple):
    """What is asked for: a month as a number, and what all that is summed must be of."""

    jurisdiction: str
    month: int
    group_by: Group
    area: str | None = None
    hospital: str | None = None
    product: str | None = None


class Bought(Struct, frozen=True):
    """What was bought in the month: quantities in base units, money in yuan."""

    orders: int
    ordered: int
    cancelled: int
    accepted: int
    returned: int
    ordered_amount: Decimal
    accepted_amount: Decimal
    returned_amount: Decimal


class Completed(Struct, frozen=True):
    """How far the agreements in force are, from their first day to the end of the month.

    `completion` (完成率) is accepted less returned, divided by agreed; `time_progress` (序时进度)
    the share of their days that has passed, weighted by the agreed; `pace` is the one by the other.
    `unpriced` agreements have no price, and are missing from `agreed_amount`.
    """

    agreements: int
    agreed: int
    agreed_amount: Decimal
    unpriced: int
    accepted: int
    returned: int
    amount: Decimal
    completion: float
    time_progress: float
    pace: float | None


class ProgressRow(Struct, frozen=True):
    """One area, hospital, product, agreement or month; `rank` 1 is the slowest by pace."""

    code: str
    bought: Bought | None
    completed: Completed | None
    rank: int | None = None


class Progress(Struct, frozen=True):
    """Purchase progress of one month, the slowest first; `as_of` is the last day counted."""

    jurisdiction: str
    month: str
    as_of: date
    group_by: str
    rows: list[ProgressRow]
    cut: bool


async def progress(database: Database, asked: ProgressAsked, today: date) -> Progress:
    """Answer; `today` is the Shanghai day on which it is asked."""
    as_of = min(max(today, _first(asked.month)), _last(asked.month))
    bought = {} if asked.group_by == "agreement" else await _bought(database, asked)
    completed = {} if asked.group_by == "month" else await _completed(database, asked, as_of)
    rows = [
        ProgressRow(code, bought.get(code), completed.get(code))
        for code in sorted(bought.keys() | completed.keys())
    ]
    ranked = _ranked(rows) if asked.group_by not in {"none", "month"} else rows
    return Progress(
        asked.jurisdiction,
        month_text(asked.month),
        as_of,
        asked.group_by,
        ranked[:ROWS_AT_MOST],
        len(ranked) > ROWS_AT_MOST,
    )


def _ranked(rows: list[ProgressRow]) -> list[ProgressRow]:
    """Put the slowest first; those that nothing was agreed with come last and have no rank."""
    paced = [row for row in rows if row.completed is not None and row.completed.pace is not None]
    paced.sort(key=lambda row: (row.completed.pace, row.code))  # type: ignore[union-attr]
    others = [row for row in rows if row.completed is None or row.completed.pace is None]
    return [
        *(ProgressRow(row.code, row.bought, row.completed, at) for at, row in enumerate(paced, 1)),
        *others,
    ]


async def _bought(database: Database, asked: ProgressAsked) -> dict[str, Bought]:
    by_hospital = asked.group_by == "hospital" or asked.hospital is not None
    group = {"none": _ALL, "month": "p.month::text"}.get(asked.group_by, f"p.{asked.group_by}")
    level = f"p.hospital {'<>' if by_hospital else '='} '{ALL_HOSPITALS}'"
    query = QUERIES["bought"].format(group=group, sums=_SUMS, level=level)
    months = (0, 999_912) if asked.group_by == "month" else (asked.month, asked.month)
    rows = await database.fetch(
        query, asked.jurisdiction, *months, asked.area, asked.hospital, asked.product
    )
    return {_code(asked, row["code"]): _shown(row) for row in rows}


def _code(asked: ProgressAsked, code: str) -> str:
    return month_text(int(code)) if asked.group_by == "month" else code


def _shown(row: Mapping[str, Any]) -> Bought:
    counts: list[Any] = [int(row[name]) for name in PURCHASE.sums if "amount" not in name]
    amounts: list[Any] = [row[name] for name in PURCHASE.sums if "amount" in name]
    return Bought(*counts, *amounts)


async def _completed(database: Database, asked: ProgressAsked, as_of: date) -> dict[str, Completed]:
    group = _ALL if asked.group_by == "none" else f"coalesce(a.{asked.group_by}, '')"
    query = QUERIES["completed"].format(group=group)
    where = (asked.area, asked.hospital, asked.product)
    rows = await database.fetch(query, asked.jurisdiction, as_of, asked.month, *where)
    return {row["code"]: _counted(row) for row in rows}


def _counted(row: Mapping[str, Any]) -> Completed:
    agreed, net = int(row["agreed"]), int(row["accepted"] - row["returned"])
    completion, time = net / agreed, float(row["due"]) / agreed
    return Completed(
        row["agreements"],
        agreed,
        row["agreed_amount"] or Decimal(0),
        row["unpriced"],
        int(row["accepted"]),
        int(row["returned"]),
        row["amount"],
        round(completion, 6),
        round(time, 6),
        round(completion / time, 6) if time > 0 else None,
    )


def _first(month: int) -> date:
    return date(month // 100, month % 100, 1)


def _last(month: int) -> date:
    years, number = divmod(month // 100 * 12 + month % 100, 12)
    return date(years, number + 1, 1) - timedelta(days=1)

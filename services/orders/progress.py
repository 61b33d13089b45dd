"""Purchase progress: what was agreed, ordered, accepted and returned, and how far that is.

Every figure is defined in docs/months.md.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, NamedTuple

from msgspec import Struct

from services.orders.purchases import COMPLETION, PURCHASE, day_number
from shared.adapters import postgres
from shared.adapters.answering import month_text
from shared.adapters.reading import Database
from shared.adapters.tenancy import Own, among
from shared.domain import calendar
from shared.tally.reach import reached

QUERIES = postgres.queries(Path(__file__).with_suffix(".sql"))

Group = Literal["none", "area", "hospital", "product", "agreement", "month"]

ROWS_AT_MOST = 5_000
"""Rows that one answer shows; the slowest come first."""

MOST = ROWS_AT_MOST + 1
"""Rows that are read, so that one knows whether some are left out."""

_SUMS = ", ".join(f"sum({name}) AS {name}" for name in PURCHASE.sums)
_ONLY = "AND agreement IN (SELECT agreement FROM meant)"
_GROUPS = {"none": "''", "month": "month::text"}
_MADE = (
    "product = ANY (ARRAY(SELECT code FROM entry WHERE jurisdiction = $1 AND kind = 'product' "
    "AND manufacturer = ANY ({})))"
)
_OWN_AGREEMENTS = {"hospitals": "hospital = ANY ({})", "manufacturers": _MADE}
_OWN_PURCHASES = {**_OWN_AGREEMENTS, "distributors": "distributor = ANY ({})"}
_PARTIES = frozenset({"hospital", "distributor", "product"})
"""The columns that tell whose a purchase is."""


class ProgressAsked(NamedTuple):
    """What is asked for: a month as a number, and what all that is summed must be of.

    `own` says whose rows alone are summed; None: everybody's.
    """

    jurisdiction: str
    month: int
    group_by: Group
    area: str | None = None
    hospital: str | None = None
    product: str | None = None
    own: Own | None = None

    @property
    def given(self) -> dict[str, str]:
        """What all that is summed must be of, by column."""
        of = {"area": self.area, "hospital": self.hospital, "product": self.product}
        return {name: value for name, value in of.items() if value is not None}

    @property
    def dimensions(self) -> set[str]:
        """The columns by which sums are told apart."""
        whose = set() if self.own is None else _PARTIES
        return {*self.given, *whose, self.group_by} - {"none"}

    def where(self, first: int) -> str:
        """Give the conditions of a query whose values are numbered from `first` on."""
        return " ".join(f"AND {name} = ${at}" for at, name in enumerate(self.given, first))


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
    """Purchase progress of one month, the slowest first; `as_of` is the last day counted.

    All that the bus held at `read_until` (UTC; null: never) is counted, `lag` messages wait.
    """

    jurisdiction: str
    month: str
    as_of: date
    group_by: str
    rows: list[ProgressRow]
    cut: bool
    read_until: datetime | None
    lag: int


async def progress(database: Database, asked: ProgressAsked, today: date) -> Progress:
    """Answer; `today` is the Shanghai day on which it is asked."""
    as_of = min(max(today, _first(asked.month)), _last(asked.month))
    reach = await reached(database.fetch)
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
        reach.until,
        reach.lag,
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
    source = PURCHASE.asked_by(asked.dimensions) or PURCHASE.tables[-1]
    given = asked.given
    whose, own = among(asked.own, _OWN_PURCHASES, 4 + len(given))
    query = QUERIES["bought"].format(
        group=_GROUPS.get(asked.group_by, asked.group_by),
        sums=_SUMS,
        source=source.name,
        of=asked.where(4) + whose,
    )
    months = (0, 999_912) if asked.group_by == "month" else (asked.month, asked.month)
    rows = await database.fetch(query, asked.jurisdiction, *months, *given.values(), *own)
    return {_code(asked, row["code"]): _shown(row) for row in rows}


def _code(asked: ProgressAsked, code: str) -> str:
    return month_text(int(code)) if asked.group_by == "month" else code


def _shown(row: Mapping[str, Any]) -> Bought:
    counts: list[Any] = [int(row[name]) for name in PURCHASE.sums if "amount" not in name]
    amounts: list[Any] = [row[name] for name in PURCHASE.sums if "amount" in name]
    return Bought(*counts, *amounts)


async def _completed(database: Database, asked: ProgressAsked, as_of: date) -> dict[str, Completed]:
    """Sum agreements, from totals where they tell enough apart; else one by one."""
    group = _GROUPS.get(asked.group_by, f"coalesce({asked.group_by}, '')")
    values: list[object] = [asked.jurisdiction, as_of, asked.month]
    source = COMPLETION.asked_by({*asked.dimensions, "since", "until"})
    whose, own = among(asked.own, _OWN_AGREEMENTS, 5 + len(asked.given))
    of = asked.where(5) + whose
    if source is None:
        values.append(_decembers_before(asked.month))
        summed = QUERIES["whole" if asked.group_by == "agreement" else "summed"]
        query = QUERIES["each"].format(
            group=group,
            of=of,
            only=_ONLY if of else "",
            summed=summed.format(most=MOST),
        )
    else:
        values.append(day_number(as_of))
        query = QUERIES["completed"].format(group=group, source=source.name, of=of, most=MOST)
    rows = await database.fetch(query, *values, *asked.given.values(), *own)
    return {row["code"]: _counted(row) for row in rows}


def _decembers_before(month: int) -> list[int]:
    """Give the months in which sums to date are those of a whole year, before the year of one."""
    return [year * 100 + 12 for year in range(calendar.EARLIEST.year, month // 100)]


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

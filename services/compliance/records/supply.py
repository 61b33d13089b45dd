"""Supply of one product: stock-outs, reports of shortages, stops and stock, and tallies of orders.

A record grows by the stock-outs and reports of its product, by one tally a month for each maker,
area and question (a few dozen bytes each: with eleven areas some 10 kB a year), and by one number
a day where a policy asks for what was accepted.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Self

import msgspec
from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence, Term
from shared.domain import calendar
from shared.domain.records.record import Gathered

DELIVERED, PUNCTUAL, QUALITY = "delivered", "punctual", "quality"
"""What is tallied of orders, month by month."""

REMOTE, NEAR = "remote", "near"


class StockOut(Struct, frozen=True, array_like=True, tag="S", gc=False):
    """An order that ran dry at `at`; `day` is the day on which it was placed (ordinal)."""

    order: str
    area: str
    hospital: str
    at: datetime
    day: int
    manufacturer: str | None
    terms: tuple[Term, ...]
    heard_by: datetime
    evidence: tuple[Evidence, ...]


class Report(Struct, frozen=True, array_like=True, tag="R", gc=False):
    """A shortage report or stop notice as it holds; `areas` None is all; days inclusive.

    `claimed` is when its first telling was told, `told` the least of all its tellings. Of a notice
    `manufacturer` says whose, and `planned` is False where the stop was not.
    """

    report: str
    areas: tuple[str, ...] | None
    start: date
    end: date | None
    claimed: datetime
    evidence: tuple[Evidence, ...]
    manufacturer: str | None = None
    planned: bool = True
    told: datetime | None = None

    def covers(self, area: str, day: date) -> bool:
        """Whether it speaks of an area on a day."""
        if self.areas is not None and area not in self.areas:
            return False
        return self.start <= day and (self.end is None or day <= self.end)


class StockReport(Struct, frozen=True, array_like=True, gc=False):
    """A stock report as it holds, and when it was first told."""

    manufacturer: str
    as_of: date
    quantity: int
    told: datetime
    evidence: tuple[Evidence, ...]


class Stocks(Struct, frozen=True, array_like=True, tag="SK", gc=False):
    """All stock reports of the product, by day and maker; `evidence` is what else they rest on."""

    reports: tuple[StockReport, ...]
    evidence: tuple[Evidence, ...] = ()


class Served(Struct, frozen=True, array_like=True, tag="SO", gc=False):
    """What one order says of the supply of its product.

    It counts under the policy of its day, for the maker of its cycle and its area, in the month
    in which its delivery was due (months are numbered). What was `ordered` is None where it is left
    out of what was delivered, `remote` where it is left out of what was punctual. `inspected` is
    by month of receipt what was inspected, and of it rejected for its quality; `accepted` is what
    was accepted, less returned, by day (ordinal).
    """

    order: str
    policy: str
    manufacturer: str
    area: str
    told: datetime
    month: int = 0
    ordered: int | None = None
    delivered: int = 0
    remote: bool | None = None
    in_time: bool = False
    inspected: dict[int, tuple[int, int]] = {}
    accepted: dict[int, int] = {}
    stock_out: StockOut | None = None

    def tallied(self) -> "Iterator[tuple[TallyKey, int, int, int]]":
        """Give what it adds to which tally: the month, the whole, and the part."""
        who = (self.policy, self.manufacturer)
        if self.ordered is not None:
            yield (DELIVERED, *who, self.area), self.month, self.ordered, self.delivered
        if self.remote is not None:
            place = REMOTE if self.remote else NEAR
            yield (PUNCTUAL, *who, place), self.month, 1, int(self.in_time)
        for month, (inspected, rejected) in self.inspected.items():
            yield (QUALITY, *who, ""), month, inspected, rejected

    @property
    def says_something(self) -> bool:
        """Whether it adds anything to the record."""
        counted = self.ordered is not None or self.remote is not None
        return counted or bool(self.inspected or self.accepted or self.stock_out)

    def keeping(self, stock_out: StockOut | None) -> Self:
        """Give the same with another stock-out."""
        return msgspec.structs.replace(self, stock_out=stock_out)


TallyKey = tuple[str, str, str, str]
"""What is tallied, under which policy, of which maker, and where."""


class Tally(Struct, array_like=True, gc=False):
    """The orders of a month, added up: a whole, and of it a part.

    `told` is when the last of those that ever counted was told (UTC).
    """

    orders: int = 0
    whole: int = 0
    part: int = 0
    told: datetime = calendar.EPOCH


Given = StockOut | Report | Served | Stocks


class Supply(Struct, Gathered, array_like=True):
    """Stock-outs by order and reports by id, of one product; tallies, use, and stock."""

    stock_outs: dict[str, StockOut] = {}
    reports: dict[str, Report] = {}
    tallies: dict[TallyKey, dict[int, Tally]] = {}
    accepted: dict[int, int] = {}
    stocks: Stocks | None = None

    @override
    def put(self, old: Given | None, new: Given | None) -> None:
        """Replace what one order, report or maker contributed; sums stay exact."""
        self._leave(old)
        match new:
            case StockOut():
                self.stock_outs[new.order] = new
            case Report():
                self.reports[new.report] = new
            case Served():
                if new.stock_out is not None:
                    self.stock_outs[new.order] = new.stock_out
                self._add(new, 1)
            case Stocks():
                self.stocks = new
            case None:
                pass

    def _leave(self, old: Given | None) -> None:
        match old:
            case StockOut():
                self.stock_outs.pop(old.order, None)
            case Report():
                self.reports.pop(old.report, None)
            case Served():
                self.stock_outs.pop(old.order, None)
                self._add(old, -1)
            case Stocks():
                self.stocks = None
            case None:
                pass

    def of(self, what: str, policy: str) -> dict[tuple[str, str], dict[int, Tally]]:
        """Give the tallies of a policy, by maker and place."""
        return {
            (manufacturer, place): months
            for (tallied, under, manufacturer, place), months in self.tallies.items()
            if tallied == what and under == policy
        }

    def _add(self, served: Served, sign: int) -> None:
        for key, month, whole, part in served.tallied():
            months = self.tallies.get(key)
            if months is None:
                months = self.tallies[key] = {}
            tally = months.get(month)
            if tally is None:
                tally = months[month] = Tally()
            tally.orders += sign
            tally.whole += sign * whole
            tally.part += sign * part
            tally.told = max(tally.told, served.told)
            if not tally.orders:
                del months[month]
                if not months:
                    del self.tallies[key]
        for day, quantity in served.accepted.items():
            total = self.accepted.get(day, 0) + sign * quantity
            if total:
                self.accepted[day] = total
            else:
                self.accepted.pop(day, None)

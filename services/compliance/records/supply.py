"""Supply of one product: stock-outs, and what was reported of shortages and stops."""

from datetime import date, datetime

from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence, Term
from shared.domain.records.record import Gathered


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
    """A shortage report or stop notice as it holds; `areas` None is all; days inclusive."""

    report: str
    areas: tuple[str, ...] | None
    start: date
    end: date | None
    claimed: datetime
    evidence: tuple[Evidence, ...]

    def covers(self, area: str, day: date) -> bool:
        """Whether it speaks of an area on a day."""
        if self.areas is not None and area not in self.areas:
            return False
        return self.start <= day and (self.end is None or day <= self.end)


class Supply(Struct, Gathered, array_like=True):
    """Stock-outs by order and reports by id, of one product."""

    stock_outs: dict[str, StockOut] = {}
    reports: dict[str, Report] = {}

    @override
    def put(self, old: StockOut | Report | None, new: StockOut | Report | None) -> None:
        """Replace what one order or one report contributed."""
        match old:
            case StockOut():
                self.stock_outs.pop(old.order, None)
            case Report():
                self.reports.pop(old.report, None)
            case None:
                pass
        match new:
            case StockOut():
                self.stock_outs[new.order] = new
            case Report():
                self.reports[new.report] = new
            case None:
                pass

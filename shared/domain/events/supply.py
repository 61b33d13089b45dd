"""Appointments, shortages, stops, stock: `vbp.supply.v1`."""

from datetime import date

from shared.domain.events.fields import Bound, Code, Counted, EventData, Source, Text, check_bound


class DistributorAppointed(EventData, frozen=True, gc=False):
    """配送关系: a manufacturer's distributor for named hospitals, or (null) a whole area."""

    appointment: Code
    product: Code
    area: Code
    manufacturer: Code
    distributor: Code
    start: Bound
    hospitals: list[Code] | None = None
    end: Bound | None = None

    def __post_init__(self) -> None:
        """Check both bounds."""
        check_bound("start", self.start)
        if self.end is not None:
            check_bound("end", self.end)


class DistributorReleased(EventData, frozen=True, gc=False):
    """An appointment ends; this `end` replaces the appointment's."""

    appointment: Code
    product: Code
    area: Code
    end: Bound

    def __post_init__(self) -> None:
        """Check the new end."""
        check_bound("end", self.end)


class ShortageReported(EventData, frozen=True, gc=False):
    """短缺报告: a manufacturer says that it cannot supply named areas, or (null) all."""

    report: Code
    product: Code
    manufacturer: Code
    start: date
    reason: Text
    areas: list[Code] | None = None
    expected_end: date | None = None
    quantity_available: int | float | Text | None = None
    market_share: int | float | Text | None = None
    steps_taken: Text | None = None


class ShortageEnded(EventData, frozen=True, gc=False):
    """The last day of a reported shortage; replaces its expected end."""

    report: Code
    product: Code
    end: date


class ProductionStopping(EventData, frozen=True, gc=False):
    """停产报告: production stops, for all areas."""

    notice: Code
    product: Code
    manufacturer: Code
    stop_on: date
    reason: Text
    resume_on: date | None = None
    planned: bool | None = None


class StockReported(EventData, frozen=True, gc=False):
    """库存报告: what a manufacturer holds on a day."""

    product: Code
    manufacturer: Code
    quantity: Counted
    as_of: date
    produced: Counted | None = None


class StockVoided(EventData, frozen=True, gc=False):
    """冲销: a stock report that was entered wrongly is taken back.

    `event` is the id of the event taken back, `event_source` its source; absent: the void's own.
    """

    product: Code
    event: Code
    reason: Text
    event_source: Source | None = None

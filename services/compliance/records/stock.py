"""What manufacturers told of their stock of one product: reports by maker and day.

It grows by one report a maker and day, a few hundred bytes; weekly ones make some 50 a year.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Self

from msgspec import Struct
from typing_extensions import override

from shared.domain import calendar, ids
from shared.domain import events as say
from shared.domain.records.record import Heard
from shared.domain.records.telling import Fact, Telling
from shared.domain.records.voids import Voids, take_back, told_first


class Stocked(Fact, frozen=True, array_like=True, gc=False):
    """库存报告: how much a maker had of the product on a day, in base units."""

    says = "vbp.stock.reported.v1"
    manufacturer: str
    as_of: date
    quantity: int


class Stock(Struct, Heard, array_like=True):
    """The first tellings of each report, in order: the first holds unless it is taken back."""

    told: dict[str, list[Stocked]] = {}
    voids: Voids | None = None

    @override
    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take a telling or a void in; order and repetition do not matter."""
        match data:
            case say.StockReported():
                # A report of a day to come does nothing.
                if data.as_of <= calendar.day_of(telling.time):
                    self.take(Stocked(telling, data.manufacturer, data.as_of, data.quantity))
            case say.StockVoided():
                self.voids = take_back(self.voids, telling, data)
            case _:
                pass

    def take(self, stocked: Stocked) -> None:
        """Take a report in, beside what else was told of its maker and day."""
        key = ids.pair(stocked.manufacturer, f"{stocked.as_of}")
        self.told[key] = told_first(self.told.get(key, []), stocked)

    def tellings(self) -> Iterator[Stocked]:
        """Give all tellings, in no order."""
        return (stocked for told in self.told.values() for stocked in told)

    def without_voided(self, now: datetime) -> Self:
        """Give the record as if nobody had told what is taken back at `now`."""
        if self.voids is None:
            return self
        standing = type(self)()
        for stocked in self.voids.standing(self.tellings(), now):
            standing.take(stocked)
        return standing

    def reports(self, now: datetime) -> Iterator[tuple[Stocked, datetime]]:
        """Give each report as it holds, and when it was first told, of what has happened."""
        for told in self.told.values():
            happened = [stocked for stocked in told if stocked.telling.time <= now]
            if happened:
                yield happened[0], min(stocked.telling.claimed for stocked in happened)

    @override
    def next_instant(self, now: datetime) -> datetime | None:
        """When a telling that lies ahead comes due."""
        times = (stocked.telling.time for stocked in self.tellings())
        return min((time for time in times if time > now), default=None)

"""What is announced and may be told anew: an appointment, a shortage report, a stop notice.

The last telling holds, as if it had always been so; every telling is kept.
"""

from collections.abc import Callable
from datetime import date, datetime
from itertools import chain
from typing import Any

from msgspec import Struct
from typing_extensions import override

from shared.domain import calendar
from shared.domain import events as say
from shared.domain.records.record import Heard
from shared.domain.records.telling import Fact, Telling, all_told, latest


class Appointed(Fact, frozen=True, array_like=True, gc=False):
    """配送关系: who delivers; `hospitals` None is the whole area; instants, `end` exclusive."""

    says = "vbp.distributor.appointed.v1"
    product: str
    area: str
    distributor: str
    hospitals: tuple[str, ...] | None
    start: datetime
    end: datetime | None


class Released(Fact, frozen=True, array_like=True, gc=False):
    """An end that replaces the appointment's."""

    says = "vbp.distributor.released.v1"
    end: datetime


class Reported(Fact, frozen=True, array_like=True, gc=False):
    """短缺报告: `areas` None is all; `end` is the last day, None an open one."""

    says = "vbp.shortage.reported.v1"
    product: str
    areas: tuple[str, ...] | None
    start: date
    end: date | None


class Ended(Fact, frozen=True, array_like=True, gc=False):
    """The last day of a shortage; replaces the report's."""

    says = "vbp.shortage.ended.v1"
    end: date


class Stopping(Fact, frozen=True, array_like=True, gc=False):
    """停产: production stops from `start` to the last day `end`, None an open one."""

    says = "vbp.production.stopping.v1"
    product: str
    start: date
    end: date | None
    manufacturer: str | None = None
    planned: bool = True


class Announcement(Struct, Heard, array_like=True):
    """All tellings of one announcement, each list in the order of tellings."""

    appointed: list[Appointed] = []
    released: list[Released] = []
    reported: list[Reported] = []
    ended: list[Ended] = []
    stopping: list[Stopping] = []

    @override
    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take a telling in; order and repetition do not matter."""
        _MERGE[type(data)](self, telling, data)

    def as_of(self, now: datetime) -> "Announcement":
        """Leave out what is ahead; but an appointment is known as soon as it is told."""
        return self if self.next_instant(now) is None else self._happened(now)

    def _happened(self, now: datetime) -> "Announcement":
        return Announcement(
            appointed=self.appointed,
            released=self.released,
            reported=[fact for fact in self.reported if fact.telling.time <= now],
            ended=[fact for fact in self.ended if fact.telling.time <= now],
            stopping=[fact for fact in self.stopping if fact.telling.time <= now],
        )

    @override
    def next_instant(self, now: datetime) -> datetime | None:
        """When a telling that lies ahead comes due."""
        waiting: chain[Fact] = chain(self.reported, self.ended, self.stopping)
        times = (fact.telling.time for fact in waiting if fact.telling.time > now)
        return min(times, default=None)

    @property
    def appointment(self) -> tuple[Appointed, Released | None] | None:
        """The appointment that holds, with the release that holds."""
        if not self.appointed:
            return None
        return self.appointed[-1], self.released[-1] if self.released else None

    def first_told(self, now: datetime) -> datetime | None:
        """Give when the report or notice was first told, whichever telling that was."""
        told = [*self.reported, *self.stopping]
        times = (fact.telling.claimed for fact in told if fact.telling.time <= now)
        return min(times, default=None)

    def report(self, now: datetime) -> tuple[Reported | Stopping, Telling, Ended | None] | None:
        """Give the report or notice that holds, its first telling, and the end told for it."""
        if (reported := latest(self.reported, now)) is not None:
            return reported, self.reported[0].telling, latest(self.ended, now)
        if (stopping := latest(self.stopping, now)) is not None:
            return stopping, self.stopping[0].telling, None
        return None


def _appoint(record: Announcement, telling: Telling, data: say.DistributorAppointed) -> None:
    appointed = Appointed(
        telling,
        data.product,
        data.area,
        data.distributor,
        None if data.hospitals is None else tuple(data.hospitals),
        calendar.start_bound(data.start),
        None if data.end is None else calendar.start_bound(data.end),
    )
    record.appointed = all_told(record.appointed, appointed)


def _release(record: Announcement, telling: Telling, data: say.DistributorReleased) -> None:
    released = Released(telling, calendar.start_bound(data.end))
    record.released = all_told(record.released, released)


def _report(record: Announcement, telling: Telling, data: say.ShortageReported) -> None:
    areas = None if data.areas is None else tuple(data.areas)
    reported = Reported(telling, data.product, areas, data.start, data.expected_end)
    record.reported = all_told(record.reported, reported)


def _end(record: Announcement, telling: Telling, data: say.ShortageEnded) -> None:
    record.ended = all_told(record.ended, Ended(telling, data.end))


def _stop(record: Announcement, telling: Telling, data: say.ProductionStopping) -> None:
    stopping = Stopping(
        telling,
        data.product,
        data.stop_on,
        data.resume_on,
        data.manufacturer,
        data.planned is not False,
    )
    record.stopping = all_told(record.stopping, stopping)


_MERGE: dict[type, Callable[[Announcement, Telling, Any], None]] = {
    say.DistributorAppointed: _appoint,
    say.DistributorReleased: _release,
    say.ShortageReported: _report,
    say.ShortageEnded: _end,
    say.ProductionStopping: _stop,
}

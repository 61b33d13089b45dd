"""A hospital: where it stands, and when it takes part."""

from datetime import date, datetime

from msgspec import Struct

from shared.domain import calendar
from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, all_told, stored


class Enrolled(Fact, frozen=True, array_like=True, gc=False):
    """参加集采 from a day on; area, remoteness and ownership hold from the day of the telling.

    A hospital of which nobody says otherwise is public.
    """

    says = "vbp.hospital.enrolled.v1"
    area: str
    remote: bool
    enrolled_on: date
    ownership: str | None = None

    @property
    def is_public(self) -> bool:
        """Whether it is a public hospital (公立医疗机构)."""
        return self.ownership in {None, "public"}


class Withdrawn(Fact, frozen=True, array_like=True, gc=False):
    """No longer taking part; that day is already out."""

    says = "vbp.hospital.withdrawn.v1"
    withdrawn_on: date


class Hospital(Struct, array_like=True):
    """A medical institution: all that was told of it, in the order of tellings."""

    enrolments: list[Enrolled] = []
    withdrawals: list[Withdrawn] = []

    def merge(self, event: Event) -> None:
        """Take a telling in; order and repetition do not matter."""
        telling = stored(event)
        match event.data:
            case say.HospitalEnrolled() as data:
                told = Enrolled(telling, data.area, data.remote, data.enrolled_on, data.ownership)
                self.enrolments = all_told(self.enrolments, told)
            case say.HospitalWithdrawn() as data:
                gone = Withdrawn(telling, data.withdrawn_on)
                self.withdrawals = all_told(self.withdrawals, gone)
            case _:
                pass

    def on(self, day: date) -> Enrolled:
        """Give what held on a day; the first telling reaches back. Needs at least one enrolment."""
        held = self.enrolments[0]
        for enrolment in self.enrolments[1:]:
            if calendar.day_of(enrolment.telling.time) <= day:
                held = enrolment
        return held

    def areas(self) -> list[tuple[datetime, datetime, str]]:
        """Give the areas in which the hospital stood, as instants `[from, until)`."""
        changes = [(calendar.EARLIEST, self.enrolments[0].area)]
        for enrolment in self.enrolments[1:]:
            day = calendar.day_of(enrolment.telling.time)
            changes.append((calendar.start_of(day), enrolment.area))
        ends = [start for start, _ in changes[1:]] + [calendar.LATEST]
        return [(start, end, area) for (start, area), end in zip(changes, ends, strict=True)]

    def enrolled(self) -> list[tuple[date, date]]:
        """Give the days of taking part as `[from, until)`; they may overlap."""
        out = [fact.withdrawn_on for fact in self.withdrawals]
        return [
            (
                fact.enrolled_on,
                min((day for day in out if day > fact.enrolled_on), default=date.max),
            )
            for fact in self.enrolments
        ]

"""Appointments of one product: who may deliver to whom, since and until when."""

from datetime import datetime

from msgspec import Struct
from typing_extensions import override

from services.compliance.records.announcement import Announcement
from services.compliance.records.evidence import Evidence, evidence_of
from shared.domain.calendar import LATEST
from shared.domain.records.record import Gathered


class Appointment(Struct, frozen=True, array_like=True, tag="A", gc=False):
    """One appointment as it holds; `hospitals` None is the whole area; `end` exclusive."""

    appointment: str
    area: str
    distributor: str
    hospitals: tuple[str, ...] | None
    start: datetime
    end: datetime
    told: datetime
    evidence: tuple[Evidence, ...]

    def covers(self, hospital: str, area: str) -> bool:
        """Whether it names the hospital, or covers the whole of the hospital's area."""
        if self.hospitals is None:
            return self.area == area
        return hospital in self.hospitals

    def is_live(self, instant: datetime) -> bool:
        """Whether it stands at an instant."""
        return self.start <= instant < self.end


OPEN = LATEST
"""The end of an appointment that has none."""


def appointment_of(key: str, record: Announcement) -> Appointment | None:
    """Give an appointment as it holds; None where nobody told more than its release."""
    told = record.appointment
    if told is None:
        return None
    held, released = told
    return Appointment(
        key,
        held.area,
        held.distributor,
        held.hospitals,
        held.start,
        (released.end if released else held.end) or OPEN,
        max(fact.telling.told for fact in told if fact is not None),
        evidence_of(held, released),
    )


class Appointments(Struct, Gathered, array_like=True):
    """All appointments of a product, by their id."""

    held: dict[str, Appointment] = {}

    def in_order(self) -> list[Appointment]:
        """Give the appointments by their start, in whatever order they were told."""
        return sorted(self.held.values(), key=lambda held: (held.start, held.appointment))

    @override
    def put(self, old: Appointment | None, new: Appointment | None) -> None:
        """Replace one appointment."""
        if old:
            self.held.pop(old.appointment, None)
        if new:
            self.held[new.appointment] = new

"""Who was entrusted with the delivery of an order, at any instant (rules.md).

The winner may deliver itself; an appointment entrusts another, and so does an agreement of hospital
and product that names one, since the winner signs it (a reading).
"""

from datetime import datetime

from services.compliance.law.law import Law
from services.compliance.records.appointments import Appointment
from shared.domain import calendar
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital
from shared.domain.records.order_facts import Placed
from shared.domain.records.telling import Fact


class Entrusted:
    """Who may deliver an order; an appointment may be told long after it began.

    `hospital` is None where nobody enrolled it; `area` is where the order was placed.
    """

    __slots__ = (
        "_by_distributor",
        "_hospital",
        "_law",
        "_placed",
        "_placed_in",
        "_where",
        "_winner",
    )

    def __init__(  # noqa: PLR0913  # who may deliver rests on so much
        self,
        law: Law,
        jurisdiction: str,
        placed: Placed,
        *,
        hospital: Hospital | None,
        area: str,
        winner: str | None,
    ) -> None:
        self._law = law
        self._where = jurisdiction
        self._placed = placed
        self._hospital = hospital
        self._placed_in = area
        self._winner = winner
        self._by_distributor = law.appointments(jurisdiction, placed.product)

    def includes(self, distributor: str, at: datetime) -> bool:
        """Whether a distributor was entrusted at an instant."""
        if distributor == self._winner:
            return True
        appointed = self._by_distributor.get(distributor)
        if appointed is not None:
            hospital, area = self._placed.hospital, self._area(at)
            for held in appointed:
                if held.is_live(at) and held.covers(hospital, area):
                    return True
        return any(held.distributor == distributor for held in self._agreements(at))

    def everybody(self, at: datetime) -> list[str]:
        """Give those whom an appointment or an agreement entrusts at an instant, in order."""
        area = self._area(at)
        appointed = {
            distributor
            for distributor, held in self._by_distributor.items()
            if any(one.is_live(at) and one.covers(self._placed.hospital, area) for one in held)
        }
        named = {held.distributor for held in self._agreements(at) if held.distributor is not None}
        return sorted(appointed | named)

    def is_told(self, at: datetime) -> bool:
        """Whether anybody told who delivers there; else whoever did is nobody's fault.

        Any appointment that names the hospital, or is for an area in which it ever stood, says so,
        whenever it is live and whatever hospitals it names; or an agreement in force that day.
        """
        hospital, stood = self._placed.hospital, self._ever_stood()
        return any(
            one.area in stood or hospital in (one.hospitals or ())
            for held in self._by_distributor.values()
            for one in held
        ) or any(held.distributor is not None for held in self._agreements(at))

    def appointments_of(self, distributor: str) -> list[Appointment]:
        """Give what a distributor is appointed to for the product, wherever and whenever."""
        return self._by_distributor.get(distributor, [])

    def agreements(self, at: datetime) -> list[Fact]:
        """Give the agreements of an instant that name a distributor."""
        return [held for held in self._agreements(at) if held.distributor is not None]

    def _area(self, at: datetime) -> str:
        if self._hospital is None or at == self._placed.telling.time:
            return self._placed_in
        return self._hospital.on(calendar.day_of(at)).area

    def _ever_stood(self) -> set[str]:
        if self._hospital is None:
            return {self._placed_in}
        return {told.area for told in self._hospital.enrolments}

    def _agreements(self, at: datetime) -> list[Agreement]:
        placed, day = self._placed, calendar.day_of(at)
        told = self._law.register.between(self._where, placed.hospital, placed.product)
        return [held for held in told if held.in_force(day)]

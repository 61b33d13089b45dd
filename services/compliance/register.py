"""The register: products and their cycles, hospitals, agreements, exemptions, as told, with dates.

Known as soon as it is told; its own dates say since when it holds. Of each thing the last telling
holds, except that a hospital's area and remoteness hold from the day of each telling.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from msgspec import Struct

from services.compliance.records.telling import Fact, Telling, all_told, last, telling_of
from shared.domain import calendar
from shared.domain import events as say
from shared.domain.cloudevents import Event


class Cycle(Fact, frozen=True, array_like=True, gc=False):
    """采购周期: one tender won, `[start, end)`; the price is per base unit."""

    says = "vbp.product.selected.v1"
    category: str
    manufacturer: str
    selected_price: Decimal
    start: date
    end: date


class Deselected(Fact, frozen=True, array_like=True, gc=False):
    """退出 on a day, which is already out."""

    says = "vbp.product.deselected.v1"
    on: date


class Listed(Fact, frozen=True, array_like=True, gc=False):
    """挂网 without being selected."""

    says = "vbp.product.listed.v1"


class Product(Struct, array_like=True):
    """A product: its cycles by their first day, its exit, its listing as an alternative."""

    cycles: dict[date, Cycle] = {}
    deselected: Deselected | None = None
    listed: Listed | None = None

    def merge(self, event: Event) -> None:
        """Take a telling in; order and repetition do not matter."""
        telling = telling_of(event)
        match event.data:
            case say.ProductSelected() as data:
                cycle = Cycle(
                    telling,
                    data.category,
                    data.manufacturer,
                    Decimal(data.selected_price),
                    data.cycle_start,
                    data.cycle_end,
                )
                self.cycles[cycle.start] = last(self.cycles.get(cycle.start), cycle)
            case say.ProductDeselected() as data:
                self.deselected = last(self.deselected, Deselected(telling, data.on))
            case say.ProductListed():
                self.listed = last(self.listed, Listed(telling))
            case _:
                pass


class Enrolled(Fact, frozen=True, array_like=True, gc=False):
    """参加集采 from a day on; area and remoteness hold from the day of the telling."""

    says = "vbp.hospital.enrolled.v1"
    area: str
    remote: bool
    enrolled_on: date


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
        telling = telling_of(event)
        match event.data:
            case say.HospitalEnrolled() as data:
                told = Enrolled(telling, data.area, data.remote, data.enrolled_on)
                self.enrolments = all_told(self.enrolments, told)
            case say.HospitalWithdrawn() as data:
                gone = Withdrawn(telling, data.withdrawn_on)
                self.withdrawals = all_told(self.withdrawals, gone)
            case _:
                pass

    def on(self, day: date) -> Enrolled:
        """What held on a day; the first telling reaches back. Needs at least one enrolment."""
        held = self.enrolments[0]
        for enrolment in self.enrolments[1:]:
            if calendar.day_of(enrolment.telling.time) <= day:
                held = enrolment
        return held

    def enrolled(self) -> list[tuple[date, date]]:
        """Give the days of taking part as `[from, until)`; they may overlap."""
        out = [fact.withdrawn_on for fact in self.withdrawals]
        return [
            (fact.enrolled_on, min((day for day in out if day > fact.enrolled_on), default=date.max))
            for fact in self.enrolments
        ]


class Agreement(Fact, frozen=True, array_like=True, gc=False):
    """购销协议 of a hospital for a product, in force on days `[start, end)`; hours may be None."""

    says = "vbp.agreement.signed.v1"
    agreement: str
    product: str
    hospital: str
    quantity: int
    start: date
    end: date
    response_hours: float | None
    delivery_hours: float | None
    urgent_response_hours: float | None
    urgent_delivery_hours: float | None

    def in_force(self, day: date) -> bool:
        """Whether the agreement is in force on a day."""
        return self.start <= day < self.end


def agreement_of(event: Event, data: say.AgreementSigned) -> Agreement:
    """Note an agreement as told."""
    return Agreement(
        telling_of(event),
        data.agreement,
        data.product,
        data.hospital,
        data.agreed_quantity,
        data.start,
        data.end,
        data.response_hours,
        data.delivery_hours,
        data.urgent_response_hours,
        data.urgent_delivery_hours,
    )


PARTIES = ("product", "area", "hospital", "distributor", "manufacturer")
"""The parties that an exemption may name."""


class Exemption(Fact, frozen=True, array_like=True, gc=False):
    """豁免 of a rule for the days `[start, end)`; a party that is None is not named."""

    says = "vbp.exemption.granted.v1"
    exemption: str
    rule: str
    start: date
    end: date
    parties: dict[str, str]


def exemption_of(event: Event, data: say.ExemptionGranted) -> Exemption:
    """Note an exemption as told."""
    named = {party: getattr(data, party) for party in PARTIES if getattr(data, party) is not None}
    return Exemption(telling_of(event), data.exemption, data.rule, data.start, data.end, named)


def in_force(agreements: Iterable[Agreement], day: date) -> Agreement | None:
    """Give the agreement in force on a day; of several, the last in the order of tellings."""
    found = [agreement for agreement in agreements if agreement.in_force(day)]
    return max(found, key=_told, default=None)


def _told(agreement: Agreement) -> tuple[object, ...]:
    telling: Telling = agreement.telling
    return telling.order_key

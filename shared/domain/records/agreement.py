"""Agreements of hospitals: each telling replaces the one before."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, OrderKey, stored


class Agreement(Fact, frozen=True, array_like=True, gc=False):
    """购销协议 of a hospital for a product, in force on days `[start, end)`; hours may be None.

    What a version did not keep that was told of it is None too: `unit_price` (yuan a base unit),
    `distributor`, and who signed it (`signed_by`, in order) and when.
    """

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
    distributor: str | None = None
    unit_price: Decimal | None = None
    signed_on: date | None = None
    signed_by: tuple[str, ...] | None = None

    @property
    def is_void(self) -> bool:
        """Whether it has no days at all."""
        return self.start >= self.end

    def in_force(self, day: date) -> bool:
        """Whether the agreement is in force on a day."""
        return self.start <= day < self.end


def agreement_of(event: Event, data: say.AgreementSigned) -> Agreement:
    """Note an agreement as told."""
    return Agreement(
        stored(event),
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
        data.distributor,
        None if data.unit_price is None else Decimal(data.unit_price),
        data.signed_on,
        None if data.signed_by is None else tuple(sorted(set(data.signed_by))),
    )


def in_force(agreements: Iterable[Agreement], day: date) -> Agreement | None:
    """Give the agreement in force on a day; of several, the last in the order of tellings."""
    held: Agreement | None = None
    for agreement in agreements:
        if agreement.in_force(day) and (held is None or _told(agreement) > _told(held)):
            held = agreement
    return held


def _told(agreement: Agreement) -> OrderKey:
    return agreement.telling.order_key

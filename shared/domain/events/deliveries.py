"""Shipments, receipts, returns, invoices: `vbp.deliveries.v1`."""

from datetime import date

from msgspec import field

from shared.domain.calendar import Instant
from shared.domain.events.fields import (
    Code,
    Counted,
    EventData,
    Money,
    Ordered,
    Source,
    Text,
    check_instant,
)


class ShipmentDispatched(EventData, frozen=True, gc=False):
    """发货: goods for an order left the distributor."""

    shipment: Code
    order: Code
    product: Code
    distributor: Code
    quantity: Ordered
    batch: Text | None = None
    expires_on: date | None = None


class DeliveryReceived(EventData, frozen=True, gc=False):
    """验收: the hospital checked what arrived; the event's `time` is the acceptance.

    `hospital` says who got goods that no order names.
    """

    receipt: Code
    order: Code
    product: Code
    quantity_accepted: Counted
    quantity_rejected: Counted
    rejection_reason: Text | None = None
    shipment: Code | None = None
    arrived_at: Instant | None = None
    hospital: Code | None = None

    def __post_init__(self) -> None:
        """Check the arrival."""
        if self.arrived_at is not None:
            check_instant("arrived_at", self.arrived_at)


class GoodsReturned(EventData, frozen=True, gc=False):
    """退货: accepted goods went back, of the receipt if one is named."""

    return_: Code = field(name="return")
    order: Code
    product: Code
    quantity: Counted
    reason: Text | None = None
    receipt: Code | None = None


class InvoiceIssued(EventData, frozen=True, gc=False):
    """开票: an invoice on an order; `hospital` says for whom, where no order does."""

    invoice: Code
    order: Code
    product: Code
    quantity: Counted
    unit_price: Money
    receipt: Code | None = None
    hospital: Code | None = None


class DeliveryVoided(EventData, frozen=True, gc=False):
    """冲销: a shipment, receipt, return or invoice that was entered wrongly is taken back.

    `event` is the id of the event taken back, `event_source` its source; absent: the void's own.
    """

    order: Code
    product: Code
    event: Code
    reason: Text
    event_source: Source | None = None

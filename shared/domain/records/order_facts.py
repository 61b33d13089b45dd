"""What is told of an order: one class a fact.

What an earlier version did not keep of a fact has its default until `vbp rebuild`.
"""

from datetime import datetime
from decimal import Decimal
from typing import Self

from shared.domain import calendar
from shared.domain import events as say
from shared.domain.records.telling import Fact, Telling


class Placed(Fact, frozen=True, array_like=True, gc=False):
    """The order as it was placed; `deliver_by` is the contract's own deadline, an instant.

    `channel` is the way by which it was placed, None where nobody says so.
    """

    says = "vbp.order.placed.v1"
    product: str
    hospital: str
    area: str
    distributor: str
    quantity: int
    unit_price: Decimal
    urgent: bool
    deliver_by: datetime | None
    agreement: str | None
    channel: str | None = None

    @classmethod
    def of(cls, telling: Telling, data: say.OrderPlaced) -> Self:
        """Read it from its event."""
        return cls(
            telling,
            data.product,
            data.hospital,
            data.area,
            data.distributor,
            data.quantity,
            Decimal(data.unit_price),
            data.urgency == "urgent",
            None if data.deliver_by is None else calendar.deadline(data.deliver_by),
            data.agreement,
            data.channel,
        )


class Accepted(Fact, frozen=True, array_like=True, gc=False):
    """响应: the distributor took the order."""

    says = "vbp.order.accepted.v1"


class Rejected(Fact, frozen=True, array_like=True, gc=False):
    """拒绝: the distributor refused the order."""

    says = "vbp.order.rejected.v1"
    reason: str

    @classmethod
    def of(cls, telling: Telling, data: say.OrderRejected) -> Self:
        """Read it from its event."""
        return cls(telling, data.reason)


class Cancelled(Fact, frozen=True, array_like=True, gc=False):
    """撤单: the hospital took the order back."""

    says = "vbp.order.cancelled.v1"


class Shipped(Fact, frozen=True, array_like=True, gc=False):
    """发货: goods left a distributor; `distributor` is None where it was not kept."""

    says = "vbp.shipment.dispatched.v1"
    quantity: int
    distributor: str | None = None

    @classmethod
    def of(cls, telling: Telling, data: say.ShipmentDispatched) -> Self:
        """Read it from its event."""
        return cls(telling, data.quantity, data.distributor)


class Received(Fact, frozen=True, array_like=True, gc=False):
    """验收: goods arrived, and were checked at the telling's `time`.

    `reason` is why some were `rejected`; `hospital` is who got goods that no order names.
    """

    says = "vbp.delivery.received.v1"
    accepted: int
    arrived_at: datetime
    rejected: int = 0
    reason: str | None = None
    product: str | None = None
    hospital: str | None = None

    @classmethod
    def of(cls, telling: Telling, data: say.DeliveryReceived) -> Self:
        """Read it from its event; where no arrival is told the goods arrived when checked."""
        return cls(
            telling,
            data.quantity_accepted,
            telling.time if data.arrived_at is None else calendar.utc(data.arrived_at),
            data.quantity_rejected,
            # A reason is only asked for where something was rejected, and may be long.
            data.rejection_reason if data.quantity_rejected else None,
            data.product,
            data.hospital,
        )


class Returned(Fact, frozen=True, array_like=True, gc=False):
    """退货: accepted goods went back, of one receipt where it is named."""

    says = "vbp.goods.returned.v1"
    quantity: int
    receipt: str | None = None

    @classmethod
    def of(cls, telling: Telling, data: say.GoodsReturned) -> Self:
        """Read it from its event."""
        return cls(telling, data.quantity, data.receipt)


class Invoiced(Fact, frozen=True, array_like=True, gc=False):
    """开票: an invoice on the order, for one receipt where it is named.

    `hospital` is for whom, where no order says it.
    """

    says = "vbp.invoice.issued.v1"
    quantity: int
    unit_price: Decimal
    receipt: str | None = None
    product: str | None = None
    hospital: str | None = None

    @classmethod
    def of(cls, telling: Telling, data: say.InvoiceIssued) -> Self:
        """Read it from its event."""
        return cls(
            telling,
            data.quantity,
            Decimal(data.unit_price),
            data.receipt,
            data.product,
            data.hospital,
        )

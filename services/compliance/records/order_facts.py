"""What is told of an order: one class a fact."""

from datetime import datetime
from decimal import Decimal

from services.compliance.records.telling import Fact


class Placed(Fact, frozen=True, array_like=True, gc=False):
    """The order as it was placed; `deliver_by` is the contract's own deadline, an instant."""

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


class Accepted(Fact, frozen=True, array_like=True, gc=False):
    """响应: the distributor took the order."""

    says = "vbp.order.accepted.v1"


class Rejected(Fact, frozen=True, array_like=True, gc=False):
    """拒绝: the distributor refused the order."""

    says = "vbp.order.rejected.v1"
    reason: str


class Cancelled(Fact, frozen=True, array_like=True, gc=False):
    """撤单: the hospital took the order back."""

    says = "vbp.order.cancelled.v1"


class Shipped(Fact, frozen=True, array_like=True, gc=False):
    """发货: goods left the distributor."""

    says = "vbp.shipment.dispatched.v1"
    quantity: int


class Received(Fact, frozen=True, array_like=True, gc=False):
    """验收: goods arrived, and were checked at the telling's `time`."""

    says = "vbp.delivery.received.v1"
    accepted: int
    arrived_at: datetime


class Returned(Fact, frozen=True, array_like=True, gc=False):
    """退货: accepted goods went back."""

    says = "vbp.goods.returned.v1"
    quantity: int


class Invoiced(Fact, frozen=True, array_like=True, gc=False):
    """开票: an invoice on the order."""

    says = "vbp.invoice.issued.v1"
    quantity: int
    unit_price: Decimal

"""Orders and their answers: `vbp.orders.v1`."""

from typing import Literal

from shared.domain.events.fields import (
    Bound,
    Code,
    EventData,
    Money,
    Ordered,
    Source,
    Text,
    check_bound,
)


class OrderPlaced(EventData, frozen=True, gc=False):
    """One line of one product for one hospital; no `channel` means `platform`."""

    order: Code
    product: Code
    hospital: Code
    area: Code
    distributor: Code
    quantity: Ordered
    unit_price: Money
    urgency: Literal["normal", "urgent"]
    deliver_by: Bound | None = None
    agreement: Code | None = None
    channel: Text | None = None

    def __post_init__(self) -> None:
        """Check the contract's own deadline."""
        if self.deliver_by is not None:
            check_bound("deliver_by", self.deliver_by)


class OrderAccepted(EventData, frozen=True, gc=False):
    """响应: the distributor takes the order."""

    order: Code
    product: Code
    distributor: Code


Reason = Literal[
    "out_of_stock",
    "production_stopped",
    "price",
    "volume_exceeded",
    "remote_area",
    "hospital_in_arrears",
    "hospital_error",
    "other",
]


class OrderRejected(EventData, frozen=True, gc=False):
    """拒绝: the distributor refuses the order."""

    order: Code
    product: Code
    distributor: Code
    reason: Reason
    note: Text | None = None


class OrderCancelled(EventData, frozen=True, gc=False):
    """撤单: the hospital takes the order back."""

    order: Code
    product: Code
    reason: Text | None = None


class OrderVoided(EventData, frozen=True, gc=False):
    """冲销: an order, its acceptance, rejection or cancellation was entered wrongly.

    `event` is the id of the event taken back, `event_source` its source; absent: the void's own.
    """

    order: Code
    product: Code
    event: Code
    reason: Text
    event_source: Source | None = None

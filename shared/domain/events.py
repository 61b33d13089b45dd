"""What is said on the bus: the data of every event, as `events.md` fixes it.

One class an event, named as a past fact; the docstring says what it means. Unknown fields are
ignored, an optional field may be absent or null. `cloudevents.py` holds the envelope.
"""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from shared.domain.calendar import parse_bound
from shared.domain.errors import InvalidEventError

Code = Annotated[
    str, Meta(min_length=1, max_length=256, description="a text of 1 to 256 characters")
]
Text = Annotated[str, Meta(max_length=20_000, description="a text")]
Money = Annotated[
    str,
    Meta(
        pattern=r"\A[0-9]{1,20}(\.[0-9]{1,20})?\Z",
        description='a decimal string that is not negative, such as "0.36"',
    ),
]
Ordered = Annotated[int, Meta(gt=0, le=10**15, description="a whole number of base units, above 0")]
Counted = Annotated[
    int, Meta(ge=0, le=10**15, description="a whole number of base units, 0 or more")
]
Hours = Annotated[float, Meta(ge=0, le=87_840, description="a number of hours, 0 or more")]
Factor = Annotated[float, Meta(gt=0, description="a number above 0")]
Instant = Annotated[
    datetime, Meta(tz=True, description="an instant with offset, such as 2022-03-01T09:30:00+08:00")
]
Bound = Annotated[
    str, Meta(max_length=64, description="an instant with offset, or a date such as 2022-03-01")
]
Category = Literal["drug", "consumable"]


class Said(Struct, frozen=True, gc=False):
    """The data of any event; provinces never meet, so each says whose it is."""

    jurisdiction: Code


def check_bound(name: str, bound: str) -> None:
    """Refuse a bound of `data` that is neither an instant nor a date."""
    try:
        parse_bound(bound)
    except InvalidEventError as error:
        field = f"data.{name}"
        raise InvalidEventError(field, error.problem, error.remedy, error.value) from None


class ProductSelected(Said, frozen=True, gc=False):
    """中选: a product won its tender for one cycle; one event a cycle."""

    product: Code
    variety: Text
    name: Text
    category: Category
    manufacturer: Code
    round: Text | int
    selected_price: Money
    unit: Text
    cycle_start: date
    cycle_end: date
    equivalent: Factor | Money | None = None
    class_: Text | None = field(default=None, name="class")
    consistency_passed: bool | None = None
    in_catalogue: bool | None = None


class ProductDeselected(Said, frozen=True, gc=False):
    """退出: the product leaves the procurement; every duty stops that day."""

    product: Code
    on: date
    reason: Text
    successor: Code | None = None


class ProductListed(Said, frozen=True, gc=False):
    """挂网, not selected: an alternative on the platform."""

    product: Code
    variety: Text
    name: Text
    category: Category
    manufacturer: Code
    price: Money
    unit: Text
    equivalent: Factor | Money | None = None
    class_: Text | None = field(default=None, name="class")
    consistency_passed: bool | None = None
    in_catalogue: bool | None = None


class PriceListed(Said, frozen=True, gc=False):
    """挂网价: the platform's price of a product from a day on."""

    product: Code
    price: Money
    effective_on: date


class HospitalEnrolled(Said, frozen=True, gc=False):
    """参加集采: a medical institution takes part from a day on."""

    hospital: Code
    name: Text
    area: Code
    remote: bool
    enrolled_on: date
    level: Text | int | None = None
    ownership: Literal["public", "military", "private"] | None = None


class HospitalWithdrawn(Said, frozen=True, gc=False):
    """A medical institution no longer takes part; that day is already out."""

    hospital: Code
    withdrawn_on: date


class AgreementSigned(Said, frozen=True, gc=False):
    """购销协议: a hospital's yearly agreement for a product."""

    agreement: Code
    product: Code
    hospital: Code
    agreed_quantity: Ordered
    start: date
    end: date
    distributor: Code | None = None
    response_hours: Hours | None = None
    delivery_hours: Hours | None = None
    urgent_response_hours: Hours | None = None
    urgent_delivery_hours: Hours | None = None
    unit_price: Money | None = None
    signed_on: date | None = None
    signed_by: list[Literal["manufacturer", "distributor", "hospital"]] | None = None


class ExemptionGranted(Said, frozen=True, gc=False):
    """An authority exempts, for a rule, a time and the parties it names."""

    exemption: Code
    rule: Code
    start: date
    end: date
    reason: Text
    authority: Text
    product: Code | None = None
    area: Code | None = None
    hospital: Code | None = None
    distributor: Code | None = None
    manufacturer: Code | None = None


class StandardSet(Said, frozen=True, gc=False):
    """医保支付标准: what the insurance pays for a product from a day on."""

    product: Code
    standard_price: Money
    effective_on: date


class OrderPlaced(Said, frozen=True, gc=False):
    """One line of one product for one hospital."""

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


class OrderAccepted(Said, frozen=True, gc=False):
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


class OrderRejected(Said, frozen=True, gc=False):
    """拒绝: the distributor refuses the order."""

    order: Code
    product: Code
    distributor: Code
    reason: Reason
    note: Text | None = None


class OrderCancelled(Said, frozen=True, gc=False):
    """撤单: the hospital takes the order back."""

    order: Code
    product: Code
    reason: Text | None = None


class ShipmentDispatched(Said, frozen=True, gc=False):
    """发货: goods for an order left the distributor."""

    shipment: Code
    order: Code
    product: Code
    distributor: Code
    quantity: Ordered
    batch: Text | None = None
    expires_on: date | None = None


class DeliveryReceived(Said, frozen=True, gc=False):
    """验收: the hospital checked what arrived; the event's `time` is the acceptance."""

    receipt: Code
    order: Code
    product: Code
    quantity_accepted: Counted
    quantity_rejected: Counted
    rejection_reason: Text | None = None
    shipment: Code | None = None
    arrived_at: Instant | None = None

    def __post_init__(self) -> None:
        """Check the arrival."""
        if self.arrived_at is not None:
            check_bound("arrived_at", self.arrived_at.isoformat())


class GoodsReturned(Said, frozen=True, gc=False):
    """退货: accepted goods went back."""

    return_: Code = field(name="return")
    order: Code
    product: Code
    quantity: Counted
    reason: Text | None = None


class InvoiceIssued(Said, frozen=True, gc=False):
    """开票: an invoice on an order."""

    invoice: Code
    order: Code
    product: Code
    quantity: Counted
    unit_price: Money
    receipt: Code | None = None


class DistributorAppointed(Said, frozen=True, gc=False):
    """配送关系: a manufacturer's distributor for named hospitals, or (null) a whole area."""

    appointment: Code
    product: Code
    area: Code
    manufacturer: Code
    distributor: Code
    start: Bound
    hospitals: list[Code] | None = None
    end: Bound | None = None

    def __post_init__(self) -> None:
        """Check both bounds."""
        check_bound("start", self.start)
        if self.end is not None:
            check_bound("end", self.end)


class DistributorReleased(Said, frozen=True, gc=False):
    """An appointment ends; this `end` replaces the appointment's."""

    appointment: Code
    product: Code
    area: Code
    end: Bound

    def __post_init__(self) -> None:
        """Check the new end."""
        check_bound("end", self.end)


class ShortageReported(Said, frozen=True, gc=False):
    """短缺报告: a manufacturer says that it cannot supply named areas, or (null) all."""

    report: Code
    product: Code
    manufacturer: Code
    start: date
    reason: Text
    areas: list[Code] | None = None
    expected_end: date | None = None
    quantity_available: int | float | Text | None = None
    market_share: int | float | Text | None = None
    steps_taken: Text | None = None


class ShortageEnded(Said, frozen=True, gc=False):
    """The last day of a reported shortage; replaces its expected end."""

    report: Code
    product: Code
    end: date


class ProductionStopping(Said, frozen=True, gc=False):
    """停产报告: production stops, for all areas."""

    notice: Code
    product: Code
    manufacturer: Code
    stop_on: date
    reason: Text
    resume_on: date | None = None
    planned: bool | None = None


class StockReported(Said, frozen=True, gc=False):
    """库存报告: what a manufacturer holds on a day."""

    product: Code
    manufacturer: Code
    quantity: Counted
    as_of: date
    produced: Counted | None = None


class PrepaymentMade(Said, frozen=True, gc=False):
    """医保基金预付: the agency pays a hospital in advance."""

    prepayment: Code
    agency: Code
    hospital: Code
    amount: Money
    agreement: Code | None = None
    product: Code | None = None
    instalment: int | None = None


class PrepaymentReturned(Said, frozen=True, gc=False):
    """A prepayment goes back, or is offset (冲抵)."""

    return_: Code = field(name="return")
    prepayment: Code
    hospital: Code
    amount: Money
    kind: Literal["return", "offset"] | None = None


class PaymentMade(Said, frozen=True, gc=False):
    """回款: money for goods, on one leg of its way."""

    payment: Code
    leg: Literal["hospital_to_distributor", "agency_to_distributor", "distributor_to_manufacturer"]
    payer: Code
    payee: Code
    amount: Money
    order: Code | None = None
    receipt: Code | None = None
    product: Code | None = None
    prepayment: Code | None = None

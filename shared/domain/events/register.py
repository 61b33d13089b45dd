"""Products, hospitals, agreements, exemptions, prices: `vbp.register.v1`."""

from datetime import date
from typing import Literal

from msgspec import field

from shared.domain.events.fields import (
    Category,
    Code,
    EventData,
    Factor,
    Hours,
    Money,
    Ordered,
    Text,
)


class ProductSelected(EventData, frozen=True, gc=False):
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
    originator: bool | None = None


class ProductDeselected(EventData, frozen=True, gc=False):
    """退出: the product leaves the procurement; every duty stops that day."""

    product: Code
    on: date
    reason: Text
    successor: Code | None = None


class ProductListed(EventData, frozen=True, gc=False):
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
    originator: bool | None = None


class PriceListed(EventData, frozen=True, gc=False):
    """挂网价: the platform's price of a product from a day on."""

    product: Code
    price: Money
    effective_on: date


class HospitalEnrolled(EventData, frozen=True, gc=False):
    """参加集采: a medical institution takes part from a day on."""

    hospital: Code
    name: Text
    area: Code
    remote: bool
    enrolled_on: date
    level: Text | int | None = None
    ownership: Literal["public", "military", "private"] | None = None


class HospitalWithdrawn(EventData, frozen=True, gc=False):
    """A medical institution no longer takes part; that day is already out."""

    hospital: Code
    withdrawn_on: date


class AgreementSigned(EventData, frozen=True, gc=False):
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


class ExemptionGranted(EventData, frozen=True, gc=False):
    """An authority exempts, for a rule, a time and the parties it names.

    `document` is the number of what it was granted by (文号), `officer` who told it by a form.
    """

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
    document: Text | None = None
    officer: Code | None = None


class StandardSet(EventData, frozen=True, gc=False):
    """医保支付标准: what the insurance pays for a product from a day on."""

    product: Code
    standard_price: Money
    effective_on: date


class PartyRegistered(EventData, frozen=True, gc=False):
    """Who is meant by the code of a manufacturer, distributor or agency."""

    party: Code
    kind: Literal["manufacturer", "distributor", "agency"]
    name: Text
    credit_code: Text | None = None

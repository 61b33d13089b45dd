"""Prepayments and payments: `vbp.funds.v1`."""

from typing import Literal

from msgspec import field

from shared.domain.events.fields import Code, EventData, Money


class PrepaymentMade(EventData, frozen=True, gc=False):
    """医保基金预付: the agency pays a hospital in advance."""

    prepayment: Code
    agency: Code
    hospital: Code
    amount: Money
    agreement: Code | None = None
    product: Code | None = None
    instalment: int | None = None


class PrepaymentReturned(EventData, frozen=True, gc=False):
    """A prepayment goes back, or is offset (冲抵)."""

    return_: Code = field(name="return")
    prepayment: Code
    hospital: Code
    amount: Money
    kind: Literal["return", "offset"] | None = None


class PaymentMade(EventData, frozen=True, gc=False):
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

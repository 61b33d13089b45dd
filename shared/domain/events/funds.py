"""Prepayments and payments: `vbp.funds.v1`."""

from typing import Literal

from msgspec import field

from shared.domain.events.fields import Category, Code, EventData, Money, Source, Text


class PrepaymentMade(EventData, frozen=True, gc=False):
    """医保基金预付: the agency pays a hospital in advance."""

    prepayment: Code
    agency: Code
    hospital: Code
    amount: Money
    agreement: Code | None = None
    product: Code | None = None
    instalment: int | None = None
    category: Category | None = None


class PrepaymentReturned(EventData, frozen=True, gc=False):
    """A prepayment goes back, or is offset (冲抵)."""

    return_: Code = field(name="return")
    prepayment: Code
    hospital: Code
    amount: Money
    kind: Literal["return", "offset"] | None = None


class PaymentMade(EventData, frozen=True, gc=False):
    """回款: money for goods, on one leg of its way.

    `hospital` says for whom an agency pays, `distributor` for which supplier a branch or a
    settlement centre (结算中心) is paid.
    """

    payment: Code
    leg: Literal["hospital_to_distributor", "agency_to_distributor", "distributor_to_manufacturer"]
    payer: Code
    payee: Code
    amount: Money
    order: Code | None = None
    receipt: Code | None = None
    product: Code | None = None
    prepayment: Code | None = None
    hospital: Code | None = None
    distributor: Code | None = None


class PaymentVoided(EventData, frozen=True, gc=False):
    """冲销: a payment that was entered wrongly, or bounced, is taken back.

    `event` is the id of the event taken back, `event_source` its source; absent: the void's own.
    """

    payment: Code
    event: Code
    reason: Text
    event_source: Source | None = None


class PrepaymentVoided(EventData, frozen=True, gc=False):
    """冲销: a prepayment, or a return of one, that was entered wrongly is taken back.

    `event` is the id of the event taken back, `event_source` its source; absent: the void's own.
    """

    prepayment: Code
    event: Code
    reason: Text
    event_source: Source | None = None

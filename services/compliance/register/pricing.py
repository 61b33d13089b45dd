"""What is asked and what is paid for a product: the platform's price, and the payment standard.

Each holds from a day on. Of a product and a day there is one, and its last telling holds.
"""

from datetime import date
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct

from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, last, stored


class Price(Fact, frozen=True, array_like=True, gc=False):
    """挂网价 from a day on: yuan a base unit, as the platform lists it."""

    says = "vbp.price.listed.v1"
    price: Decimal
    effective_on: date


class Standard(Fact, frozen=True, array_like=True, gc=False):
    """医保支付标准 from a day on: yuan a base unit, as the insurance pays it."""

    says = "vbp.standard.set.v1"
    price: Decimal
    effective_on: date


T = TypeVar("T", Price, Standard)


class Prices(Struct, array_like=True):
    """The platform's prices of a product, by the day from which each holds."""

    of_day: dict[date, Price] = {}

    def merge(self, event: Event) -> None:
        """Take a telling in; order and repetition do not matter."""
        match event.data:
            case say.PriceListed() as data:
                told = Price(stored(event), Decimal(data.price), data.effective_on)
                self.of_day = _with(self.of_day, told)
            case _:
                pass


class Standards(Struct, array_like=True):
    """The payment standards of a product, by the day from which each holds."""

    of_day: dict[date, Standard] = {}

    def merge(self, event: Event) -> None:
        """Take a telling in; order and repetition do not matter."""
        match event.data:
            case say.StandardSet() as data:
                told = Standard(stored(event), Decimal(data.standard_price), data.effective_on)
                self.of_day = _with(self.of_day, told)
            case _:
                pass


def _with(held: dict[date, T], told: T) -> dict[date, T]:
    return {**held, told.effective_on: last(held.get(told.effective_on), told)}

"""A product: its cycles, its exit, its listing as an alternative."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from services.compliance.records.telling import Fact, last, stored
from shared.domain import events as say
from shared.domain.cloudevents import Event


class Cycle(Fact, frozen=True, array_like=True, gc=False):
    """采购周期: one tender won, `[start, end)`; the price is per base unit."""

    says = "vbp.product.selected.v1"
    category: str
    manufacturer: str
    selected_price: Decimal
    start: date
    end: date


class Deselected(Fact, frozen=True, array_like=True, gc=False):
    """退出 on a day, which is already out."""

    says = "vbp.product.deselected.v1"
    on: date


class Listed(Fact, frozen=True, array_like=True, gc=False):
    """挂网 without being selected."""

    says = "vbp.product.listed.v1"


class Product(Struct, array_like=True):
    """A product: its cycles by their first day, its exit, its listing as an alternative."""

    cycles: dict[date, Cycle] = {}
    deselected: Deselected | None = None
    listed: Listed | None = None

    def merge(self, event: Event) -> None:
        """Take a telling in; order and repetition do not matter."""
        telling = stored(event)
        match event.data:
            case say.ProductSelected() as data:
                cycle = Cycle(
                    telling,
                    data.category,
                    data.manufacturer,
                    Decimal(data.selected_price),
                    data.cycle_start,
                    data.cycle_end,
                )
                held = last(self.cycles.get(cycle.start), cycle)
                self.cycles = {**self.cycles, cycle.start: held}
            case say.ProductDeselected() as data:
                self.deselected = last(self.deselected, Deselected(telling, data.on))
            case say.ProductListed():
                self.listed = last(self.listed, Listed(telling))
            case _:
                pass

"""A product: its cycles, its exit, its listing as an alternative."""

from datetime import date
from decimal import Decimal

from msgspec import Struct

from shared.domain import events as say
from shared.domain import ids
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, last, stored


class Traits(Struct, frozen=True, array_like=True, gc=False):
    """What makes products comparable; `equivalent` is how many common units one base unit holds.

    `passed` is whether the product passed its consistency evaluation, None where nobody says so.
    Without a variety it was told before this version kept it, and is compared with nothing.
    """

    variety: str | None = None
    class_: str | None = None
    equivalent: Decimal | None = None
    passed: bool | None = None
    originator: bool = False
    in_catalogue: bool = True

    @property
    def families(self) -> list[str]:
        """Give the variety and the class of the product, as families of its kin."""
        named = (("variety", self.variety), ("class", self.class_))
        return [ids.pair(kind, name) for kind, name in named if name is not None]


UNTOLD = Traits()


class Cycle(Fact, frozen=True, array_like=True, gc=False):
    """采购周期: one tender won, `[start, end)`; the price is per base unit."""

    says = "vbp.product.selected.v1"
    category: str
    manufacturer: str
    selected_price: Decimal
    start: date
    end: date
    traits: Traits = UNTOLD


class Deselected(Fact, frozen=True, array_like=True, gc=False):
    """退出 on a day, which is already out."""

    says = "vbp.product.deselected.v1"
    on: date


class Listed(Fact, frozen=True, array_like=True, gc=False):
    """挂网 without being selected."""

    says = "vbp.product.listed.v1"
    category: str = ""
    manufacturer: str | None = None
    traits: Traits = UNTOLD


class Product(Struct, array_like=True):
    """A product: its cycles by their first day, its exit, its listing as an alternative."""

    cycles: dict[date, Cycle] = {}
    deselected: Deselected | None = None
    listed: Listed | None = None

    def tellings(self) -> list[Cycle | Listed]:
        """Give its cycles and its listing: all that tells what it is."""
        return [*self.cycles.values(), *([self.listed] if self.listed else [])]

    @property
    def families(self) -> set[str]:
        """Give all varieties and classes that it was told of, each with those of its kind."""
        return {family for told in self.tellings() for family in told.traits.families}

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
                    _traits(data),
                )
                held = last(self.cycles.get(cycle.start), cycle)
                self.cycles = {**self.cycles, cycle.start: held}
            case say.ProductDeselected() as data:
                self.deselected = last(self.deselected, Deselected(telling, data.on))
            case say.ProductListed() as data:
                listed = Listed(telling, data.category, data.manufacturer, _traits(data))
                self.listed = last(self.listed, listed)
            case _:
                pass


def _traits(data: say.ProductSelected | say.ProductListed) -> Traits:
    told = data.equivalent
    # One that holds nothing of the common unit cannot be compared by it.
    equivalent = None if told is None or Decimal(str(told)) == 0 else Decimal(str(told))
    return Traits(
        data.variety,
        data.class_,
        equivalent,
        data.consistency_passed,
        data.originator is True,
        data.in_catalogue is not False,
    )

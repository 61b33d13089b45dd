"""What judging some records asks of the register."""

from collections.abc import Iterable

from services.compliance.register.entries import entry_of
from services.compliance.register.register import Key
from shared.domain.cloudevents import Event

Pair = tuple[str, str, str]


class Needs:
    """What judging some records asks of the register; keys begin with the jurisdiction.

    `prices` and `standards` are those of a product. `named` are agreements by their id, `contracts`
    such with their products, `between` those of a product and a hospital, `whole` all those of a
    product, with their hospitals; `kin` are products whose whole varieties and classes are asked
    for, with their standards; `appointments` are known by their id, `entrusted` are products of
    which all are asked for.
    """

    def __init__(self) -> None:
        self.products: set[Key] = set()
        self.hospitals: set[Key] = set()
        self.prices: set[Key] = set()
        self.standards: set[Key] = set()
        self.named: set[Key] = set()
        self.contracts: set[Key] = set()
        self.between: set[Pair] = set()
        self.whole: set[Key] = set()
        self.kin: set[Key] = set()
        self.appointments: set[Key] = set()
        self.entrusted: set[Key] = set()

    def told(self, events: Iterable[Event]) -> "Needs":
        """Add what register events change."""
        named = {
            "product": self.products,
            "hospital": self.hospitals,
            "agreement": self.named,
            "price": self.prices,
            "standard": self.standards,
            "appointment": self.appointments,
        }
        for event in events:
            entry = entry_of(event)
            # Exemptions are few: those of a jurisdiction are all read with its law.
            if entry is not None and entry.name in named:
                named[entry.name].add((event.data.jurisdiction, entry.code(event.data)))
        return self

"""The register as a batch or a replay knows it: all its entries, by kind and code.

Known as soon as it is told; its own dates say since when it holds. A worker fills it with what a
batch needs, a replay with everything; the rules ask it the same questions.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple

from services.compliance.records.announcement import Announcement
from services.compliance.records.appointments import Appointment, appointment_of
from services.compliance.register.entries import (
    AGREEMENT,
    APPOINTMENT,
    PRODUCT,
    Entry,
    Reach,
    entry_of,
)
from services.compliance.register.exemption import Exemption
from services.compliance.register.pricing import Prices, Standards
from shared.domain.cloudevents import Event
from shared.domain.records.agreement import Agreement
from shared.domain.records.hospital import Hospital
from shared.domain.records.product import Product

Key = tuple[str, str]


class Merged(NamedTuple):
    """An entry that was told of, as it was before and as it is now, and whom that touches."""

    entry: Entry
    jurisdiction: str
    code: str
    before: Any
    after: Any
    reach: set[Reach]


class Register:
    """Reference data of all jurisdictions; keys are (jurisdiction, code).

    What is held is never changed in place, but put anew; `version` moves whenever it is, so that
    whoever derives something from the register sees that it is stale.
    """

    def __init__(self) -> None:
        self.products: dict[Key, Product] = {}
        self.hospitals: dict[Key, Hospital] = {}
        self.agreements: dict[Key, Agreement] = {}
        self.exemptions: dict[Key, Exemption] = {}
        self.prices: dict[Key, Prices] = {}
        self.standards: dict[Key, Standards] = {}
        self.appointments: dict[Key, Announcement] = {}
        self.version = 0
        self._held: dict[str, dict[Key, Any]] = {
            "product": self.products,
            "hospital": self.hospitals,
            "agreement": self.agreements,
            "exemption": self.exemptions,
            "price": self.prices,
            "standard": self.standards,
            "appointment": self.appointments,
        }
        self._of_product: dict[Key, dict[str, dict[str, Agreement]]] = {}
        self._shared: set[Key] = set()
        self._kin: dict[Key, frozenset[str]] = {}
        self._appointed: dict[Key, frozenset[str]] = {}

    def copy(self) -> "Register":
        """Give a register that holds the same; what either is told later, the other is not."""
        other = Register()
        for name, held in self._held.items():
            other._held[name].update(held)
        other.version = self.version
        other._of_product = dict(self._of_product)
        other._shared = set(self._of_product)
        other._kin = dict(self._kin)
        other._appointed = dict(self._appointed)
        self._shared = set(self._of_product)
        return other

    def merge(self, event: Event) -> Merged | None:
        """Take a telling in; None for what the register does not judge by.

        Whatever is raised, the register holds what it held.
        """
        entry = entry_of(event)
        if entry is None:
            return None
        where, code = event.data.jurisdiction, entry.code(event.data)
        before = self._held[entry.name].get((where, code))
        after = entry.merged(before, event)
        reach = entry.touched(code, before, after)
        self.put(entry, where, code, after)
        return Merged(entry, where, code, before, after, reach)

    def put(self, entry: Entry, jurisdiction: str, code: str, held: Any) -> None:
        """Hold an entry as it was merged, in place of what was held."""
        key = (jurisdiction, code)
        if entry is AGREEMENT:
            before = self.agreements.get(key)
            if before is not None:
                self._between(jurisdiction, before).pop(code, None)
            self._between(jurisdiction, held)[code] = held
        if entry is PRODUCT:
            for family in held.families:
                named = (jurisdiction, family)
                self._kin[named] = self._kin.get(named, frozenset()) | {code}
        if entry is APPOINTMENT:
            self._appoint(key, self.appointments.get(key), held)
        self._held[entry.name][key] = held
        self.version += 1

    def kin(self, jurisdiction: str, family: str) -> list[str]:
        """Give the products that are or were told as of a variety or class, in order."""
        return sorted(self._kin.get((jurisdiction, family), ()))

    def appointed(self, jurisdiction: str, product: str) -> list[Appointment]:
        """Give the appointments for a product as they hold, in the order of their ids."""
        codes = sorted(self._appointed.get((jurisdiction, product), ()))
        told = (appointment_of(code, self.appointments[jurisdiction, code]) for code in codes)
        return [held for held in told if held is not None]

    def between(self, jurisdiction: str, hospital: str, product: str) -> Iterable[Agreement]:
        """Give the agreements of a hospital for a product."""
        return self.of_product(jurisdiction, product).get(hospital, {}).values()

    def of_product(self, jurisdiction: str, product: str) -> dict[str, dict[str, Agreement]]:
        """Give the agreements for a product, by hospital and by id."""
        return self._of_product.get((jurisdiction, product), {})

    def _appoint(self, key: Key, before: Announcement | None, held: Announcement) -> None:
        """Note for which product an appointment is, and for which it is no more."""
        where, code = key
        for record, keep in ((before, False), (held, True)):
            told = None if record is None else record.appointment
            if told is not None:
                named = (where, told[0].product)
                codes = self._appointed.get(named, frozenset())
                self._appointed[named] = codes | {code} if keep else codes - {code}

    def _between(self, jurisdiction: str, agreement: Agreement) -> dict[str, Agreement]:
        """Give where an agreement is kept among those of its parties, to be changed there."""
        key = (jurisdiction, agreement.product)
        hospitals = self._of_product.setdefault(key, {})
        if key in self._shared:
            self._shared.discard(key)
            hospitals = {code: dict(held) for code, held in hospitals.items()}
            self._of_product[key] = hospitals
        return hospitals.setdefault(agreement.hospital, {})

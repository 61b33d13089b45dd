"""What judging some dossiers asks of the register."""

from collections.abc import Iterable

from services.compliance.judging.dossier import Dossier
from services.compliance.records.appointments import Appointments
from services.compliance.records.commitment import Commitment
from services.compliance.records.order import Order
from services.compliance.register.register import Key
from shared.domain import events as say
from shared.domain.cloudevents import Event

Pair = tuple[str, str, str]


class Needs:
    """What judging some dossiers asks of the register; keys begin with the jurisdiction."""

    def __init__(self) -> None:
        self.products: set[Key] = set()
        self.hospitals: set[Key] = set()
        self.named: set[Key] = set()
        self.between: set[Pair] = set()
        self.whole: set[Key] = set()

    def of(self, dossiers: Iterable[Dossier]) -> "Needs":
        """Add what some dossiers need."""
        for dossier in dossiers:
            where = dossier.subject.jurisdiction
            match dossier.record:
                case Order(placed=placed) if placed is not None:
                    self.products.add((where, placed.product))
                    self.hospitals.add((where, placed.hospital))
                    self.between.add((where, placed.product, placed.hospital))
                    if placed.agreement is not None:
                        self.named.add((where, placed.agreement))
                case Commitment(dealings=dealings) if dealings:
                    self.between.add((where, dossier.product or "", dossier.hospital or ""))
                    names = (held.agreement for held in dealings.values())
                    self.named.update((where, name) for name in names if name is not None)
                case Appointments():
                    self.products.add((where, dossier.product or ""))
                    self.whole.add((where, dossier.product or ""))
                case _:
                    self.products.add((where, dossier.product or ""))
        return self

    def told(self, events: Iterable[Event]) -> "Needs":
        """Add what register events change."""
        for event in events:
            data, where = event.data, event.data.jurisdiction
            match data:
                case say.ProductSelected() | say.ProductDeselected() | say.ProductListed():
                    self.products.add((where, data.product))
                case say.HospitalEnrolled() | say.HospitalWithdrawn():
                    self.hospitals.add((where, data.hospital))
                case say.AgreementSigned():
                    self.named.add((where, data.agreement))
                case _:
                    pass
        return self

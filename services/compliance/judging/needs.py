"""What judging some records asks of the register."""

from collections.abc import Iterable

from services.compliance.register.register import Key
from shared.domain import events as say
from shared.domain.cloudevents import Event

Pair = tuple[str, str, str]


class Needs:
    """What judging some records asks of the register; keys begin with the jurisdiction.

    `named` are agreements by their id, `between` those of a product and a hospital, `whole` all
    those of a product, with their hospitals.
    """

    def __init__(self) -> None:
        self.products: set[Key] = set()
        self.hospitals: set[Key] = set()
        self.named: set[Key] = set()
        self.between: set[Pair] = set()
        self.whole: set[Key] = set()

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

"""The register as a batch or a replay knows it: products, hospitals, agreements, exemptions.

Known as soon as it is told; its own dates say since when it holds. A worker fills it with what a
batch needs, a replay with everything; the rules ask it the same questions.
"""

from collections.abc import Iterable

from services.compliance.records.telling import last
from services.compliance.register.agreement import Agreement, agreement_of
from services.compliance.register.exemption import Exemption, exemption_of
from services.compliance.register.hospital import Hospital
from services.compliance.register.product import Product
from shared.domain import events as say
from shared.domain.cloudevents import Event

Key = tuple[str, str]


class Register:
    """Reference data of all jurisdictions; keys are (jurisdiction, code)."""

    def __init__(self) -> None:
        self.products: dict[Key, Product] = {}
        self.hospitals: dict[Key, Hospital] = {}
        self.agreements: dict[Key, Agreement] = {}
        self.exemptions: dict[Key, Exemption] = {}
        self._of_product: dict[Key, dict[str, dict[str, Agreement]]] = {}

    def merge(self, event: Event) -> None:
        """Take a telling in; events that the register does not judge by are left to the facts."""
        data = event.data
        match data:
            case say.ProductSelected() | say.ProductDeselected() | say.ProductListed():
                key = (data.jurisdiction, data.product)
                self.products.setdefault(key, Product()).merge(event)
            case say.HospitalEnrolled() | say.HospitalWithdrawn():
                key = (data.jurisdiction, data.hospital)
                self.hospitals.setdefault(key, Hospital()).merge(event)
            case say.AgreementSigned():
                self.sign(data.jurisdiction, agreement_of(event, data))
            case say.ExemptionGranted():
                key = (data.jurisdiction, data.exemption)
                granted = exemption_of(event, data)
                self.exemptions[key] = last(self.exemptions.get(key), granted)
            case _:
                pass

    def sign(self, jurisdiction: str, told: Agreement) -> None:
        """Take an agreement in; a later telling may move it to another hospital or product."""
        key = (jurisdiction, told.agreement)
        held = self.agreements.get(key)
        agreement = last(held, told)
        if held is not None:
            self._between(jurisdiction, held).pop(held.agreement, None)
        self.agreements[key] = agreement
        self._between(jurisdiction, agreement)[agreement.agreement] = agreement

    def between(self, jurisdiction: str, hospital: str, product: str) -> Iterable[Agreement]:
        """Give the agreements of a hospital for a product."""
        return self.of_product(jurisdiction, product).get(hospital, {}).values()

    def of_product(self, jurisdiction: str, product: str) -> dict[str, dict[str, Agreement]]:
        """Give the agreements for a product, by hospital and by id."""
        return self._of_product.get((jurisdiction, product), {})

    def _between(self, jurisdiction: str, agreement: Agreement) -> dict[str, Agreement]:
        hospitals = self._of_product.setdefault((jurisdiction, agreement.product), {})
        return hospitals.setdefault(agreement.hospital, {})

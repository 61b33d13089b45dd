"""What a batch's register events change: rows to write, and records to judge again."""

from collections.abc import Iterable
from typing import NamedTuple

from services.compliance.register.agreement import Agreement
from services.compliance.register.exemption import Exemption
from services.compliance.register.hospital import Hospital
from services.compliance.register.product import Product
from services.compliance.register.register import Register
from shared.domain import events as say
from shared.domain.cloudevents import Event

Touch = tuple[str, str | None, str | None]


class Registered(NamedTuple):
    """Rows of the register as merged, keyed by what they are; and what they touch.

    `references` are by (jurisdiction, kind, code), `agreements` by (jurisdiction, id) with their
    product and hospital; `named` are agreements told for the first time; `signed` are products with
    agreements, `covered` ones whose appointments must be judged, `enrolled` hospitals; `touches`
    are (jurisdiction, product or all, hospital or all).
    """

    references: dict[tuple[str, str, str], Product | Hospital | Exemption]
    agreements: dict[tuple[str, str], Agreement]
    named: set[tuple[str, str]]
    signed: set[tuple[str, str]]
    covered: set[tuple[str, str]]
    enrolled: set[tuple[str, str]]
    touches: set[Touch]

    @property
    def jurisdictions(self) -> list[str]:
        """The jurisdictions whose law moves."""
        return sorted({touch[0] for touch in self.touches})


def register(register: Register, events: Iterable[Event]) -> Registered:
    """Merge register events into a register; what they need must have been read."""
    done = Registered({}, {}, set(), set(), set(), set(), set())
    for event in events:
        where, data = event.data.jurisdiction, event.data
        match data:
            case say.ProductSelected() | say.ProductDeselected() | say.ProductListed():
                register.merge(event)
                product = register.products[where, data.product]
                done.references[where, "product", data.product] = product
                done.touches.add((where, data.product, None))
            case say.HospitalEnrolled() | say.HospitalWithdrawn():
                register.merge(event)
                hospital = register.hospitals[where, data.hospital]
                done.references[where, "hospital", data.hospital] = hospital
                done.enrolled.add((where, data.hospital))
                done.touches.add((where, None, data.hospital))
            case say.AgreementSigned():
                _sign(register, event, data.agreement, done)
            case say.ExemptionGranted():
                _exempt(register, event, data, done)
            case _:
                pass
    return done


def _sign(register: Register, event: Event, name: str, done: Registered) -> None:
    """Sign an agreement; both the parties that it had and those that it has are touched."""
    where = event.data.jurisdiction
    before = register.agreements.get((where, name))
    register.merge(event)
    after = register.agreements[where, name]
    if before is None:
        done.named.add((where, name))
    for held in (before, after):
        if held is not None:
            done.signed.add((where, held.product))
            done.touches.add((where, held.product, held.hospital))
    done.agreements[where, name] = after


def _exempt(register: Register, event: Event, data: say.ExemptionGranted, done: Registered) -> None:
    """Grant an exemption; a corrected one may have named anybody before."""
    where = data.jurisdiction
    corrected = (where, data.exemption) in register.exemptions
    register.merge(event)
    held = register.exemptions[where, data.exemption]
    done.references[where, "exemption", data.exemption] = held
    if corrected:
        done.touches.add((where, None, None))
        return
    done.touches.add((where, data.product, data.hospital))
    if data.product is not None:
        done.covered.add((where, data.product))
    elif data.hospital is not None:
        done.enrolled.add((where, data.hospital))

"""What a batch's register events change: rows to write, and records to judge again."""

from collections.abc import Iterable
from typing import NamedTuple

from services.compliance.dossier import encode
from services.compliance.law import Law
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

    references: dict[tuple[str, str, str], bytes]
    agreements: dict[tuple[str, str], tuple[str, str, bytes]]
    named: set[tuple[str, str]]
    signed: set[tuple[str, str]]
    covered: set[tuple[str, str]]
    enrolled: set[tuple[str, str]]
    touches: set[Touch]

    @property
    def jurisdictions(self) -> list[str]:
        """The jurisdictions whose law moves."""
        return sorted({touch[0] for touch in self.touches})


def register(law: Law, events: Iterable[Event]) -> Registered:
    """Merge register events into the law's register; what they need must have been read."""
    done = Registered({}, {}, set(), set(), set(), set(), set())
    for event in events:
        where, data = event.data.jurisdiction, event.data
        match data:
            case say.ProductSelected() | say.ProductDeselected() | say.ProductListed():
                law.register.merge(event)
                product = law.register.products[where, data.product]
                done.references[where, "product", data.product] = encode(product)
                done.touches.add((where, data.product, None))
            case say.HospitalEnrolled() | say.HospitalWithdrawn():
                law.register.merge(event)
                hospital = law.register.hospitals[where, data.hospital]
                done.references[where, "hospital", data.hospital] = encode(hospital)
                done.enrolled.add((where, data.hospital))
                done.touches.add((where, None, data.hospital))
            case say.AgreementSigned():
                _sign(law, event, data.agreement, done)
            case say.ExemptionGranted():
                _exempt(law, event, data, done)
            case _:
                pass
    law.forget()
    return done


def _sign(law: Law, event: Event, name: str, done: Registered) -> None:
    """Sign an agreement; both the parties that it had and those that it has are touched."""
    where = event.data.jurisdiction
    before = law.register.agreements.get((where, name))
    law.register.merge(event)
    after = law.register.agreements[where, name]
    if before is None:
        done.named.add((where, name))
    for held in (before, after):
        if held is not None:
            done.signed.add((where, held.product))
            done.touches.add((where, held.product, held.hospital))
    done.agreements[where, name] = (after.product, after.hospital, encode(after))


def _exempt(law: Law, event: Event, data: say.ExemptionGranted, done: Registered) -> None:
    """Grant an exemption; a corrected one may have named anybody before."""
    where = data.jurisdiction
    corrected = (where, data.exemption) in law.register.exemptions
    law.register.merge(event)
    held = law.register.exemptions[where, data.exemption]
    done.references[where, "exemption", data.exemption] = encode(held)
    if corrected:
        done.touches.add((where, None, None))
        return
    done.touches.add((where, data.product, data.hospital))
    if data.product is not None:
        done.covered.add((where, data.product))
    elif data.hospital is not None:
        done.enrolled.add((where, data.hospital))

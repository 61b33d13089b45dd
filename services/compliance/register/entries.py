"""The entries of the register: which event tells of which, how it is merged, what it touches."""

from collections.abc import Callable
from copy import copy
from operator import attrgetter
from typing import Any, NamedTuple

from services.compliance.records.telling import last
from services.compliance.register.agreement import Agreement, agreement_of
from services.compliance.register.exemption import Exemption, exemption_of
from services.compliance.register.hospital import Hospital
from services.compliance.register.product import Product
from shared.domain import events as say
from shared.domain.cloudevents import Event

Reach = tuple[str | None, str | None]
"""A product and a hospital whose records a change touches; None is all of them."""


class Entry(NamedTuple):
    """A kind of entry: how events name it in their jurisdiction, and what it holds.

    `merged(held, event)` gives the entry anew and leaves what was held as it is, None where nobody
    had told of it; `touched(code, before, after)` says whose records rest on it.
    """

    name: str
    holds: type
    code: Callable[[Any], str]
    merged: Callable[[Any, Event], Any]
    touched: Callable[[str, Any, Any], set[Reach]]


def _product(held: Product | None, event: Event) -> Product:
    product = Product() if held is None else copy(held)
    product.merge(event)
    return product


def _hospital(held: Hospital | None, event: Event) -> Hospital:
    hospital = Hospital() if held is None else copy(held)
    hospital.merge(event)
    return hospital


def _agreement(held: Agreement | None, event: Event) -> Agreement:
    data: Any = event.data
    return last(held, agreement_of(event, data))


def _exemption(held: Exemption | None, event: Event) -> Exemption:
    data: Any = event.data
    return last(held, exemption_of(event, data))


def _parties(_code: str, before: Agreement | None, after: Agreement) -> set[Reach]:
    """Touch the parties that an agreement had, and those that it has."""
    return {(held.product, held.hospital) for held in (before, after) if held is not None}


def _exempt(_code: str, before: Exemption | None, after: Exemption) -> set[Reach]:
    """Touch whom an exemption names; a corrected one may have named anybody before."""
    if before is not None:
        return {(None, None)}
    return {(after.parties.get("product"), after.parties.get("hospital"))}


PRODUCT = Entry(
    name="product",
    holds=Product,
    code=attrgetter("product"),
    merged=_product,
    touched=lambda code, *_: {(code, None)},
)
HOSPITAL = Entry(
    name="hospital",
    holds=Hospital,
    code=attrgetter("hospital"),
    merged=_hospital,
    touched=lambda code, *_: {(None, code)},
)
AGREEMENT = Entry(
    name="agreement",
    holds=Agreement,
    code=attrgetter("agreement"),
    merged=_agreement,
    touched=_parties,
)
EXEMPTION = Entry(
    name="exemption",
    holds=Exemption,
    code=attrgetter("exemption"),
    merged=_exemption,
    touched=_exempt,
)
ENTRIES = (PRODUCT, HOSPITAL, AGREEMENT, EXEMPTION)

_TOLD_BY: dict[type, Entry] = {
    say.ProductSelected: PRODUCT,
    say.ProductDeselected: PRODUCT,
    say.ProductListed: PRODUCT,
    say.HospitalEnrolled: HOSPITAL,
    say.HospitalWithdrawn: HOSPITAL,
    say.AgreementSigned: AGREEMENT,
    say.ExemptionGranted: EXEMPTION,
}


def entry_of(event: Event) -> Entry | None:
    """Give what an event tells of, None for what the register does not judge by."""
    return _TOLD_BY.get(type(event.data))

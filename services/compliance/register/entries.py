"""The entries of the register: which event tells of which, how it is merged, what it touches."""

from collections.abc import Callable
from copy import copy
from operator import attrgetter
from typing import Any, NamedTuple

from services.compliance.records.announcement import Announcement
from services.compliance.register.exemption import Exemption, exemption_of
from services.compliance.register.pricing import Prices, Standards
from shared.domain import events as say
from shared.domain.cloudevents import Event
from shared.domain.records.agreement import Agreement, agreement_of
from shared.domain.records.hospital import Hospital
from shared.domain.records.product import Product
from shared.domain.records.telling import last, stored

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


def _merging(holds: type) -> Callable[[Any, Event], Any]:
    """Give how events are taken into an entry that merges them itself, told anew each time."""

    def merged(held: Any, event: Event) -> Any:
        entry = holds() if held is None else copy(held)
        entry.merge(event)
        return entry

    return merged


def _agreement(held: Agreement | None, event: Event) -> Agreement:
    data: Any = event.data
    return last(held, agreement_of(event, data))


def _exemption(held: Exemption | None, event: Event) -> Exemption:
    data: Any = event.data
    return last(held, exemption_of(event, data))


def _appointment(held: Announcement | None, event: Event) -> Announcement:
    entry = Announcement() if held is None else copy(held)
    entry.merge(stored(event), event.data)
    return entry


def _nobody(*_: Any) -> set[Reach]:
    """Touch no record but that of the product itself, which each telling begins anew."""
    return set()


def _product_and_kin(code: str, before: Product | None, after: Product) -> set[Reach]:
    """Touch what is of the product, and of the varieties and classes that it was and is told of.

    A cycle that is told again in another variety leaves the one it was in to the others there.
    """
    told = (held.families for held in (before, after) if held is not None)
    return {(code, None), *((family, None) for families in told for family in families)}


def _parties(_code: str, before: Agreement | None, after: Agreement) -> set[Reach]:
    """Touch the parties that an agreement had, and those that it has."""
    return {(held.product, held.hospital) for held in (before, after) if held is not None}


def _entrusting(_code: str, before: Announcement | None, after: Announcement) -> set[Reach]:
    """Touch the product that an appointment was for, and the one that it is for."""
    told = (held.appointment for held in (before, after) if held is not None)
    return {(holds[0].product, None) for holds in told if holds is not None}


def _exempt(_code: str, before: Exemption | None, after: Exemption) -> set[Reach]:
    """Touch the hospitals that an exemption named and names; all where it names none.

    What is owed for many products is found by none, so the product is not looked at. What was told
    before, and what is told twice, touches nobody.
    """
    if after == before:
        return set()
    told = (held for held in (before, after) if held is not None)
    return {(None, held.parties.get("hospital")) for held in told}


PRODUCT = Entry(
    name="product",
    holds=Product,
    code=attrgetter("product"),
    merged=_merging(Product),
    touched=_product_and_kin,
)
HOSPITAL = Entry(
    name="hospital",
    holds=Hospital,
    code=attrgetter("hospital"),
    merged=_merging(Hospital),
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
PRICE = Entry(
    name="price",
    holds=Prices,
    code=attrgetter("product"),
    merged=_merging(Prices),
    touched=_nobody,
)
STANDARD = Entry(
    name="standard",
    holds=Standards,
    code=attrgetter("product"),
    merged=_merging(Standards),
    touched=_nobody,
)
APPOINTMENT = Entry(
    name="appointment",
    holds=Announcement,
    code=attrgetter("appointment"),
    merged=_appointment,
    touched=_entrusting,
)
"""Told on another topic and kept as a record too, which is all that is stored of it; an order is
judged by those of its product, as by the register."""
ENTRIES = (PRODUCT, HOSPITAL, AGREEMENT, EXEMPTION, PRICE, STANDARD, APPOINTMENT)
OF_PRODUCTS = (PRODUCT, PRICE, STANDARD)
"""What is told of a product and kept under its code."""

_TOLD_BY: dict[type, Entry] = {
    say.ProductSelected: PRODUCT,
    say.ProductDeselected: PRODUCT,
    say.ProductListed: PRODUCT,
    say.HospitalEnrolled: HOSPITAL,
    say.HospitalWithdrawn: HOSPITAL,
    say.AgreementSigned: AGREEMENT,
    say.ExemptionGranted: EXEMPTION,
    say.PriceListed: PRICE,
    say.StandardSet: STANDARD,
    say.DistributorAppointed: APPOINTMENT,
    say.DistributorReleased: APPOINTMENT,
}


def entry_of(event: Event) -> Entry | None:
    """Give what an event tells of, None for what the register does not judge by."""
    return _TOLD_BY.get(type(event.data))

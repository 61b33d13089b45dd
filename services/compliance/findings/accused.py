"""Whom a rule accuses, and of how many things it says so."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from services.compliance.findings.finding import About

Role = Literal["manufacturer", "distributor", "hospital", "authority"]
"""As what a party is accused; an authority has no code."""

Unit = Literal[
    "order",
    "commitment",
    "agreement",
    "area",
    "product",
    "variety",
    "hospital",
    "receipt",
    "payment",
    "prepayment",
    "use",
    "outage",
]
"""What a rule judges one by one: an order; a hospital with a product; an agreement, or the cycle
that it is to follow; an area of a product; a product; a hospital with a variety; a hospital; a
receipt to be paid; money to be passed on; a prepayment; what the prepayments for an agreement were
used for; a stock-out."""


class Accused(NamedTuple):
    """Who is accused, and as what; of one that nobody knows the code is empty."""

    role: Role
    party: str


NOBODY = Accused("authority", "")
"""Whom nothing accuses: as if it were an authority."""


def accused_of(roles: Sequence[Role], about: About) -> Accused:
    """Give who is accused: the first of some roles that is known, as an authority always is.

    A winner that delivers its product itself is accused as the manufacturer that it is.
    """
    for role in roles:
        if role == "authority":
            return NOBODY
        party = getattr(about, role)
        if role == "distributor" and party and party == about.manufacturer:
            return Accused("manufacturer", party)
        if party:
            return Accused(role, party)
    return Accused(roles[0], "")

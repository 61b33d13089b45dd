"""A statement: what an account says of the claims of one month, and what is left of those late."""

from datetime import datetime
from decimal import Decimal
from hashlib import blake2b

import msgspec
from msgspec import Struct
from typing_extensions import override

from services.compliance.records.account import Claim, Step
from services.compliance.records.evidence import Evidence
from shared.domain.records.record import Gathered

STAMP_BYTES = 16
"""The length of what tells two statements apart."""

_encode = msgspec.msgpack.Encoder().encode


class Settling(Struct, frozen=True, array_like=True, gc=False):
    """A claim, and what is left of it, from when on."""

    claim: Claim
    left: tuple[Step, ...]


class Use(Struct, frozen=True, array_like=True, gc=False):
    """What came of the prepayments for an agreement until an instant: used, of what could be.

    `day` (ordinal) is one that the agreement's policy holds on.
    """

    agreement: str
    product: str
    day: int
    until: datetime
    prepaid: Decimal
    could: Decimal
    used: Decimal
    told: datetime
    evidence: tuple[Evidence, ...]


class Stamp(Struct, frozen=True, array_like=True, tag="k", gc=False):
    """What tells that a statement stays as it was given."""

    digest: bytes


class Book(Struct, frozen=True, array_like=True, tag="K", gc=False):
    """What an account contributes to the statement of a month.

    `claims` are those of which a rule may find something now, and `others` how many there are of
    which none does: they were paid by their due, or are not due before `waits`, the first instant
    at which one of them falls due that is not paid. `advances` are prepayments as claims of what
    must move on; `day` is theirs.
    """

    month: str
    claims: tuple[Settling, ...]
    advances: tuple[Settling, ...] = ()
    uses: tuple[Use, ...] = ()
    others: int = 0
    waits: datetime | None = None

    @property
    def number(self) -> int:
        """How many claims the month has."""
        return len(self.claims) + self.others

    @property
    def kept(self) -> Stamp:
        """Give what its account remembers of it."""
        return Stamp(blake2b(_encode(self), digest_size=STAMP_BYTES).digest())


class Statement(Struct, Gathered, array_like=True):
    """What the account said last of the month."""

    book: Book | None = None

    @override
    def put(self, old: Book | Stamp | None, new: Book | Stamp | None) -> None:
        """Put what the account says now in place of what it said."""
        if not isinstance(new, Stamp):
            self.book = new

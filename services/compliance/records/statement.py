"""A statement: what an account says of the claims of one month, and what is left of those late."""

from collections.abc import Callable, Hashable, Iterator
from datetime import datetime
from decimal import Decimal
from hashlib import blake2b
from typing import Any, TypeVar

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


T = TypeVar("T")

Remembered = dict[tuple[str, str], tuple[Settling, Hashable, Any]]
"""What was derived from a claim as it was settled, under which terms, by order and receipt."""


class Statement(Struct, Gathered, array_like=True, dict=True):
    """What the account said last of the month."""

    book: Book | None = None

    def of_claims(
        self, rule: str, under: Hashable, derive: Callable[[Settling], T]
    ) -> Iterator[tuple[Settling, T]]:
        """Give each claim with what a rule derives from it and what it is `under` alone.

        That is not derived again of a claim that stays settled as it was: a month can have ten
        thousand, and one more payment changes one of them. It is never stored, and of claims that
        are no longer in the book nothing is remembered.
        """
        known: Remembered = self.__dict__.get(rule, {})
        remembered: Remembered = {}
        for settling in self.book.claims if self.book is not None else ():
            name = (settling.claim.order, settling.claim.receipt)
            held = known.get(name)
            if held is None or held[1] != under or held[0] != settling:
                held = (settling, under, derive(settling))
            remembered[name] = held
            yield settling, held[2]
        self.__dict__[rule] = remembered

    @override
    def put(self, old: Book | Stamp | None, new: Book | Stamp | None) -> None:
        """Put what the account says now in place of what it said."""
        if not isinstance(new, Stamp):
            self.book = new

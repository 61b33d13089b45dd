"""Use of one variety (品种) by one hospital: of the selected products, and of the others."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence
from services.compliance.records.failed import Failed
from shared.domain import ids
from shared.domain.records.record import Gathered

SELECTED, LISTED, NEITHER = "selected", "listed", "neither"


class Contract(Struct, frozen=True, array_like=True, gc=False):
    """An agreement as a policy judges it, for a product that its cycle has in the variety.

    `equivalent` is how many common units one base unit of that cycle holds, None where nobody says
    so; `withdrawn` the day on which its product leaves, 9999-12-31 for one that stays; `told` when
    it reached the bus (UTC).
    """

    policy: str
    agreement: str
    start: date
    end: date
    quantity: int
    equivalent: Decimal | None
    withdrawn: date
    told: datetime
    evidence: tuple[Evidence, ...]


class Contracts(Struct, frozen=True, array_like=True, tag="C", gc=False):
    """What the hospital agreed on of one product."""

    product: str
    contracts: tuple[Contract, ...]


class Used(Struct, frozen=True, array_like=True, tag="U", gc=False):
    """What one order contributes: what was accepted by day (ordinal), less what was returned.

    It counts in each of the `books`. `failed` is how the supplier failed on it, if it was for a
    selected product and something was still missing after the month in which it was due.
    """

    order: str
    books: tuple[str, ...]
    accepted: dict[int, int]
    failed: Failed | None = None


class UsageBook(Struct, frozen=True, gc=False):
    """What orders count together: under one policy, of one product, converted by one factor.

    `kind` is whether they are of a selected product of the variety, of a listed one, or neither.
    """

    policy: str
    product: str
    kind: str
    equivalent: str

    @property
    def key(self) -> str:
        """Give the book as one text."""
        return ids.pair(ids.pair(self.policy, self.product), ids.pair(self.kind, self.equivalent))

    @staticmethod
    @lru_cache(maxsize=16_384)
    def of(key: str) -> "UsageBook":
        """Read a book from its text: most orders count in the same few."""
        whose, what = ids.parts(key)
        return UsageBook(*ids.parts(whose), *ids.parts(what))


class Usage(Struct, Gathered, array_like=True):
    """Hospital × variety: accepted quantities by book and day, failed orders, agreements.

    It grows by some bytes for each product and day on which something was accepted or returned,
    and by the orders on which the supplier failed.
    """

    accepted: dict[str, dict[int, int]] = {}
    failed: dict[str, Failed] = {}
    contracts: dict[str, tuple[Contract, ...]] = {}

    @override
    def put(self, old: Used | Contracts | None, new: Used | Contracts | None) -> None:
        """Replace what one order, or the commitment to one product, contributed."""
        if isinstance(old, Contracts):
            self.contracts.pop(old.product, None)
        elif old is not None:
            self._count(old, -1)
            self.failed.pop(old.order, None)
        if isinstance(new, Contracts):
            self.contracts[new.product] = new.contracts
        elif new is not None:
            self._count(new, 1)
            if new.failed is not None:
                self.failed[new.order] = new.failed

    def _count(self, used: Used, sign: int) -> None:
        for book in used.books:
            days = self.accepted.setdefault(book, {})
            for day, quantity in used.accepted.items():
                total = days.get(day, 0) + sign * quantity
                if total:
                    days[day] = total
                else:
                    days.pop(day, None)
            if not days:
                del self.accepted[book]

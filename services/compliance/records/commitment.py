"""A commitment: what one hospital ordered and accepted of one product, and what went wrong."""

from bisect import insort
from datetime import datetime
from decimal import Decimal
from typing import Literal

from msgspec import Struct
from typing_extensions import override

from services.compliance.records.evidence import Evidence, Term
from services.compliance.records.failed import Failed
from shared.domain.records.record import Gathered

Breach = Literal["refused", "overpriced", "undelivered"]


class Candidate(Struct, frozen=True, array_like=True, gc=False):
    """Something wrong with an order, which the commitment judges as beyond or within the volume."""

    breach: Breach
    anchor: str
    occurred_at: datetime
    cured_at: datetime | None
    observed: str | int
    limit: str | int | None
    overcharged: Decimal | None
    terms: tuple[Term, ...]
    evidence: tuple[Evidence, ...]
    heard_by: datetime | None = None


class Dealing(Struct, frozen=True, array_like=True, tag="D", gc=False):
    """What one order contributes: quantities by day (ordinal), and candidates.

    `day` is the day of placing; `agreement` the one that the order names. `failed` is how the
    supplier failed on it; `bought` when it was told (UTC), if it is in scope, as far as is known,
    and not cancelled.
    """

    order: str
    day: int
    area: str
    distributor: str
    manufacturer: str | None
    agreement: str | None
    accepted: dict[int, int]
    candidates: tuple[Candidate, ...]
    failed: Failed | None = None
    bought: datetime | None = None


class Commitment(Struct, Gathered, array_like=True):
    """Hospital × product: net accepted quantity by day, and dealings with which something is wrong.

    `bought` are the orders in scope by their day of placing (ordinal): when each was told, in
    order. It grows by some bytes a day and some an order.
    """

    accepted: dict[int, int] = {}
    dealings: dict[str, Dealing] = {}
    bought: dict[int, list[datetime]] = {}

    @override
    def put(self, old: Dealing | None, new: Dealing | None) -> None:
        """Replace what an order contributed; totals stay exact whatever was applied before."""
        for dealing, sign in ((old, -1), (new, 1)):
            for day, quantity in dealing.accepted.items() if dealing else ():
                total = self.accepted.get(day, 0) + sign * quantity
                if total:
                    self.accepted[day] = total
                else:
                    self.accepted.pop(day, None)
        if old:
            self.dealings.pop(old.order, None)
            self._buy_not(old)
        if new:
            if new.candidates or new.failed:
                self.dealings[new.order] = new
            if new.bought:
                insort(self.bought.setdefault(new.day, []), new.bought)

    def _buy_not(self, old: Dealing) -> None:
        told = self.bought.get(old.day, [])
        if old.bought in told:
            told.remove(old.bought)
            if not told:
                del self.bought[old.day]

    def accepted_between(self, start: int, end: int) -> int:
        """Sum what was accepted, less returned, on days in `[start, end)` (ordinals)."""
        return sum(quantity for day, quantity in self.accepted.items() if start <= day < end)

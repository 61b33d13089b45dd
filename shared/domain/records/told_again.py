"""What was told again of an order, later than what holds: it holds where that is taken back."""

from typing import NamedTuple, Self

import msgspec

from shared.domain.records.order_facts import (
    Accepted,
    Cancelled,
    Invoiced,
    Placed,
    Received,
    Returned,
    Shipped,
)
from shared.domain.records.telling import Fact


class Told(NamedTuple):
    """A fact of an order, the product that it names, and the id of its shipment or the like."""

    fact: Fact
    product: str
    key: str = ""


class ToldAgain(Fact, frozen=True, array_like=True, gc=False):
    """A fact that does not hold, in the bytes as which it would be stored if it did."""

    type: str
    product: str
    key: str
    fact: bytes

    @classmethod
    def of(cls, fact: Fact, product: str, key: str) -> Self:
        """Keep a fact."""
        return cls(fact.telling, fact.says, product, key, msgspec.msgpack.encode(fact))

    def told(self) -> Told:
        """Read the fact."""
        return Told(
            msgspec.msgpack.decode(self.fact, type=_FACTS[self.type]), self.product, self.key
        )


_FACTS: dict[str, type[Fact]] = {
    fact.says: fact for fact in (Placed, Accepted, Cancelled, Shipped, Received, Returned, Invoiced)
}

"""What the tellings of one order contradict each other in, whatever came first.

The first telling holds (events.md), so that a contradiction changes no judgement; but somebody told
something wrong, and nobody would know.
"""

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from shared.domain.records.telling import Telling, precedes

ContradictionKind = Literal["told-otherwise", "other-product"]

RIVALS_AT_MOST = 8
"""How many other contents of one thing are kept, the earliest told: a sender that never stops to
tell the same thing differently must not grow the record."""


class Contradiction(Struct, frozen=True, array_like=True, gc=False):
    """A telling that does not agree with the one that holds; each is named by source and id.

    `told-otherwise`: the same thing with other contents, which lost. `other-product`: a fact that
    holds, on another product than its order's. `thing` is the event's type, with the id of the
    shipment, receipt, return or invoice where it has one; `contents` the digest of what it says.
    """

    kind: ContradictionKind
    thing: str
    source: str
    id: str
    holds_source: str
    holds_id: str
    contents: bytes


class Contested(Struct, array_like=True):
    """What a record must remember beyond what holds.

    `rivals` are the first tellings of each other contents, by thing; `products` those that differ
    from the order's, or while nobody has told the order from `product`, by thing.
    """

    rivals: dict[str, list[Telling]] = {}
    products: dict[str, str] = {}
    product: str = ""

    @property
    def is_void(self) -> bool:
        """Whether there is nothing to remember."""
        return not (self.rivals or self.products or self.product)

    def tell_otherwise(self, thing: str, one: Telling, other: Telling) -> None:
        """Note that two tellings of a thing say different contents: the later one is a rival."""
        holds, lost = (other, one) if precedes(other, one) else (one, other)
        rivals = {telling.digest: telling for telling in self.rivals.get(thing, ())}
        rivals.pop(holds.digest, None)
        known = rivals.get(lost.digest)
        rivals[lost.digest] = lost if known is None or precedes(lost, known) else known
        kept = sorted(rivals.values(), key=lambda telling: telling.order_key)
        self.rivals[thing] = kept[:RIVALS_AT_MOST]

    def tell_products(self, products: Mapping[str, str], placed: str | None) -> None:
        """Note of which product each fact is; `placed` is the order's, None while untold."""
        usual = min(products.values(), default="") if placed is None else placed
        self.product = usual if placed is None else ""
        self.products = {thing: told for thing, told in products.items() if told != usual}

    def contradictions(
        self, holding: Mapping[str, Telling], placed: Telling | None
    ) -> Iterator[Contradiction]:
        """Give all contradictions, in order; `holding` are the tellings that hold, by thing."""
        for thing, rivals in sorted(self.rivals.items()):
            holds = holding[thing]
            for lost in rivals:
                yield _contradiction("told-otherwise", thing, lost, holds)
        if placed is not None:
            for thing in sorted(self.products):
                yield _contradiction("other-product", thing, holding[thing], placed)


def _contradiction(
    kind: ContradictionKind, thing: str, told: Telling, holds: Telling
) -> Contradiction:
    return Contradiction(kind, thing, told.source, told.id, holds.source, holds.id, told.digest)

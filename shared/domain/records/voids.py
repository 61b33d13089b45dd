"""Voids (冲销): an event that its source takes back counts as never told, in every rule.

A record that may hear of voids obeys them so, and the engine of compliance (judging/voided.py)
does the rest; who reads a record without the engine asks it `without_voided(now)` first.

- Its field `voids` is a `Voids | None`, appended last; `merge` has `take_back` fill it.
- It keeps every telling that may hold once an earlier one is taken back: a list in the order of
  tellings, filled by `told_first`, the first of which holds.
- `without_voided(now)` gives the record as if nobody had told what `Voids.of` names, again with
  the record's own `merge` or lists: rules and contributions read only that, and know of no voids.

What its `needs` (judging/kinds.py) ask of the register they ask for every telling that may hold. A
value that it contributes with `evidence` gets the void into it. The void's kind needs its row in
judging/subjects.py, beside the kinds that it takes back.

A record grows by one void for each event that is taken back, and by the first tellings of a thing,
`TOLD_AT_MOST` of them.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol, Self, TypeVar

from msgspec import Struct

from shared.domain import events as say
from shared.domain import ids, topics
from shared.domain.cloudevents import Event
from shared.domain.records.telling import Fact, Telling, all_told, precedes

F = TypeVar("F", bound=Fact)

VoidData = (
    say.OrderVoided
    | say.DeliveryVoided
    | say.StockVoided
    | say.PaymentVoided
    | say.PrepaymentVoided
)

TAKES_BACK: dict[type[say.EventData], tuple[type[say.EventData], ...]] = {
    say.OrderVoided: (say.OrderPlaced, say.OrderAccepted, say.OrderRejected, say.OrderCancelled),
    say.DeliveryVoided: (
        say.ShipmentDispatched,
        say.DeliveryReceived,
        say.GoodsReturned,
        say.InvoiceIssued,
    ),
    say.StockVoided: (say.StockReported,),
    say.PaymentVoided: (say.PaymentMade,),
    say.PrepaymentVoided: (say.PrepaymentMade, say.PrepaymentReturned),
}
"""What each kind of void takes back."""

TOLD_AT_MOST = 32
"""How many tellings of one thing are kept, the first ones: a sender that never stops to tell the
same thing must not grow the record. Whoever takes back all of them has never told it."""

_TYPE_OF = {data: kind for kind, data in topics.DATA_OF.items()}
_TAKEN_BACK_BY = {
    _TYPE_OF[told]: _TYPE_OF[void] for void, kinds in TAKES_BACK.items() for told in kinds
}


class Void(Struct, frozen=True, array_like=True, gc=False):
    """A void as it was told: the type of its event, and the telling."""

    type: str
    telling: Telling


class Voids(Struct, array_like=True):
    """The voids told of one record, by what they take back; of the same event the first void."""

    told: dict[str, Void] = {}

    def of(self, fact: Fact, now: datetime) -> Void | None:
        """Give the void by which a fact is taken back at `now`, None if it stands."""
        telling = fact.telling
        void = self.told.get(_key(_TAKEN_BACK_BY[fact.says], telling.source, telling.id))
        return void if void is not None and void.telling.time <= now else None

    def of_event(self, event: Event, now: datetime) -> Void | None:
        """Give the void by which an event is taken back at `now`, None if it stands."""
        kind = _TAKEN_BACK_BY.get(event.type)
        void = None if kind is None else self.told.get(_key(kind, event.source, event.id))
        return void if void is not None and void.telling.time <= now else None

    def standing(self, facts: Iterable[F], now: datetime) -> list[F]:
        """Give those of some facts that nobody has taken back."""
        return [fact for fact in facts if self.of(fact, now) is None]

    def in_effect(self, facts: Iterable[Fact], now: datetime) -> tuple[Void, ...]:
        """Give the voids by which any of some facts are taken back, in the order of tellings."""
        voids = {self.of(fact, now) for fact in facts} - {None}
        known = (void for void in voids if void is not None)
        return tuple(sorted(known, key=lambda void: void.telling.order_key))

    def next_instant(self, now: datetime) -> datetime | None:
        """When the next void that lies ahead takes effect, None if none does."""
        times = (void.telling.time for void in self.told.values() if void.telling.time > now)
        return min(times, default=None)


class Voidable(Protocol):
    """A record that hears of voids."""

    voids: Voids | None

    def tellings(self) -> Iterable[Fact]:
        """Give all tellings that hold or may hold once others are taken back, in no order."""
        ...

    def without_voided(self, now: datetime) -> Self:
        """Give the record as if nobody had told what is taken back at `now`."""
        ...


def take_back(voids: Voids | None, telling: Telling, data: VoidData) -> Voids | None:
    """Take a void in, whether what it names was told already or not, and however often.

    One that neither the source of what it names nor the platform tells does nothing.
    """
    source = telling.source if data.event_source is None else data.event_source
    if telling.source not in (source, f"/platforms/{data.jurisdiction}"):
        return voids
    kind = _TYPE_OF[type(data)]
    taken = voids or Voids()
    key, void = _key(kind, source, data.event), Void(kind, telling)
    held = taken.told.get(key)
    if held is None or precedes(telling, held.telling):
        taken.told[key] = void
    return taken


def told_first(held: list[F], told: F) -> list[F]:
    """Keep the first tellings of one thing, each once, in the order of tellings."""
    return all_told(held, told)[:TOLD_AT_MOST]


def _key(void: str, source: str, event: str) -> str:
    return ids.pair(void, ids.pair(source, event))

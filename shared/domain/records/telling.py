"""Tellings of one thing: their total order, and which of them holds (events.md)."""

from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache
from typing import ClassVar, TypeVar

from msgspec import Struct

from shared.domain.cloudevents import Event, digest

OrderKey = tuple[datetime, str, str, bytes]


class Telling(Struct, frozen=True, array_like=True, gc=False):
    """Who told a fact, of when, and where we heard it; instants in UTC.

    `said` is the digest of the event's data, or the data itself: a replay, which stores nothing,
    never needs most digests. `claimed` is the later of `time` and `recordedtime`, `told` when it
    reached the bus.
    """

    time: datetime
    source: str
    id: str
    said: bytes
    claimed: datetime
    told: datetime
    partition: int
    offset: int

    @property
    def digest(self) -> bytes:
        """The digest of the event's data."""
        return self.said if len(self.said) == DIGEST_BYTES else _digest_of(self.said)

    @property
    def order_key(self) -> OrderKey:
        """What decides between two tellings of one thing, whichever arrived first."""
        return (self.time, self.source, self.id, self.digest)

    @property
    def heard_key(self) -> tuple[datetime, int, int]:
        """What decides between two publications of one telling: the earlier one counts."""
        return (self.told, self.partition, self.offset)


class Fact(Struct, frozen=True, array_like=True, gc=False):
    """What one telling says; `says` is the type of the event that said it."""

    says: ClassVar[str]
    telling: Telling


DIGEST_BYTES = 16
"""The length of a digest; the JSON of an event's data is always longer."""

_digest_of = lru_cache(maxsize=64)(digest)
"""Each further telling of a thing is compared with those that are there."""

F = TypeVar("F", bound=Fact)


def telling_of(event: Event, said: bytes | None = None) -> Telling:
    """Note who told an event and where it stands, with its data still whole unless `said`."""
    return Telling(
        event.time,
        event.source,
        event.id,
        event.raw if said is None else said,
        event.time if event.recorded is None else event.claimed,
        event.told,
        event.partition,
        event.offset,
    )


def stored(event: Event) -> Telling:
    """Note a telling as it is stored: with the digest in place of the data."""
    return telling_of(event, digest(event.raw))


def first(held: F | None, told: F) -> F:
    """Keep the first telling: of what happened, the first holds."""
    if held is None:
        return told
    return told if precedes(told.telling, held.telling) else held


def last(held: F | None, told: F) -> F:
    """Keep the last telling: of what is set or planned, the last holds."""
    if held is None:
        return told
    if _same(held.telling, told.telling):
        return first(held, told)
    return held if precedes(told.telling, held.telling) else told


def all_told(held: list[F], told: F) -> list[F]:
    """Keep every telling once, in the order of tellings."""
    for place, other in enumerate(held):
        if _same(other.telling, told.telling):
            return [*held[:place], first(other, told), *held[place + 1 :]]
    return sorted([*held, told], key=lambda fact: fact.telling.order_key)


def latest(facts: Iterable[F], now: datetime) -> F | None:
    """Give the last of ordered tellings whose time has come."""
    held = None
    for fact in facts:
        if fact.telling.time <= now:
            held = fact
    return held


def _same(one: Telling, other: Telling) -> bool:
    return one.time == other.time and one.id == other.id and one.order_key == other.order_key


def precedes(one: Telling, other: Telling) -> bool:
    """Whether a telling comes before another of the same thing, or was published earlier."""
    if one.time != other.time:
        return one.time < other.time
    if one.id != other.id or one.source != other.source:
        return (one.source, one.id) < (other.source, other.id)
    if one.order_key != other.order_key:
        return one.order_key < other.order_key
    return one.heard_key < other.heard_key

"""What a record is: what is known of one subject, from what is told of it or from other records.

A record may be heard, gathered, or both; it is a msgspec struct that says so among its bases.
"""

from datetime import datetime
from typing import Any

from msgspec import Struct

from shared.domain import events as say
from shared.domain.records.telling import Telling


class Heard:
    """A record that events merge into, in any order and as often as they are told."""

    __slots__ = ()

    def merge(self, telling: Telling, data: say.EventData) -> None:
        """Take an event in; order and repetition do not matter."""
        raise NotImplementedError

    def next_instant(self, now: datetime) -> datetime | None:
        """When the next of what lies ahead comes due, None if nothing does; UTC."""
        raise NotImplementedError


class Gathered:
    """A record of what others contribute; each contribution replaces the one before it.

    One that is `rearranged` has changed otherwise than by what was put into it.
    """

    __slots__ = ()

    @property
    def rearranged(self) -> bool:
        """Whether it changed otherwise since `be_stored`; most records never do."""
        return False

    def be_stored(self) -> None:
        """Take note that it was stored as it is."""

    def put(self, old: Any, new: Any) -> None:
        """Replace what one other record contributed; None where it contributes nothing."""
        raise NotImplementedError


class ProductEntry(Struct, array_like=True):
    """The record of a product in the register: nothing, for the register says all of it."""


Record = Heard | Gathered | ProductEntry

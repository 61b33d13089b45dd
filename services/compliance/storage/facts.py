"""A batch as it is kept: how far it was read, the events, and the dead letters."""

from datetime import datetime
from typing import NamedTuple

from shared.domain.cloudevents import Event


class Span(NamedTuple):
    """How far a batch reads in a partition: from `first` up to, not including, `next`."""

    topic: str
    partition: int
    epoch: int
    first: int
    next: int


class Letter(NamedTuple):
    """What could not be taken, unchanged, with the reason."""

    topic: str
    partition: int
    offset: int
    told: datetime
    field: str
    reason: str
    key: bytes | None
    value: bytes | None
    headers: bytes


class Batch(NamedTuple):
    """What was read at once: how far, the events, and the dead letters."""

    spans: list[Span]
    events: list[Event]
    letters: list[Letter]

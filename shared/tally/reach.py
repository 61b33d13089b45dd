"""How far figures reach: until when all was read of what they are made of, and what waits."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shared.domain.calendar import EPOCH
from shared.tally.places import QUERIES


class Reached(NamedTuple):
    """All was read that the bus held at `until` (UTC; None: never), and `lag` messages wait."""

    until: datetime | None
    lag: int


async def reached(fetch: Callable[[str], Awaitable[Sequence[Any]]]) -> Reached:
    """Ask a service's own tables; what a worker has not looked at for long may wait unseen."""
    (row,) = await fetch(QUERIES["reach"])
    until = row["read_until"]
    return Reached(None if until is None or until <= EPOCH else until, row["lag"])

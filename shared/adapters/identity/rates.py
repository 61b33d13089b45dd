"""How often somebody may ask: so many requests a second, and some at once."""

import time
from collections import OrderedDict
from collections.abc import Callable

_REMEMBERED = 10_000
_AT_ONCE = 10
"""Seconds whose requests may come all at once."""


class Rates:
    """Counts by principal, in one process; each has a bucket that fills with time."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = per_second * _AT_ONCE
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, subject: str) -> float:
        """Give 0 and count a request, or the seconds after which one is taken again."""
        now = self._clock()
        held, since = self._left.pop(subject, (self._most, now))
        held = min(self._most, held + (now - since) * self._per_second)
        wait = 0.0 if held >= 1 else (1 - held) / self._per_second
        self._left[subject] = (held - 1 if not wait else held, now)
        while len(self._left) > _REMEMBERED:  # Whoever asked longest ago has a full bucket again.
            self._left.popitem(last=False)
        return wait

"""Keeps what a library says over and over from filling the log: once a minute is enough.

During an outage a Kafka client says dozens of times a second that it cannot connect. The first line
goes out at once; the next one after a minute says how many were held back.
"""

import logging
import time
from collections.abc import Callable

from typing_extensions import override

EVERY = 60.0
"""Seconds between two lines that say the same."""

KEPT_APART = 1_000
"""Beyond so many different lines all is forgotten: texts made anew each time must not pile up."""


class OnceAMinute(logging.Filter):
    """Lets a line of some loggers through once a minute; lines are the same if only values differ.

    `repeated` among the extras of a line is how many like it were held back before.
    """

    def __init__(self, loggers: tuple[str, ...], now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._prefixes = tuple(f"{name}." for name in loggers)
        self._now = now
        self._told: dict[tuple[str, int, str], tuple[float, int]] = {}

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether a line goes out."""
        if not f"{record.name}.".startswith(self._prefixes) or record.levelno < logging.WARNING:
            return True
        key = (record.name, record.levelno, str(record.msg))
        at, held = self._told.get(key, (float("-inf"), 0))
        if self._now() - at < EVERY:
            self._told[key] = (at, held + 1)
            return False
        if len(self._told) >= KEPT_APART:
            self._told.clear()
        self._told[key] = (self._now(), 0)
        if held:
            record.repeated = held
        return True

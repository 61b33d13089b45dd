"""How many records a batch holds, so that it is a second of work and a few megabytes at most."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from shared.domain.errors import TransientError

WORK = 1.0
"""Seconds of the processor that a batch may take: on a quiet machine that is the largest batch."""

LASTS = 5.0
"""Seconds that a batch may last where the processor is shared: then positions move on, and a
worker that dies repeats little."""

LOADS = 3 * 2**20
"""Bytes, as stored, of the records that a batch has read and written: some six times as many in
memory. What gathers a year of a product is a hundred times as large at its end as at its beginning.
"""

AT_LEAST = 200
AT_MOST = 2_000
"""Records in a batch of a backlog: the more, the more often all of an order is judged at once."""


class Measured:
    """A piece of work; whoever does it says how many `records` it was of, and bytes it `loaded`.

    It has none where nothing was there to do.
    """

    def __init__(self) -> None:
        self.records: int | None = None
        self.loaded = 0
        self._began, self._work = time.monotonic(), time.process_time()

    @property
    def lasted(self) -> float:
        """Seconds since it began."""
        return time.monotonic() - self._began

    @property
    def work(self) -> float:
        """Seconds of the processor since it began."""
        return time.process_time() - self._work


class Pace:
    """The size of the next batch, by how long the last ones took and how much they loaded."""

    def __init__(self) -> None:
        self.size = AT_MOST

    @contextmanager
    def measuring(self) -> Iterator[Measured]:
        """Measure a piece of work and note what it took, or that it came to nothing."""
        measured = Measured()
        try:
            yield measured
        except TransientError:
            self.failed()
            raise
        if measured.records is not None:
            self.took(measured.records, measured.work, measured.lasted, measured.loaded)

    def took(self, records: int, work: float, lasted: float, loaded: int) -> None:
        """Note what a batch took, in seconds of the processor and of time, and bytes of storage.

        It at most doubles the next one.
        """
        fitting = int(records / max(work / WORK, lasted / LASTS, loaded / LOADS, 1e-6))
        if fitting < self.size or 2 * records > self.size:
            self.size = max(AT_LEAST, min(fitting, 2 * self.size, AT_MOST))

    def failed(self) -> None:
        """Note that a batch came to nothing: it may have been more than this machine now does."""
        self.size = max(AT_LEAST, self.size // 2)

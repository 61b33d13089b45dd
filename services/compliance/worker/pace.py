"""How many records a batch holds, so that it is about a second's work wherever it runs."""

SECONDS = 1.5
"""How long a batch may take. On a quiet machine that is the largest batch; where the processor
is shared, less: then positions move on, and a worker that dies repeats little."""

FIRST = 2_000
AT_LEAST = 200
AT_MOST = 30_000
"""Records in a batch of a backlog: the more, the more often all of an order is judged at once."""


class Pace:
    """The size of the next batch, by how long the last ones took."""

    def __init__(self) -> None:
        self.size = FIRST

    def took(self, records: int, seconds: float) -> None:
        """Note how long a batch took; it at most doubles the next one."""
        fitting = int(records * SECONDS / max(seconds, 1e-6))
        if fitting < self.size or 2 * records > self.size:
            self.size = max(AT_LEAST, min(fitting, 2 * self.size, AT_MOST))

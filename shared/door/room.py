"""The room of a door: what all requests together may hold, whose turn it is, who has to wait."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Iterator

from shared.adapters.problems import ProblemError

SHARE_FREE = 64 << 10
"""Bytes that a request may hold without asking: nearly every single event is smaller."""

RETRY = {"Retry-After": "5"}


def busy(problem: str) -> ProblemError:
    """Make the problem of a request that the door has no room for now."""
    detail = f"{problem}. Send it again later: the same id and source twice are harmless"
    return ProblemError(429, "busy", detail, headers=RETRY)


class Room:
    """So many bytes for all requests together, given out first come, first served.

    `seconds` is how long a request waits for its share; `requests` how many may be inside at all.
    """

    def __init__(self, size: int, seconds: float, requests: int) -> None:
        self._size = size
        self._free = size
        self._seconds = seconds
        self._requests = requests
        self._inside = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def crowded(self) -> bool:
        """Whether somebody waits for a share."""
        return bool(self._waiting)

    @property
    def nearly_full(self) -> bool:
        """Whether so many are inside that the next ones may be sent away."""
        return self._inside * 4 >= self._requests * 3

    @contextlib.contextmanager
    def entered(self) -> Iterator["Share"]:
        """Let a request in, with a share of nothing; raises ProblemError 429 when all is full."""
        if self._inside >= self._requests:
            raise busy(f"this door already serves {self._requests} requests at a time")
        self._inside += 1
        share = Share(self)
        try:
            yield share
        finally:
            share.give_back()
            self._inside -= 1

    async def take(self, size: int) -> int:
        """Wait for `size` bytes (at most the whole room); raises ProblemError 429 if in vain."""
        size = min(size, self._size)
        if not self._waiting and size <= self._free:
            self._free -= size
            return size
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (size, turn)
        self._waiting.append(entry)
        try:
            async with asyncio.timeout(self._seconds):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():  # Its turn came as it went away.
                self.give_back(size)
            else:
                self._waiting.remove(entry)
                self._admit()
            if isinstance(error, TimeoutError):
                raise busy(f"no turn came within {self._seconds:g} s") from None
            raise
        return size

    def give_back(self, size: int) -> None:
        """Give a share back, and let in whom it lets in."""
        self._free += size
        self._admit()

    def _admit(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            size, turn = self._waiting.popleft()
            if turn.cancelled():
                continue
            self._free -= size
            turn.set_result(None)


class Share:
    """What one request holds of the room; it asks once for all that it may come to hold."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._held = 0

    @property
    def hurried(self) -> bool:
        """Whether a slow client now keeps others out."""
        return self.room.nearly_full or (self._held > 0 and self.room.crowded)

    async def cover(self, holds: int, most: int) -> None:
        """Be sure of room for the `holds` bytes held now, which may become `most`.

        What is below SHARE_FREE needs none. Raises ProblemError 429 if no turn comes.
        """
        if holds > SHARE_FREE and not self._held:
            self._held = await self.room.take(most)

    def give_back(self) -> None:
        """Hold nothing any more."""
        if self._held:
            self.room.give_back(self._held)
            self._held = 0

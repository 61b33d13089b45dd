"""Turns to work: one piece of work at a time, and between two of them everybody else is served."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

from starlette.types import ASGIApp, Receive, Scope, Send

_T = TypeVar("_T")

AT_ONCE = "/healthz"
"""The path that waits for no turn: it asks whether the process turns, and answers at once."""


class Turns:
    """Given out first come, first served, one in a round of the event loop.

    A hundred tasks that each work a few milliseconds between two waits would all work in the same
    round, and whoever asks whether the process is well would hear so after all of them.
    """

    def __init__(self) -> None:
        self._taken = asyncio.Lock()

    async def mine(self) -> None:
        """Wait for one's turn; it lasts until one waits for anything else."""
        await self._taken.acquire()
        # In this round nobody else gets one, even if the piece of work ends soon.
        asyncio.get_running_loop().call_soon(self._taken.release)

    async def each(self, pieces: Iterable[_T]) -> AsyncIterator[_T]:
        """Give pieces that are work to make, each in a turn of its own."""
        coming = iter(pieces)
        while True:
            await self.mine()
            try:
                piece = next(coming)
            except StopIteration:
                return
            yield piece


class BegunInTurn:
    """ASGI middleware: requests begin one by one, however many come at one moment."""

    def __init__(self, app: ASGIApp, turns: Turns) -> None:
        self._app = app
        self._turns = turns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on once it is its turn."""
        if scope["type"] == "http" and scope["path"] != AT_ONCE:
            await self._turns.mine()
        await self._app(scope, receive, send)

"""A body on its way in: packet by packet, in fair time, and only while the client is there."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.types import Message

from shared.adapters.problems import ProblemError
from shared.adapters.server import BROKEN, LEFT
from shared.door.room import RETRY, Share

_T = TypeVar("_T")

_LOOK = 0.5
"""Seconds between two looks at whether a body that does not come keeps others waiting."""

_PACE = 16 << 10
"""Bytes a second that a body must bring on the whole once its `seconds` are used up."""

_HURRIED_SILENCE = 2.0
_HURRIED_SECONDS = 10.0
_HURRIED_PACE = 128 << 10
"""While a body keeps others out it must not fall silent so long, nor come slower than this."""


class BrokenBodyError(Exception):
    """The rest of the body cannot be read."""


async def _nothing() -> None:
    """Do nothing while nothing comes."""


class Arrival:
    """The body of one request. `seconds` is how long it may keep us waiting in all."""

    def __init__(self, request: Request, seconds: float, share: Share) -> None:
        self._receive = request.receive
        self._left: asyncio.Event = request.scope.get(LEFT, asyncio.Event())
        self._seconds = seconds
        self._share = share
        self._next_packet: asyncio.Queue[Message] = asyncio.Queue(1)
        self._waited = 0.0
        self._arrived = 0
        self.when_idle: Callable[[], Awaitable[None]] = _nothing
        """What to do each time that nothing has come for half a second."""

    async def attend(self, work: Coroutine[None, None, _T]) -> _T:
        """Do the work while the client is there; raises ClientDisconnect once it has left."""
        working = asyncio.ensure_future(work)
        leaving = {asyncio.ensure_future(self._read()), asyncio.ensure_future(self._left.wait())}
        tasks = {working, *leaving}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ClientDisconnect
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return working.result()

    async def packets(self) -> AsyncIterator[bytes]:
        """Give what arrives.

        Raises ProblemError 408 or 429 when it takes too long, BrokenBodyError when it is no HTTP.
        """
        more = True
        while more:
            message = await self._wait_for_packet()
            packet = message.get("body", b"")
            self._arrived += len(packet)
            more = message.get("more_body", False)
            if packet:
                yield packet
            if BROKEN in message:
                raise BrokenBodyError(f"is no HTTP: {message[BROKEN]}")

    async def _read(self) -> None:
        """Read one packet ahead, so that a client that leaves is noticed; ends when it has."""
        more = True
        while (message := await self._receive())["type"] != "http.disconnect":
            if more:
                more = message.get("more_body", False)
                await self._next_packet.put(message)
                await self._next_packet.join()

    async def _wait_for_packet(self) -> Message:
        began = asyncio.get_running_loop().time()
        while True:
            try:
                async with asyncio.timeout(_LOOK):
                    message = await self._next_packet.get()
            except TimeoutError:
                self._check_time(began)
                await self.when_idle()
                continue
            self._waited = self._check_time(began)
            self._next_packet.task_done()
            return message

    def _check_time(self, began: float) -> float:
        """Give the seconds waited in all; raises ProblemError when they are too many."""
        silent = asyncio.get_running_loop().time() - began
        waited = self._waited + silent
        brought = f"body: has brought {self._arrived} bytes in {waited:.1f} s"
        remedy = "Send it again, in smaller parts or over a faster line"
        if self._share.hurried and (
            silent > _HURRIED_SILENCE or waited > _HURRIED_SECONDS + self._arrived / _HURRIED_PACE
        ):
            detail = f"{brought} while others wait. {remedy}"
            raise ProblemError(429, "busy", detail, headers=RETRY)
        if waited > self._seconds + self._arrived / _PACE:
            raise ProblemError(408, "too-slow", f"{brought}, which is too slow. {remedy}")
        return waited

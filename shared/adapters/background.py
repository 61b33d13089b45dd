"""What goes on in the background while it is held."""

import asyncio
from abc import ABC, abstractmethod
from contextlib import suppress
from types import TracebackType
from typing import Self


class Background(ABC):
    """Work of a service that goes on beside what it serves, until it is let go."""

    def __init__(self) -> None:
        self._ended = asyncio.Event()
        self._going: asyncio.Task[None] | None = None

    @abstractmethod
    async def _go_on(self) -> None:
        """Work until `_ended` is set."""

    async def __aenter__(self) -> Self:
        self._going = asyncio.create_task(self._go_on())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        # Not by cancelling alone: aiokafka takes a cancelled connection for one that failed.
        self._ended.set()
        if self._going is not None:
            self._going.cancel()
            with suppress(asyncio.CancelledError):
                await self._going

    async def _pause(self, seconds: float) -> None:
        """Pause, unless it ends before."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ended.wait()

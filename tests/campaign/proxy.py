"""A TCP proxy that can stop forwarding without closing: a half-open connection, at will."""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

Address = tuple[str, int]

PIECE = 1 << 16


class Hold:
    """What does not pass for now: the connections from some ports, or None for all."""

    def __init__(self, ports: frozenset[int] | None) -> None:
        self.ports = ports


class Proxy:
    """Listens on a port of 127.0.0.1 that stays, and forwards to wherever the server is now.

    `hold` lets everything, or the connections from some ports, hang: what comes in is not passed
    on, nor is an end. `release` passes on what waited, unless another hold lets it hang too.
    """

    def __init__(self, target: Callable[[], Address]) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._holds: list[Hold] = []
        self._released = asyncio.Event()
        self._pumps: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
        for pump in self._pumps:
            pump.cancel()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def hold(self, ports: Collection[int] | None = None) -> Hold:
        """Stop forwarding for clients at these ports; without any for all, new ones too."""
        hold = Hold(None if ports is None else frozenset(ports))
        self._holds.append(hold)
        return hold

    def release(self, hold: Hold | None = None) -> None:
        """End a hold, or all, and forward again, what came in meanwhile first."""
        self._holds = [other for other in self._holds if hold is not None and other is not hold]
        self._released.set()
        self._released = asyncio.Event()

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._accept(reader, writer))
        self._pumps.add(task)
        task.add_done_callback(self._pumps.discard)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = writer.get_extra_info("peername")[1]
        try:
            await self._pass(client)
            away, back = await asyncio.open_connection(*self._target())
            # The first end ends both: neither protocol uses half a connection.
            pumps = [
                asyncio.create_task(self._pump(client, reader, back)),
                asyncio.create_task(self._pump(client, away, writer)),
            ]
            try:
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for pump in pumps:
                    pump.cancel()
                await asyncio.gather(*pumps, return_exceptions=True)
                await _closed(back)
        except OSError:
            pass
        finally:
            await _closed(writer)

    async def _pump(
        self, client: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        with suppress(OSError):
            while True:
                piece = await reader.read(PIECE)
                await self._pass(client)
                if not piece:
                    return
                writer.write(piece)
                await writer.drain()

    async def _pass(self, client: int) -> None:
        while any(hold.ports is None or client in hold.ports for hold in self._holds):
            await self._released.wait()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()

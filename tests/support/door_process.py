"""A door as a process of its own, to be attacked over raw sockets and watched meanwhile."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from shared.adapters import kafka as bus

_ROOT = Path(__file__).parents[2]
_MIB = 1 << 20


@dataclass
class DoorProcess:
    """The running door; `peak` is by how many MiB its memory grew in the last `watched`."""

    port: int
    process: psutil.Process
    log: Path
    peak: float = 0.0
    healthy: int = 0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def disk(self) -> int:
        """Bytes that its open temporary files hold."""
        size = 0
        for fd in Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if "(deleted)" in str(fd.readlink()):
                    size += fd.stat().st_size
        return size

    def text(self) -> str:
        """Its log."""
        return self.log.read_text(errors="replace")

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Ask /healthz and look at the memory over and over while the block runs."""
        began = self.process.memory_info().rss
        self.peak, self.healthy = 0.0, 0

        async def look() -> None:
            while True:
                grown = (self.process.memory_info().rss - began) / _MIB
                self.peak = max(self.peak, grown)
                await asyncio.sleep(0.01)

        async def ask() -> None:
            # Of another address than the attackers', of whom the door closes what idles.
            elsewhere = httpx.AsyncHTTPTransport(local_address="127.0.0.8")
            async with httpx.AsyncClient(timeout=60, transport=elsewhere) as client:
                while True:
                    answer = await client.get(f"{self.url}/healthz")
                    assert answer.status_code == 200
                    self.healthy += 1
                    await asyncio.sleep(0.05)

        watchers = [asyncio.create_task(look()), asyncio.create_task(ask())]
        try:
            yield
        finally:
            for watcher in watchers:
                watcher.cancel()
            ended = await asyncio.gather(*watchers, return_exceptions=True)
        assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended

    async def quiet(self) -> bool:
        """Whether it comes to rest: less than a tenth of a processor over half a second."""
        for _ in range(40):
            before = self.process.cpu_times().user
            await asyncio.sleep(0.5)
            if self.process.cpu_times().user - before < 0.05:
                return True
        return False

    async def talk(
        self, *parts: bytes, pause: float = 0.0, half: bool = False, patience: float = 40
    ) -> bytes:
        """Send bytes as they are, and give all that comes until the door closes or says no more.

        `half` closes our side after sending; `patience` is how many seconds to wait for a first
        byte.
        """
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            with contextlib.suppress(ConnectionError):
                for part in parts:
                    writer.write(part)
                    await writer.drain()
                    await asyncio.sleep(pause)
                if half:
                    writer.write_eof()
            return await _until_silent(reader, patience)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()


async def _until_silent(reader: asyncio.StreamReader, patience: float) -> bytes:
    got = b""
    with contextlib.suppress(TimeoutError, ConnectionError):
        while piece := await asyncio.wait_for(reader.read(1 << 16), 2 if got else patience):
            got += piece
    return got


@contextmanager
def door_process(
    kafka: str, log: Path, settings: Mapping[str, str] | None = None
) -> Iterator[DoorProcess]:
    """Run the door of the purchasing side on a real bus; `settings` are variables of it."""
    asyncio.run(bus.create_topics(kafka))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "services.cli", "serve", "orders", "--port", str(port)]
    environment = {"VBP_IDENTITY": "local", **os.environ, "VBP_KAFKA": kafka, **(settings or {})}
    with log.open("w") as out:
        running = subprocess.Popen(  # noqa: S603 - our own command
            command, cwd=_ROOT, env=environment, stdout=out, stderr=out
        )
    try:
        door = DoorProcess(port, psutil.Process(running.pid), log)
        _wait_until_ready(door)
        yield door
    finally:
        running.terminate()
        try:
            running.wait(30)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _wait_until_ready(door: DoorProcess) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{door.url}/readyz", timeout=10).status_code == 200:
                httpx.get(f"{door.url}/metrics")  # What the first request loads is no growth.
                return
        time.sleep(0.1)
    raise AssertionError(door.text())

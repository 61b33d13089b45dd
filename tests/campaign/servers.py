"""Kafka and PostgreSQL of a campaign's own: each can be stopped, started again, cut off, filled.

Both are reached by proxies whose addresses stay when a server comes back on another port.
"""

import asyncio
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import asyncpg

from deploy.local.archive import archive_file, checkpoint_file, prepare_archive
from deploy.local.jars import cache_directory, fetch_jars
from deploy.local.kafka import KafkaBroker
from deploy.local.postgres import PostgresServer
from tests.campaign.proxy import Address, Proxy

UP_WITHIN = 240.0
STOP_WITHIN = 20.0
DISK_MIB = 2_048
"""What the database may fill; without it a full disk would be the whole machine's."""

_CLONE_NEWNS = 0x00020000
_MS_REC, _MS_PRIVATE = 1 << 14, 1 << 18
_MNT_DETACH = 2


class Service(Protocol):
    """A server as the local stack knows how to start it."""

    port: int

    def launch(self) -> "subprocess.Popen[bytes]": ...

    def answers(self) -> bool: ...


class Server:
    """A server that is started and stopped at will."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self._child is not None and self._child.poll() is None

    def address(self) -> Address:
        return "127.0.0.1", self.service.port

    async def start(self) -> None:
        """Start it unless it runs, and wait until it answers; one that ends is started again."""
        began = time.monotonic()
        while True:
            if not self.runs:
                if isinstance(self.service, PostgresServer):
                    self.service.prepare()
                self._child = self.service.launch()
            if await asyncio.to_thread(self.service.answers):
                return
            if time.monotonic() - began > UP_WITHIN:
                raise TimeoutError(f"{type(self.service).__name__} does not answer")
            await asyncio.sleep(0.2)

    async def stop(self, how: signal.Signals) -> None:
        """End it with a signal, and wait until it has ended."""
        if self._child is None or not self.runs:
            return
        self._child.send_signal(how)
        try:
            await asyncio.to_thread(self._child.wait, STOP_WITHIN)
        except subprocess.TimeoutExpired:
            self._child.kill()
            await asyncio.to_thread(self._child.wait)


class Servers:
    """The broker, the database, and the proxies before them."""

    def __init__(self, directory: Path, *, disk: bool) -> None:
        logs = directory / "logs"
        logs.mkdir(parents=True, exist_ok=True)
        self.logs = logs
        self.disk = directory / "disk"
        self.has_disk = disk
        self._directory = directory
        self.postgres = Server(PostgresServer(self.disk / "postgres", logs / "postgres.log"))
        self.database_proxy = Proxy(self.postgres.address)
        self.kafka: Server
        # The broker is made once its proxy has an address.
        self.kafka_proxy = Proxy(self._kafka_address)

    def _kafka_address(self) -> Address:
        return self.kafka.address()

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.kafka_proxy.port}"

    def dsn(self, name: str = "vbp", *, proxied: bool = False) -> str:
        """Address a database: through the proxy as workers do, or past it."""
        service = self.postgres.service
        assert isinstance(service, PostgresServer)
        parts = urlsplit(service.address)
        port = self.database_proxy.port if proxied else service.port
        host = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
        return parts._replace(netloc=host, path=f"/{name}").geturl()

    async def start(self) -> None:
        """Start both servers behind their proxies."""
        cache = cache_directory(self._directory)
        jars = fetch_jars(cache)
        await asyncio.to_thread(prepare_archive, cache, self._directory, say=lambda _: None)
        await self.database_proxy.start()
        await self.kafka_proxy.start()
        broker = KafkaBroker(
            self._directory / "kafka",
            self.logs / "kafka.log",
            jars,
            archive=archive_file(cache),
            begins_with=checkpoint_file(cache),
            advertised=self.bootstrap,
        )
        formatting = broker.begin_preparing()
        if formatting is not None:
            await asyncio.to_thread(formatting.wait)
        self.kafka = Server(broker)
        await asyncio.gather(self.kafka.start(), self.postgres.start())

    async def stop(self) -> None:
        await asyncio.gather(self.kafka.stop(signal.SIGKILL), self.postgres.stop(signal.SIGQUIT))
        await self.database_proxy.stop()
        await self.kafka_proxy.stop()

    async def heal(self) -> None:
        """Let go of everything that a fault has left behind."""
        self.empty_disk()
        self.kafka_proxy.release()
        self.database_proxy.release()
        await asyncio.gather(self.kafka.start(), self.postgres.start())

    def fill_disk(self) -> None:
        """Leave the database no byte."""
        with (self.disk / "filler").open("ab", buffering=0) as filler:
            for piece in (b"\0" * (1 << 20), b"\0" * 4096):
                try:
                    while True:
                        filler.write(piece)
                except OSError:
                    continue

    def empty_disk(self) -> None:
        (self.disk / "filler").unlink(missing_ok=True)

    async def execute(self, statement: str, name: str = "vbp") -> None:
        connection = await asyncpg.connect(self.dsn(name))
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


def mount_disk(directory: Path) -> bool:
    """Mount a small disk of its own for the database; False where this account may not.

    It is mounted for this process and its children alone, and so it ends with them, however they
    end.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return False
    libc = ctypes.CDLL(None, use_errno=True)
    return bool(
        libc.unshare(_CLONE_NEWNS) == 0
        and libc.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None) == 0
        and libc.mount(
            b"none", os.fsencode(directory), b"tmpfs", 0, f"size={DISK_MIB}m,mode=755".encode()
        )
        == 0
    )


def unmount_disk(directory: Path) -> None:
    """Take the disk away again, so that its directory can be removed."""
    ctypes.CDLL(None).umount2(os.fsencode(directory), _MNT_DETACH)


@asynccontextmanager
async def started(directory: Path) -> AsyncIterator[Servers]:
    """Give servers on a directory; they end with the block."""
    async with AsyncExitStack() as stack:
        servers = Servers(directory, disk=mount_disk(directory / "disk"))
        if servers.has_disk:
            stack.callback(unmount_disk, servers.disk)
        stack.push_async_callback(servers.stop)
        await servers.start()
        yield servers

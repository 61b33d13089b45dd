"""What stands outside in tests: a receiver of webhooks, and a way to a server that can be cut."""

import asyncio
import http.server
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from typing_extensions import override


class Webhook:
    """What Alertmanager posted: alerts, each with the instant it came (monotonic seconds)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.told: list[tuple[float, dict[str, Any]]] = []

    def alerts(self, name: str, status: str = "firing", **labels: str) -> list[dict[str, Any]]:
        """The alerts of a name with some labels, in the order they came."""
        return [
            alert
            for _, alert in self.told
            if alert["status"] == status
            and alert["labels"].items() >= {"alertname": name, **labels}.items()
        ]


@contextmanager
def webhook() -> Iterator[Webhook]:
    """Receive webhooks on a port of this machine."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            now = time.monotonic()
            received.told += [(now, alert) for alert in json.loads(body)["alerts"]]
            self.send_response(200)
            self.end_headers()

        @override
        def log_message(self, *_: Any) -> None:
            """Keep the output of the tests clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Webhook(f"http://127.0.0.1:{server.server_port}/")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield received
    finally:
        server.shutdown()
        server.server_close()


class Way:
    """A way to a server; once cut, what went on it is gone and nobody gets through."""

    def __init__(self, host: str, port: int) -> None:
        self.open = True
        self._to = host, port
        self._on_it: set[asyncio.StreamWriter] = set()

    def cut(self) -> None:
        """Cut it until `mend`."""
        self.open = False
        for writer in self._on_it:
            writer.transport.abort()

    def mend(self) -> None:
        """Let through again."""
        self.open = True

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection."""
        if not self.open:
            writer.transport.abort()
            return
        there_reader, there = await asyncio.open_connection(*self._to)
        self._on_it |= {writer, there}
        try:
            await asyncio.gather(_carry(reader, there), _carry(there_reader, writer))
        finally:
            self._on_it -= {writer, there}


async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while some := await source.read(65_536):
            target.write(some)
            await target.drain()
    target.close()


@asynccontextmanager
async def way_to(dsn: str) -> AsyncIterator[tuple[str, Way]]:
    """Give a DSN that leads to the same server over a way that can be cut."""
    parts = urlsplit(dsn)
    way = Way(parts.hostname or "", parts.port or 0)
    server = await asyncio.start_server(way.pass_on, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    own = f"{parts.username}:{parts.password}@127.0.0.1:{port}"
    try:
        yield parts._replace(netloc=own).geturl(), way
    finally:
        way.cut()
        server.close()

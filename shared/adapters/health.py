"""Whether a worker lives and works, and where that is asked: beside its metrics.

A process that answers may still be stuck. So the loop that reads notes each of its turns, and a
thread of its own answers from that: it does so even where the loop has stopped for good.
"""

import json
import socketserver
import threading
import time
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from typing_extensions import override

from shared.adapters.ports import refuse_taken

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STUCK_AFTER = 150.0
"""Seconds without a turn: twice what one may take that waits for a whole transaction."""


class Health:
    """What the loop last noted; every method may be called from any thread."""

    def __init__(self) -> None:
        self._turned = time.monotonic()
        self._why_not = "it has just started"

    def turned(self, *, assigned: bool) -> None:
        """Note that the loop came round, and whether the group has given us our share."""
        self._turned = time.monotonic()
        self._why_not = "" if assigned else "the group has not assigned its partitions yet"

    def waits(self, reason: object) -> None:
        """Note that the loop came round and waits for what is outside."""
        self._turned = time.monotonic()
        self._why_not = f"it waits: {reason}"

    def lives(self) -> str:
        """Give why the process should be started again; empty if it should not."""
        still = time.monotonic() - self._turned
        return f"its loop has not come round for {still:.0f} s" if still > STUCK_AFTER else ""

    def ready(self) -> str:
        """Give why nothing is judged; empty if it is."""
        return self.lives() or self._why_not


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Silent(WSGIRequestHandler):
    @override
    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: probes come every few seconds."""


def serve(health: Health, registry: CollectorRegistry, host: str, port: int) -> WSGIServer:
    """Answer /metrics, /healthz and /readyz in a thread, until the server given is shut down.

    Raises SetupError if the port is taken.
    """
    refuse_taken(host, port, "--metrics-port")
    metrics = make_wsgi_app(registry)
    asked = {"/healthz": (health.lives, "ok"), "/readyz": (health.ready, "ready")}

    def answer(environ: "WSGIEnvironment", start: "StartResponse") -> Iterable[bytes]:
        if environ["PATH_INFO"] not in asked:
            found: Iterable[bytes] = metrics(environ, start)
            return found
        ask, well = asked[environ["PATH_INFO"]]
        reason = ask()
        status = HTTPStatus.SERVICE_UNAVAILABLE if reason else HTTPStatus.OK
        start(f"{status.value} {status.phrase}", [("content-type", "application/json")])
        return [json.dumps({"status": reason or well}).encode()]

    server = make_server(host, port, answer, _Server, _Silent)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server

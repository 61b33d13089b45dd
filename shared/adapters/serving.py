"""Serves an application over HTTP: uvicorn, whose connections are taken little by little."""

import contextlib
import gc
import socket
import sys

import uvicorn
from fastapi import FastAPI
from typing_extensions import override

from shared.adapters.ports import refuse_taken
from shared.adapters.server import HEAD_BYTES, Protocol

_TAKEN_AT_ONCE = 8
_WAITING_AT_MOST = 2_048
"""New connections that are taken in one round of the event loop, and that wait to be taken."""

_SWEEPS = (700, 10, 2)
"""How many new objects, sweeps of them, and sweeps of the younger generation are swept up at a time
(gc.set_threshold)."""


def look_at_what_is_new() -> None:
    """Have garbage looked for among what is made from now on alone.

    What is left to look at is little, and the garbage of a flood is swept up in small heaps.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_SWEEPS)


class _Server(uvicorn.Server):
    """Takes connections a few at a time, and looks for garbage only among what it made since.

    asyncio takes as many as may wait, all before anybody is served; so it is told that few may.
    A look through everything that was loaded holds up all requests for a tenth of a second.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    @override
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        look_at_what_is_new()
        for server in getattr(self, "servers", []):
            for listening in server.sockets:
                # The system may let as many wait as ever.
                with socket.fromfd(listening.fileno(), listening.family, listening.type) as same:
                    same.listen(_WAITING_AT_MOST)

    @override
    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        # Answers that have no end of their own end now, or would hold up the end of the process.
        leaving = getattr(self._app.state, "leaving", None)
        if leaving is not None:
            leaving()
        await super().shutdown(sockets)


def serve(
    app: FastAPI,
    host: str,
    port: int,
    connections: int = Protocol.most,
    of_one: int = Protocol.most_of_one,
) -> None:
    """Serve until SIGTERM or Ctrl+C, in this one process: /metrics would saw between several.

    `connections` are open at a time, and so many `of_one` client. Raises SetupError if the port is
    taken; leaves with 1 where it cannot begin otherwise, which the log then says.
    """
    refuse_taken(host, port, "--port")

    class Bounded(Protocol):
        most = connections
        most_of_one = of_one

    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=Bounded,
        ws="none",
        h11_max_incomplete_event_size=HEAD_BYTES,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=20,
        backlog=_TAKEN_AT_ONCE,
    )
    server = _Server(config, app)
    # uvicorn would leave with 3, which says of `vbp` that lines were refused.
    with contextlib.suppress(KeyboardInterrupt, SystemExit):
        server.run()
    if not server.started:
        sys.exit(1)

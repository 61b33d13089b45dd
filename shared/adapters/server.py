"""The HTTP server: uvicorn, with bounds on what a connection may hold up, and problems as answers.

uvicorn bounds neither the time of a request's head, nor a client that reads no answer, nor idle
connections; and it answers what is no HTTP by itself, in plain text, whatever runs meanwhile.
"""

import asyncio
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any, ClassVar

import h11
from starlette.types import Message, Receive
from typing_extensions import override
from uvicorn.protocols.http.h11_impl import H11Protocol

from shared.adapters.headers import SECURITY
from shared.adapters.peers import has_closed, origin_of
from shared.adapters.problems import PROBLEM, plain

BROKEN = "broken"
"""The key of a message `http.request` that says why the rest of its body is no HTTP."""

LEFT = "vbp.left"
"""The key of a request's scope with the asyncio.Event that is set once its client has left."""

HEAD_SECONDS = 10.0
"""How long a connection may take to bring the head of a request, from its beginning on."""

DRAIN_SECONDS = 30.0
"""How long a client may read nothing of an answer, or go on sending what was answered already."""

HEAD_BYTES = 16 << 10
"""How long the head of a request may be."""

_LINGER_SECONDS = 2.0
_LOOK_SECONDS = 0.5

_READ_AT_ONCE = 4 << 10
"""So much is taken from a socket at a time: what a client packs into many small chunks holds up
everybody while it is taken apart."""

_DETAIL = {
    400: "The request is no HTTP/1.1: {reason}. Send it again, whole, or mend its client",
    429: "This address has too many connections open. Use fewer, one after the other, or a pool",
    408: f"The head of the request did not come within {HEAD_SECONDS:g} s. Send it again",
    431: f"The head of the request is longer than {HEAD_BYTES} bytes. Send fewer headers",
    503: "All connections are in use. Try again later",
}

_RETRIED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE}


class Protocol(H11Protocol):
    """One connection.

    Above `most` of them, or `most_of_one` client, the one that idles longest is closed, or a new
    one refused. Once `_broken` is set, what still comes is thrown away.
    """

    most = 1_000
    most_of_one = 250
    held: ClassVar[Counter[str]] = Counter()
    """Connections by client."""
    idle: ClassVar[dict["Protocol", None]] = {}
    idle_of: ClassVar[defaultdict[str, dict["Protocol", None]]] = defaultdict(dict)
    """Connections that wait for a request, the longest first: all, and by client."""

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._broken: str | None = None
        self._left = asyncio.Event()
        self._waits_for: object = None
        self._timer: asyncio.TimerHandle | None = None
        self._stuck: asyncio.TimerHandle | None = None
        self.origin = ""
        served = self.app

        async def serve_one(scope: Any, receive: Any, send: Any) -> None:
            try:
                await served({**scope, LEFT: self._left}, self._telling(receive), send)
            except asyncio.CancelledError:
                # The process ends and has waited long enough; what was done stands in the log.
                self.cycle.disconnected = True
                self.transport.abort()

        self.app = serve_one

    @override
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        transport.max_size = _READ_AT_ONCE  # type: ignore[attr-defined]
        super().connection_made(transport)
        self.origin = origin_of(self.client[0]) if self.client else ""
        self.held[self.origin] += 1
        if self.held[self.origin] > self.most_of_one:
            self._make_room(self.idle_of[self.origin], 429)
        elif len(self.connections) > self.most:
            self._make_room(self.idle, 503)
        self._watch()

    def _make_room(self, idle: Iterable["Protocol"], status: int) -> None:
        longest = next(iter(idle), None)
        if longest is None:
            self._refuse(status, "")
        else:
            longest.set_idle(is_idle=False)
            longest.transport.close()

    def set_idle(self, *, is_idle: bool) -> None:
        """Note whether it may be closed to make room for others."""
        if is_idle:
            self.idle[self] = self.idle_of[self.origin][self] = None
        elif self in self.idle:
            del self.idle[self], self.idle_of[self.origin][self]
            if not self.idle_of[self.origin]:
                del self.idle_of[self.origin]

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._timer, self._stuck):
            if timer is not None:
                timer.cancel()
        self._left.set()
        self.set_idle(is_idle=False)
        self.held[self.origin] -= 1
        if not self.held[self.origin]:
            del self.held[self.origin]
        super().connection_lost(exc)

    @override
    def data_received(self, data: bytes) -> None:
        if self._broken is not None:
            return
        if self.conn.their_state is h11.SEND_BODY and has_closed(self.transport):
            # What it has sent before it left waits in the socket, and is not worth reading.
            self.transport.abort()
        else:
            super().data_received(data)

    @override
    def handle_events(self) -> None:
        super().handle_events()
        self._watch()

    @override
    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self._broken is not None:
            self._linger()
        self._watch()

    def _watch(self) -> None:
        """Bound what the connection now waits for: a head, or the end of a body nobody reads."""
        if self._broken is not None or self.transport.is_closing():
            return
        ours, theirs = self.conn.our_state, self.conn.their_state
        if theirs is h11.IDLE:
            self._wait(h11.IDLE, HEAD_SECONDS, self._head_is_late)
        elif theirs is h11.SEND_BODY and ours is h11.DONE:
            self._wait(h11.DONE, DRAIN_SECONDS, self.transport.abort)
        elif ours in {h11.SEND_RESPONSE, h11.SEND_BODY}:
            self._wait(h11.SEND_RESPONSE, _LOOK_SECONDS, self._look_for_client)
        else:
            self._wait(None, 0, None)

    def _look_for_client(self) -> None:
        """End the request of a client that has left, though what it sent is not read yet."""
        if has_closed(self.transport):
            self.transport.abort()
        else:
            self._waits_for = None
            self._watch()

    def _wait(self, what: object, seconds: float, end: Callable[[], None] | None) -> None:
        if what is self._waits_for:
            return
        self._waits_for = what
        self.set_idle(is_idle=what is h11.IDLE)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if end is None else self.loop.call_later(seconds, end)

    def _head_is_late(self) -> None:
        if self.conn.trailing_data[0]:
            self._refuse(408, "")
        else:
            self.transport.close()

    @override
    def pause_writing(self) -> None:
        super().pause_writing()
        self._stuck = self.loop.call_later(DRAIN_SECONDS, self.transport.abort)

    @override
    def resume_writing(self) -> None:
        super().resume_writing()
        if self._stuck is not None:
            self._stuck.cancel()

    @override
    def _should_upgrade(self) -> bool:
        return False

    @override
    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP; a request that runs hears of it, and answers itself."""
        error = sys.exception()
        reason = msg if error is None else str(error)
        ours = self.conn.our_state
        if ours in {h11.SEND_RESPONSE, h11.SEND_BODY}:
            self._broken = reason
            self.cycle.more_body = False
            self.cycle.message_event.set()
        elif ours is h11.IDLE:
            self._refuse(getattr(error, "error_status_hint", 400), reason)
        else:
            self._linger()

    def _telling(self, receive: Receive) -> Receive:
        async def telling() -> Message:
            message = await receive()
            if self._broken is not None and message["type"] == "http.request":
                return {**message, BROKEN: self._broken}
            return message

        return telling

    def _refuse(self, status: int, reason: str) -> None:
        detail = _DETAIL.get(status, _DETAIL[400]).format(reason=reason)
        body = plain(status, detail, "").model_dump_json().encode()
        headers = {
            "content-type": PROBLEM,
            "content-length": str(len(body)),
            "connection": "close",
            **({"retry-after": "5"} if status in _RETRIED else {}),
            **SECURITY,
        }
        phrase = HTTPStatus(status).phrase.encode()
        head = h11.Response(status_code=status, headers=list(headers.items()), reason=phrase)
        for event in (head, h11.Data(data=body), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self._linger()

    def _linger(self) -> None:
        """Say goodbye, and throw away for a while what still comes.

        Closing at once would reset the connection, and with it the answer that is on its way.
        """
        self._broken = self._broken or ""
        self._unset_keepalive_if_required()
        self.flow.resume_reading()
        if not self.transport.is_closing():
            self.transport.write_eof()
        self._wait(self, _LINGER_SECONDS, self.transport.close)

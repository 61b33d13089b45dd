"""What became of each event of a batch or a stream, as it is answered."""

import tempfile
from collections.abc import AsyncIterator

import msgspec
from fastapi import Response
from fastapi.responses import StreamingResponse
from msgspec import Struct

from shared.adapters.problems import PROBLEM, Problem
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError, shorten

RETRY = {"Retry-After": "5"}
AGAIN = (
    "Send it again later: publishing the same id and source twice is harmless; /readyz says what "
    "this door lacks, if anything"
)

_SPOOLED = 1 << 20
_PIECE = 64 << 10


class Accepted(Struct, frozen=True):
    """The answer to a single event: the broker has taken it."""

    accepted: int
    id: str
    source: str


class Error(Struct, frozen=True):
    """Why an event was refused: the field, what is wrong with it, and how to mend it."""

    field: str
    detail: str
    remedy: str


class Result(Struct, frozen=True):
    """What became of one event; index is its place in a batch, its line in a stream, from 0.

    `id` and `source` are null where they could not be read.
    """

    index: int
    id: str | None
    source: str | None
    accepted: bool
    error: Error | None = None


class Results(Struct, frozen=True):
    """The answer to a batch or a stream: a result for every event, in their order."""

    accepted: int
    refused: int
    results: list[Result]


class _Named(Struct):
    id: str | None = None
    source: str | None = None


_named = msgspec.json.Decoder(_Named)


def refused(index: int, raw: bytes, error: InvalidEventError) -> Result:
    """Make the result of an invalid event, with what it still says of itself."""
    try:
        named = _named.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        named = _Named()
    found = "" if error.value is None else f" (found {shorten(error.value)})"
    fault = Error(error.field, error.problem + found, error.remedy)
    return Result(index, named.id, named.source, accepted=False, error=fault)


def taken(index: int, event: Event, reason: str | None) -> Result:
    """Make the result of a good event: taken, or `reason` says why the broker has not."""
    error = None if reason is None else Error("broker", reason, AGAIN)
    return Result(index, event.id, event.source, accepted=error is None, error=error)


class ResultSpool:
    """Collects results in bounded memory: a stream has no end, so they go to a file when many."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - answer() closes it
        self._encoder = msgspec.json.Encoder()
        self._accepted = 0
        self._refused = 0
        self.broker_failed = False

    @property
    def total(self) -> int:
        """How many results there are."""
        return self._accepted + self._refused

    def write(self, results: list[Result]) -> None:
        """Add results, in the order of their events."""
        for result in results:
            self._file.write(b",\n" if self.total else b"")
            self._file.write(self._encoder.encode(result))
            if result.accepted:
                self._accepted += 1
            else:
                self._refused += 1
                self.broker_failed |= result.error is not None and result.error.field == "broker"

    def close(self) -> None:
        """Forget all."""
        self._file.close()

    def answer(self, instance: str) -> Response:
        """Answer 202 if all was taken, 207 if some was not, 503 if the broker took nothing."""
        if self.broker_failed and not self._accepted:
            head = self._encoder.encode(_silent_broker(instance).model_dump())[:-1] + b","
            return StreamingResponse(self._body(head), 503, RETRY, media_type=PROBLEM)
        head = b'{"accepted":%d,"refused":%d,' % (self._accepted, self._refused)
        status = 207 if self._refused else 202
        return StreamingResponse(self._body(head), status, media_type="application/json")

    async def _body(self, head: bytes) -> AsyncIterator[bytes]:
        with self._file as file:
            file.seek(0)
            yield head + b'"results":[\n'
            while piece := file.read(_PIECE):
                yield piece
            yield b"\n]}"


def _silent_broker(instance: str) -> Problem:
    return Problem(
        type="urn:vbp:problem:broker-unavailable",
        title="Broker unavailable",
        status=503,
        detail=f"broker: has taken none of the events. {AGAIN}",
        instance=instance,
    )

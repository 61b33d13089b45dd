"""What became of each event of a batch or a stream, as it is answered."""

import tempfile
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Annotated, Any

import msgspec
from fastapi import Response
from fastapi.responses import StreamingResponse
from msgspec import Meta, Struct
from starlette.types import Receive, Scope, Send
from typing_extensions import override

from shared.adapters.problems import PROBLEM, Problem, ProblemError
from shared.adapters.turns import Turns
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError, shorten

RETRY = {"Retry-After": "5"}
AGAIN = (
    "Send it again later: publishing the same id and source twice is harmless; /readyz says what "
    "this door lacks, if anything"
)

_SPOOLED = 64 << 10
_PIECE = 64 << 10
_WINDOW = 12


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
    """What an event that was refused says of itself, if no longer than an event may say it."""

    id: Annotated[str, Meta(max_length=256)] | None = None
    source: Annotated[str, Meta(max_length=4096)] | None = None


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


class ResultStore:
    """The bytes on disk that the results of all requests together may use, packed."""

    def __init__(self, size: int) -> None:
        self._free = size

    @property
    def full(self) -> bool:
        """Whether nothing more should be kept."""
        return self._free < 0

    def use(self, size: int) -> None:
        """Use so much more (or less, below 0)."""
        self._free -= size


class ResultSpool:
    """Collects results in bounded memory: they are packed, and go to a file when many."""

    def __init__(self, store: ResultStore, turns: Turns) -> None:
        self._store = store
        self._turns = turns
        self._file = tempfile.SpooledTemporaryFile(_SPOOLED)  # noqa: SIM115 - close() closes it
        self._size = 0
        # A small window suffices, for neighbours are alike; with zlib's own, each request held
        # 256 KiB.
        self._pack = zlib.compressobj(1, zlib.DEFLATED, -_WINDOW, 5)
        self._encoder = msgspec.json.Encoder()
        self.accepted = 0
        self.refused = 0
        self.broker_failed = False

    @property
    def total(self) -> int:
        """How many results there are."""
        return self.accepted + self.refused

    def write(self, results: list[Result]) -> None:
        """Add results, in the order of their events."""
        lines = bytearray()
        for result in results:
            lines += b",\n" if self.total else b""
            lines += self._encoder.encode(result)
            if result.accepted:
                self.accepted += 1
            else:
                self.refused += 1
                self.broker_failed |= result.error is not None and result.error.field == "broker"
        self._keep(self._pack.compress(lines))

    def check_store(self) -> None:
        """Raise ProblemError 413 if this door can keep no more results."""
        if self._store.full:
            detail = "body: has more results than this door can keep. Send fewer events in one"
            raise ProblemError(413, "too-many-results", detail)

    def close(self) -> None:
        """Forget all."""
        self._file.close()
        self._store.use(-self._size)
        self._size = 0

    def answer(self, instance: str) -> Response:
        """Answer 202 if all was taken, 207 if some was not, 503 if the broker took nothing."""
        if self.broker_failed and not self.accepted:
            return self._problem(_silent_broker(instance), RETRY)
        counts = {"accepted": self.accepted, "refused": self.refused}
        return self._respond(counts, 207 if self.refused else 202, "application/json", {})

    def stopped(self, stop: ProblemError, index: int, instance: str) -> Response:
        """Answer a request that was read no further than before the event or line `index`."""
        problem = stop.problem(instance)
        tally = (
            f" It was read as far as index {index}, nothing after: of {self.total} events "
            f"{self.accepted} were accepted (`results` says which). Mend what was refused, and "
            f"send the rest, from index {index} on"
        )
        problem.detail = f"{problem.detail}.{tally}"
        return self._problem(problem, stop.headers)

    def _problem(self, problem: Problem, headers: Mapping[str, str]) -> Response:
        counts = {"accepted": self.accepted, "refused": self.refused}
        return self._respond({**problem.model_dump(), **counts}, problem.status, PROBLEM, headers)

    def _respond(
        self, head: dict[str, Any], status: int, kind: str, headers: Mapping[str, str]
    ) -> Response:
        self._keep(self._pack.flush())
        begin = self._encoder.encode(head)[:-1] + b',"results":[\n'
        return _Closing(self, self._body(begin), status, {**headers, "content-type": kind})

    def _keep(self, packed: bytes) -> None:
        self._file.write(packed)
        self._size += len(packed)
        self._store.use(len(packed))

    async def _body(self, begin: bytes) -> AsyncIterator[bytes]:
        yield begin
        async for piece in self._turns.each(self._unpacked()):
            yield piece
        yield b"\n]}"

    def _unpacked(self) -> Iterator[bytes]:
        self._file.seek(0)
        unpack = zlib.decompressobj(-_WINDOW)
        while packed := unpack.unconsumed_tail or self._file.read(_PIECE):
            yield unpack.decompress(packed, _PIECE)


class _Closing(StreamingResponse):
    """An answer whose results are forgotten once it was sent, or could not be."""

    def __init__(
        self,
        spool: ResultSpool,
        body: AsyncIterator[bytes],
        status: int,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(body, status, headers)
        self._spool = spool

    @override
    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._spool.close()


def _silent_broker(instance: str) -> Problem:
    return Problem(
        type="urn:vbp:problem:broker-unavailable",
        title="Broker unavailable",
        status=503,
        detail=f"broker: has taken none of the events. {AGAIN}",
        instance=instance,
    )

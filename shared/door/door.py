"""A door: takes events over HTTP, checks them, publishes them, and says what the broker has taken.

Both doors are this one with another set of types.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from fastapi import Request, Response

from shared.adapters.problems import ProblemError, fault_of
from shared.domain import cloudevents, refusals
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError
from shared.door import bodies, results
from shared.door.metrics import DoorMetrics, reason_of
from shared.door.publisher import Publisher
from shared.door.results import Result, ResultSpool

CHUNK_EVENTS = 1000
CHUNK_BYTES = 2 << 20
"""So much is read before the broker is asked to take it; nothing more is read meanwhile."""

MAX_ELEMENTS = 50_000
"""More than so many valid events do not fit into a batch's 8 MiB; what has more is no batch."""

Authorise = Callable[[Request, Event], None]
Lines = AsyncIterator[list[tuple[int, bytes]]]

_list = msgspec.json.Decoder(list[msgspec.Raw])


def admit_everybody(request: Request, event: Event) -> None:
    """Let anybody who reaches a door tell anything.

    This is the one place to ask who tells: `request` has the credentials, `event.source` and
    `event.data.jurisdiction` say in whose name. To refuse, raise InvalidEventError of the field
    `source`. Until something here asks, keep the doors on 127.0.0.1.
    """


@dataclass(frozen=True)
class Door:
    """Takes the events of `types`; those of other types it sends to the service `other`."""

    types: frozenset[str]
    other: str
    jurisdictions: frozenset[str]
    publisher: Publisher
    metrics: DoorMetrics
    authorise: Authorise = admit_everybody

    async def take(self, request: Request) -> Response:
        """Take what the request holds, whatever its form; raises ProblemError."""
        kind = bodies.media_type(request.headers)
        stream = bodies.pieces(request)
        if kind == bodies.LINES:
            return await self._take_lines(request, bodies.lines(stream))
        if kind == cloudevents.STRUCTURED:
            return await self._take_one(request, await bodies.whole(stream, cloudevents.MAX_BYTES))
        body = await bodies.whole(stream, bodies.MAX_BATCH_BYTES)
        if kind == bodies.JSON and not body.lstrip().startswith(b"["):
            return await self._take_one(request, body)
        return await self._take_lines(request, _elements(body))

    def admit(self, request: Request, raw: bytes) -> Event:
        """Read an event and check that this door may take it; raises InvalidEventError."""
        event = cloudevents.read_structured(raw)
        if event.type not in self.types:
            remedy = f"Send it to POST /v1/events of the {self.other} service"
            raise InvalidEventError("type", "is not taken at this door", remedy, event.type)
        cloudevents.check_jurisdiction(event, self.jurisdictions)
        cloudevents.check_ahead(event, datetime.now(UTC))
        self.authorise(request, event)
        return event

    async def _take_one(self, request: Request, body: bytes) -> Response:
        if len(body) > cloudevents.MAX_BYTES:
            raise bodies.too_large(cloudevents.MAX_BYTES)
        try:
            event = self.admit(request, body)
        except InvalidEventError as error:
            self.metrics.refused(reason_of(error))
            raise _refusal(error, body) from None
        (reason,) = await self._publish([event])
        if reason is not None:
            detail = f"broker: {reason}. {results.AGAIN}"
            raise ProblemError(503, "broker-unavailable", detail, headers=results.RETRY)
        content = msgspec.json.encode(results.Accepted(1, event.id, event.source))
        return Response(content, 202, media_type="application/json")

    async def _take_lines(self, request: Request, lines: Lines) -> Response:
        kept = ResultSpool()
        try:
            await self._read_lines(request, lines, kept)
        except BaseException:
            kept.close()
            raise
        return kept.answer(request.url.path)

    async def _read_lines(self, request: Request, lines: Lines, kept: ResultSpool) -> None:
        chunk: list[tuple[int, Event] | Result] = []
        index, size = -1, 0
        try:
            async for some in lines:
                for index, raw in some:
                    chunk.append(self._read(request, index, raw))
                    size += len(raw)
                    if len(chunk) >= CHUNK_EVENTS or size >= CHUNK_BYTES:
                        await self._settle(chunk, kept)
                        chunk, size = [], 0
        except bodies.BrokenBodyError as error:
            if index < 0:
                raise bodies.unreadable(error) from None
            remedy = "Send again what comes after the result before this one"
            broken = InvalidEventError("body", str(error), remedy)
            chunk.append(self._refuse(index + 1, b"", broken))
        await self._settle(chunk, kept)

    def _read(self, request: Request, index: int, raw: bytes) -> tuple[int, Event] | Result:
        try:
            return index, self.admit(request, raw)
        except InvalidEventError as error:
            return self._refuse(index, raw, error)

    def _refuse(self, index: int, raw: bytes, error: InvalidEventError) -> Result:
        self.metrics.refused(reason_of(error))
        return results.refused(index, raw, error)

    async def _settle(self, chunk: Sequence[tuple[int, Event] | Result], kept: ResultSpool) -> None:
        """Publish the good events of a chunk, and write down what became of each."""
        good = [entry[1] for entry in chunk if isinstance(entry, tuple)]
        if kept.broker_failed:  # Waiting for it again with every chunk would take hours.
            reasons: list[str | None] = ["was not asked again in this request"] * len(good)
        else:
            reasons = await self._publish(good)
        verdicts = iter(reasons)
        kept.write(
            [
                results.taken(*entry, next(verdicts)) if isinstance(entry, tuple) else entry
                for entry in chunk
            ]
        )

    async def _publish(self, events: list[Event]) -> list[str | None]:
        if not events:
            return []
        with self.metrics.publishing.time():
            reasons = await self.publisher.publish(events)
        for event, reason in zip(events, reasons, strict=True):
            if reason is None:
                self.metrics.accepted(event.type)
            else:
                self.metrics.refused("broker")
        return reasons


async def _elements(body: bytes) -> Lines:
    """Give the events of a batch, as `bodies.lines` does; raises ProblemError 400 or 413."""
    try:
        elements = _list.decode(body)
    except refusals.UNREADABLE as error:
        detail = (
            f"body: is not a JSON list in UTF-8: {error}. Send a list of events, or one event as "
            f"{cloudevents.STRUCTURED}"
        )
        raise ProblemError(400, "unreadable", detail) from None
    if len(elements) > MAX_ELEMENTS:
        detail = f"body: holds more than {MAX_ELEMENTS} events. Send several batches, or a stream"
        raise ProblemError(413, "too-large", detail)
    for begin in range(0, len(elements), CHUNK_EVENTS):
        some = elements[begin : begin + CHUNK_EVENTS]
        yield [(begin + at, bytes(raw)) for at, raw in enumerate(some)]
        await asyncio.sleep(0)  # A batch of nothing but bad events waits for no broker.


def _refusal(error: InvalidEventError, body: bytes) -> ProblemError:
    try:
        msgspec.json.decode(body)
    except refusals.UNREADABLE:
        return ProblemError(400, "unreadable", str(error), errors=[fault_of(error)])
    return ProblemError(422, "invalid-event", str(error), errors=[fault_of(error)])

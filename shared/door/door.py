"""A door: takes events over HTTP, checks them, publishes them, and says what the broker has taken.

Both doors are this one with another set of types.
"""

import functools
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from fastapi import Request, Response

from shared.adapters.identity.roles import principal_of
from shared.adapters.problems import ProblemError, fault_of
from shared.adapters.turns import Turns
from shared.domain import cloudevents, refusals
from shared.domain.cloudevents import MAX_BYTES, Event
from shared.domain.errors import InvalidEventError
from shared.door import bodies, results
from shared.door.admission import check
from shared.door.arrival import Arrival
from shared.door.metrics import DoorMetrics, reason_of
from shared.door.publisher import Publisher
from shared.door.reading import CHUNK_BYTES, Reading, elements
from shared.door.results import ResultSpool, ResultStore
from shared.door.room import SHARE_FREE, Room, Share
from shared.door.settings import DoorSettings

STREAM_SHARE = MAX_BYTES + CHUNK_BYTES
"""What a stream may hold: a line that has not ended yet, and a chunk that is not published yet."""


@dataclass(frozen=True)
class Door:
    """Takes the events of `types`; those of other types it sends to the service `other`."""

    types: frozenset[str]
    other: str
    jurisdictions: frozenset[str]
    publisher: Publisher
    metrics: DoorMetrics
    room: Room
    store: ResultStore
    turns: Turns
    settings: DoorSettings

    async def take(self, request: Request) -> Response:
        """Take what the request holds, whatever its form, while its client is there.

        Raises ProblemError, and ClientDisconnect once the client has left.
        """
        form = bodies.form(request.headers)
        with self.room.entered() as share:
            arrival = Arrival(request, self.settings.body_seconds, share)
            return await arrival.attend(self._take(request, form, arrival, share))

    async def _take(
        self, request: Request, form: bodies.Form, arrival: Arrival, share: Share
    ) -> Response:
        bounds = bodies.Bounds(self.settings.max_stream_mib << 20, self.settings.max_ratio)
        stream = bodies.pieces(
            arrival.packets(), packed=form.packed, bounds=bounds, turns=self.turns
        )
        if form.kind == bodies.LINES:
            return await self._take_stream(request, stream, arrival, share)
        body = await bodies.whole(stream, form, share)
        if form.kind == bodies.BATCH or (form.kind == bodies.JSON and body.lstrip()[:1] == b"["):
            return await self._reading(request).answer(elements(body, self.turns))
        return await self._take_one(request, bytes(body))

    def admit(self, request: Request, raw: bytes) -> Event:
        """Read an event and check that this door may take it; raises InvalidEventError."""
        event = cloudevents.read_structured(raw)
        if event.type not in self.types:
            remedy = f"Send it to POST /v1/events of the {self.other} service"
            raise InvalidEventError("type", "is not taken at this door", remedy, event.type)
        check(event, principal_of(request), self.jurisdictions)
        return event

    async def _take_one(self, request: Request, body: bytes) -> Response:
        if len(body) > MAX_BYTES:
            raise bodies.too_large(MAX_BYTES)
        await self.turns.mine()
        try:
            event = self.admit(request, body)
        except InvalidEventError as error:
            self.metrics.refused(reason_of(error))
            raise _refusal(error, body) from None
        (reason,) = await self.publish([event])
        if reason is not None:
            detail = f"broker: {reason}. {results.AGAIN}"
            raise ProblemError(503, "broker-unavailable", detail, headers=results.RETRY)
        content = msgspec.json.encode(results.Accepted(1, event.id, event.source))
        return Response(content, 202, media_type="application/json")

    async def _take_stream(
        self, request: Request, stream: AsyncIterator[bytes], arrival: Arrival, share: Share
    ) -> Response:
        reading = self._reading(request)
        cutter = bodies.LineCutter()

        async def settle() -> None:
            await reading.settle()
            if cutter.held <= SHARE_FREE:
                share.give_back()

        async def lines() -> AsyncIterator[Iterable[tuple[int, bytes]]]:
            async for piece in stream:
                yield cutter.cut(piece)
                if share.room.crowded and not reading.size:
                    await settle()
                await share.cover(cutter.held + reading.size, STREAM_SHARE)
            yield cutter.end()
            if reading.next == 0:
                raise bodies.empty()

        # What a slow client has told so far is published, and what it held is free for others.
        arrival.when_idle = settle
        return await reading.answer(lines())

    def _reading(self, request: Request) -> Reading:
        return Reading(
            admit=functools.partial(self.admit, request),
            publish=self.publish,
            metrics=self.metrics,
            turns=self.turns,
            spool=ResultSpool(self.store, self.turns),
            most_refused=self.settings.max_refused,
            instance=request.url.path,
        )

    async def publish(self, events: Sequence[Event]) -> list[str | None]:
        """Publish events and count them; for each None, or why the broker has not taken it."""
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


def _refusal(error: InvalidEventError, body: bytes) -> ProblemError:
    try:
        msgspec.json.decode(body)
    except refusals.UNREADABLE:
        return ProblemError(400, "unreadable", str(error), errors=[fault_of(error)])
    return ProblemError(422, "invalid-event", str(error), errors=[fault_of(error)])

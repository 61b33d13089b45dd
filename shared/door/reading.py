"""The events of one request that holds many: read in slices, published in chunks, each answered."""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
from fastapi import Response

from shared.adapters.problems import ProblemError
from shared.adapters.turns import Turns
from shared.domain import cloudevents, refusals
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError
from shared.door import bodies, results
from shared.door.arrival import BrokenBodyError
from shared.door.metrics import DoorMetrics, reason_of
from shared.door.results import Result, ResultSpool

CHUNK_EVENTS = 1000
CHUNK_BYTES = 1 << 20
"""So much is read before the broker is asked to take it; nothing more is read meanwhile."""

MAX_ELEMENTS = 50_000
"""More than so many valid events do not fit into a batch's 8 MiB; what has more is no batch."""

_SLICE_EVENTS = 64
_SLICE_BYTES = 64 << 10
"""So much is read at a time, in a millisecond or two; then others have a turn."""

Numbered = tuple[int, bytes]
"""An event as it came, with its place in the batch or its line in the stream, from 0."""

_list = msgspec.json.Decoder(list[msgspec.Raw])
_log = logging.getLogger(__name__)


@dataclass
class Reading:
    """Reads the events of one request until its end, or until it must be stopped.

    `admit` gives an event or raises InvalidEventError; `publish` says of each event None, or why
    the broker has not taken it; each slice of work waits for a turn. `size` is the bytes that were
    read and not published yet, `next` the index after the last event that was read.
    """

    admit: Callable[[bytes], Event]
    publish: Callable[[Sequence[Event]], Awaitable[list[str | None]]]
    metrics: DoorMetrics
    turns: Turns
    spool: ResultSpool
    most_refused: int
    instance: str
    size: int = 0
    next: int = 0
    _refused: int = 0
    _good: int = 0
    _chunk: list[tuple[int, Event] | Result] = field(default_factory=list)

    async def answer(self, events: AsyncIterator[Iterable[Numbered]]) -> Response:
        """Read all events and answer with what became of each; raises ProblemError if of none."""
        try:
            return await self._answer(events)
        except BaseException:
            if self.spool.total:
                # The client has left, or we stop: nobody else will tell what the broker has.
                done = {"accepted": self.spool.accepted, "refused": self.spool.refused}
                _log.warning("a request was cut off", extra={"next_index": self.next, **done})
            self.spool.close()
            raise

    async def _answer(self, events: AsyncIterator[Iterable[Numbered]]) -> Response:
        try:
            async for some in events:
                await self._read(some)
            await self.settle()
        except BrokenBodyError as error:
            if self.next == 0:
                raise bodies.unreadable(error) from None
            remedy = "Send again what comes after the result before this one"
            broken = InvalidEventError("body", str(error), remedy)
            self._chunk.append(self._refuse(self.next, b"", broken))
            await self._settle()
        except ProblemError as stop:
            await self._settle()
            if not self.spool.total:
                raise
            return self.spool.stopped(stop, self.next, self.instance)
        return self.spool.answer(self.instance)

    async def _read(self, events: Iterable[Numbered]) -> None:
        async for some in self.turns.each(_slices(events)):
            for index, raw in some:
                self._chunk.append(self._read_one(index, raw))
                self.size += len(raw)
                self.next = index + 1
            if self._is_full():
                await self.settle()

    def _is_full(self) -> bool:
        """Whether to settle: what is refused weighs much more than it came with."""
        most = CHUNK_EVENTS if self._good else _SLICE_EVENTS
        return len(self._chunk) >= most or self.size >= CHUNK_BYTES

    def _read_one(self, index: int, raw: bytes) -> tuple[int, Event] | Result:
        try:
            admitted = self.admit(raw)
        except InvalidEventError as error:
            if self._refused == self.most_refused:
                detail = f"body: {self._refused} of its events were refused, and here is another"
                raise ProblemError(422, "too-many-refused", detail) from None
            self._refused += 1
            return self._refuse(index, raw, error)
        self._good += 1
        return index, admitted

    def _refuse(self, index: int, raw: bytes, error: InvalidEventError) -> Result:
        self.metrics.refused(reason_of(error))
        return results.refused(index, raw, error)

    async def settle(self) -> None:
        """Publish what was read, and keep what became of each.

        Raises ProblemError if the door can keep no more.
        """
        await self._settle()
        self.spool.check_store()

    async def _settle(self) -> None:
        chunk, self._chunk, self.size, self._good = self._chunk, [], 0, 0
        good = [entry[1] for entry in chunk if isinstance(entry, tuple)]
        if self.spool.broker_failed:  # Waiting for it again with every chunk would take hours.
            reasons: list[str | None] = ["was not asked again in this request"] * len(good)
        else:
            reasons = await self.publish(good)
        verdicts = iter(reasons)
        await self.turns.mine()
        self.spool.write(
            [
                results.taken(*entry, next(verdicts)) if isinstance(entry, tuple) else entry
                for entry in chunk
            ]
        )


def _slices(events: Iterable[Numbered]) -> Iterator[list[Numbered]]:
    """Cut events into slices of a millisecond's work or two; a large event is one alone."""
    some: list[Numbered] = []
    size = 0
    for event in events:
        if some and (len(some) == _SLICE_EVENTS or size + len(event[1]) > _SLICE_BYTES):
            yield some
            some, size = [], 0
        some.append(event)
        size += len(event[1])
    if some:
        yield some


async def elements(body: bytearray, turns: Turns) -> AsyncIterator[Iterable[Numbered]]:
    """Give the events of a batch; raises ProblemError 400 or 413."""
    await turns.mine()
    try:
        found = _list.decode(body)
    except refusals.UNREADABLE as error:
        detail = (
            f"body: is not a JSON list in UTF-8: {error}. Send a list of events, or one event as "
            f"{cloudevents.STRUCTURED}"
        )
        raise ProblemError(400, "unreadable", detail) from None
    if len(found) > MAX_ELEMENTS:
        detail = f"body: holds more than {MAX_ELEMENTS} events. Send several batches, or a stream"
        raise ProblemError(413, "too-large", detail)
    # Made one by one as they are read: all at once they would hold the batch a second time.
    yield ((at, bytes(raw)) for at, raw in enumerate(found))

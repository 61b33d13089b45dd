"""Changes of violations over HTTP: as they come (server-sent events), or asked for again and again.

What is shown by a filter is what the violation was after the change.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from prometheus_client import CollectorRegistry, Gauge

from services.compliance.answers.filters import Filters
from services.compliance.answers.service_shapes import ChangesPage
from services.compliance.answers.shapes import ok
from services.compliance.web.admitted import SEEN
from services.compliance.web.api import REPEATABLE
from services.compliance.web.changes import (
    Follower,
    Places,
    RecentChange,
    RecentChanges,
    ToldOnBus,
    read_places,
)
from shared.adapters.answering import answered, only
from shared.adapters.identity.roles import Asker
from shared.adapters.identity.standing import Standing
from shared.adapters.problems import ProblemError, problems
from shared.domain.calendar import parse_instant
from shared.domain.errors import InvalidEventError
from shared.domain.principal import Party, Principal, may_see

MOST_CLIENTS: Final = 500
COMMENT_AFTER: Final = 15.0
"""Seconds of silence after which a line of comment says that the stream is alive."""

MOST_AT_ONCE: Final = 1_000

FILTERS: Final = tuple(
    name
    for name in Filters.model_fields
    if name not in {"as_of", "assignee", "reviewed_to", "accused_role", "accused"}
)
"""By what changes are chosen: of what the bus tells of a violation."""

_PARTIES: Final = ("manufacturer", "distributor", "hospital")
_RETRY: Final = {"retry-after": "10"}


class Streams:
    """Who follows, and what they may see."""

    def __init__(
        self, changes: RecentChanges, follower: Follower, registry: CollectorRegistry
    ) -> None:
        self.changes = changes
        self._follower = follower
        self._clients = Gauge(
            "vbp_stream_clients", "Who follows the changes of violations now.", registry=registry
        )
        self._count = 0

    @property
    def place(self) -> str | None:
        """Give where the topic is now; None where nothing can be followed."""
        return self.changes.place or None if self._follower.up else None

    def check(self, *, joining: bool = False) -> None:
        """Raise ProblemError where nothing can be followed now, or too many do already."""
        if not self._follower.up:
            detail = "the broker has not told all changes of before yet; try again"
            raise ProblemError(503, "not-following", detail, headers=_RETRY)
        if joining and self._count >= MOST_CLIENTS:
            detail = (
                f"{MOST_CLIENTS} follow already, and no more may; try again, or ask /v1/changes"
            )
            raise ProblemError(503, "too-many-clients", detail, headers=_RETRY)

    async def told(
        self,
        wanted: Callable[[ToldOnBus], bool],
        last: str | None,
        standing: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[bytes]:
        """Tell changes as they come, from behind the `last` that was heard.

        It ends where whoever follows has no `standing` any more.
        """
        self._count += 1
        self._clients.set(self._count)
        try:
            async for part in self._told(wanted, last, standing):
                yield part
        finally:
            self._count -= 1
            self._clients.set(self._count)

    async def _told(
        self,
        wanted: Callable[[ToldOnBus], bool],
        last: str | None,
        standing: Callable[[], Awaitable[bool]],
    ) -> AsyncIterator[bytes]:
        changes = self.changes
        found: list[RecentChange] | None = []
        if last is not None:
            places = read_places(last)
            found = None if places is None else changes.since(places)
        # Nobody else runs between that and this: what comes later has a higher number.
        number, place = changes.number, changes.place
        begun = "reset" if found is None else "begin"
        if not found:
            yield _event(begun, place, b"{}")
        while not changes.closed and await standing():
            for one in found or ():
                if wanted(one.told):
                    yield _event(one.event, one.place, msgspec.json.encode(one.shown))
            await changes.wait(number, COMMENT_AFTER)
            found = changes.after(number)
            number, place = changes.number, changes.place
            if found is None:
                yield _event("reset", place, b"{}")
            elif not found:
                # The place moves with what was not wanted, too, so that nobody falls behind it.
                yield f": nothing new\nid: {place}\n\n".encode()

    def page(self, wanted: Callable[[ToldOnBus], bool], after: str | None) -> ChangesPage:
        """Give what came after a place, MOST_AT_ONCE looked at.

        Raises ProblemError for what is no place.
        """
        if after is None:
            return ChangesPage([], self.changes.place, reset=False)
        found = self.changes.since(_places(after))
        if found is None:
            return ChangesPage([], self.changes.place, reset=True)
        looked_at = found[:MOST_AT_ONCE]
        place = looked_at[-1].place if len(looked_at) < len(found) else self.changes.place
        return ChangesPage([one.shown for one in looked_at if wanted(one.told)], place, reset=False)


def add_stream(router: APIRouter, streams: Streams) -> None:
    """Add the routes."""
    events: dict[int | str, dict[str, Any]] = {
        200: {"description": "Events as they come", "content": {"text/event-stream": {}}}
    }

    @router.get(
        "/v1/stream",
        tags=["violations"],
        summary="Changes of violations as they come, as server-sent events",
        dependencies=[SEEN, only("after", *FILTERS, repeatable=REPEATABLE)],
        response_class=Response,
        responses={**events, **problems(400, 422, 503)},
    )
    async def stream(
        request: Request,
        asked: Annotated[Filters, Query()],
        asker: Asker,
        last_event_id: Annotated[str | None, Header(max_length=2_000)] = None,
        after: Annotated[str | None, Query(max_length=2_000)] = None,
    ) -> Response:
        """Tell `opened`, `changed`, `closed`, `withdrawn` and `reviewed` as the bus tells them.

        `Last-Event-ID` goes on behind what was heard, and `after` does for a browser that has heard
        nothing yet; where too much was missed, `reset` says to read the list anew. A comment every
        15 s says that the stream is alive; it ends once the key, token or session is not taken any
        more.
        """
        streams.check(joining=True)
        if after is not None:
            _places(after)
        return StreamingResponse(
            streams.told(wanted_by(asked, asker), last_event_id or after, Standing(request).holds),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    @router.get(
        "/v1/changes",
        tags=["violations"],
        summary="Changes of violations since a place, for whoever asks again and again",
        dependencies=[SEEN, only("after", *FILTERS, repeatable=REPEATABLE)],
        responses=ok(ChangesPage) | problems(400, 422, 503),
    )
    async def list_changes(
        asked: Annotated[Filters, Query()],
        asker: Asker,
        after: Annotated[str | None, Query(max_length=2_000)] = None,
    ) -> Response:
        """Give the same as the stream; without `after` nothing but the place at which to begin.

        `reset` says that too much was missed: read the list anew, and go on from `next`.
        """
        streams.check()
        return answered(streams.page(wanted_by(asked, asker), after))


def _places(after: str) -> Places:
    """Read where somebody was; raises ProblemError for what is no place."""
    places = read_places(after)
    if places is None:
        detail = f"after: {after!r} is no place; give `next` of the answer before, unchanged"
        raise ProblemError(400, "invalid-place", detail)
    return places


def _event(name: str, place: str, data: bytes) -> bytes:
    return f"event: {name}\nid: {place}\ndata: ".encode() + data + b"\n\n"


def wanted_by(filters: Filters, asker: Principal) -> Callable[[ToldOnBus], bool]:
    """Choose by the filters, of what somebody may see."""
    given = filters.given()

    def wanted(told: ToldOnBus) -> bool:
        parties = {
            Party(kind, code) for kind in _PARTIES if (code := getattr(told, kind)) is not None
        }
        if told.jurisdiction is None or not may_see(asker, told.jurisdiction, parties):
            return False
        return all(_holds(name, value, told) for name, value in given.items())

    return wanted


def _holds(name: str, wanted: Any, told: ToldOnBus) -> bool:
    field, _, bound = name.rpartition("_")
    if bound in {"from", "to"}:
        at = _instant(getattr(told, f"{field}_at"))
        if at is None:
            return False
        return bool(at >= wanted if bound == "from" else at < wanted)
    held = getattr(told, name)
    return held in wanted if isinstance(wanted, list) else held == wanted


def _instant(told: str | None) -> Any:
    try:
        return None if told is None else parse_instant(told)
    except InvalidEventError:
        return None

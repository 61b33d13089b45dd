"""Makes an HTTP service of a door: routes, documentation, settings, life."""

import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any, NamedTuple

import msgspec
from fastapi import FastAPI, Request, Response

from shared.adapters import http, logs, serving
from shared.adapters.identity.access import AccessLog
from shared.adapters.identity.layer import Watch, guard, identifying
from shared.adapters.identity.rates import Rates
from shared.adapters.identity.roles import admits
from shared.adapters.identity.settings import check_address
from shared.adapters.metrics import begin
from shared.adapters.problems import PROBLEM, describe, problems
from shared.adapters.reading import Database
from shared.adapters.turns import BegunInTurn, Turns
from shared.domain import cloudevents, examples, topics
from shared.domain.events import EventData
from shared.domain.principal import Role
from shared.door import bodies, results
from shared.door.door import Door
from shared.door.metrics import DoorMetrics
from shared.door.publisher import Publisher
from shared.door.results import ResultStore
from shared.door.room import Room
from shared.door.settings import DoorSettings

_HOW = f"""

`POST /v1/events` takes CloudEvents 1.0 in four forms, each also with `Content-Encoding: gzip`:

| content-type | holds | at most |
|---|---|---|
| `{cloudevents.STRUCTURED}` | one event | 1 MiB |
| `{bodies.BATCH}` | a JSON list of events | 8 MiB, 1 MiB an event |
| `{bodies.LINES}` | one event a line | 1 MiB a line, 1 GiB in all |
| `{bodies.JSON}` | one event, or a list of events | as above |

An event is **accepted** once the broker has taken it, never before. Send again what was not: the
same `id` and `source` twice are harmless. Unknown fields are ignored.

A request is read no further after 1,000 refused events, when it is too slow or too large, or when
the door is busy: the problem says what was accepted before (`results`), and from which index on to
send again. `429` and `503` say in `Retry-After` when to try. The bounds are settings of the door.
"""

_TAKE = """One event: 202, or a problem that says which field, what is wrong and how to mend it.
A batch or a stream: 202 if all were accepted, 207 if some were not; `results` says what became of
each, a bad one does not stop the others (a thousand do). 503 if the broker takes nothing: try again
later."""


class DoorConfig(msgspec.Struct, frozen=True):
    """What makes one door differ from another: its name, its texts, its types.

    `other` is the service that takes all other types.
    """

    name: str
    other: str
    title: str
    description: str
    types: frozenset[str]


class Answers(NamedTuple):
    """What a service answers beside taking events.

    `routes` adds them to the application, which answers with `shapes`; `database` is read for them,
    and may be away: events are taken all the same.
    """

    database: Database
    routes: Callable[[FastAPI, Database, Collection[str]], None]
    shapes: tuple[type[msgspec.Struct], ...]


def create_door(
    config: DoorConfig,
    settings: DoorSettings,
    jurisdictions: frozenset[str],
    answers: Answers | None = None,
) -> FastAPI:
    """Make the application of a door; its producer lives as long as its lifespan."""
    registry = begin(config.name)
    turns = Turns()
    identity = identifying(settings, settings.database)
    publisher = Publisher(settings.cluster(config.name), settings.publish_seconds, turns)
    metrics = DoorMetrics(registry, config.types)
    door = Door(
        config.types,
        config.other,
        jurisdictions,
        publisher,
        metrics,
        Room(settings.room_mib << 20, settings.wait_seconds, settings.max_requests),
        ResultStore(settings.results_mib << 20),
        turns,
        settings,
    )
    wanted = {topics.TOPIC_OF[kind] for kind in config.types}
    access = AccessLog(settings.database) if settings.identity == "required" else None

    @contextlib.asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(identity.close)
            await stack.enter_async_context(publisher.running())
            if access is not None:
                await stack.enter_async_context(access.running())
            if answers is not None:
                await stack.enter_async_context(answers.database)
            yield

    async def ready() -> None:
        await publisher.check(wanted)

    app = http.create_app(
        config.name,
        registry,
        ready,
        title=config.title,
        description=config.description + _HOW,
        version="1",
        lifespan=lifespan,
    )
    _add_route(app, door)
    shapes: tuple[type[msgspec.Struct], ...] = ()
    if answers is not None:
        answers.routes(app, answers.database, jurisdictions)
        shapes = answers.shapes
    _document(app, config.types, shapes)
    rates = None if settings.identity == "local" else Rates(settings.requests_per_second)
    guard(app, identity, Watch(rates=rates, access=access))
    http.count_requests(app, config.name, registry)
    app.add_middleware(BegunInTurn, turns=turns)
    return app


def serve_door(app: FastAPI, settings: DoorSettings) -> None:
    """Serve the door until the process is told to stop."""
    check_address(settings, settings.host)
    logs.configure(settings.log_level)
    serving.serve(
        app,
        settings.host,
        settings.port,
        settings.max_connections,
        settings.max_connections_per_client,
    )


def _add_route(app: FastAPI, door: Door) -> None:
    body = {
        "required": True,
        "content": {
            cloudevents.STRUCTURED: {
                "schema": _ref("Event"),
                "examples": {
                    kind: {"summary": _summary(kind), "value": examples.example(kind)}
                    for kind in sorted(door.types)
                },
            },
            bodies.BATCH: {"schema": {"type": "array", "items": _ref("Event")}},
            bodies.LINES: {"schema": {"type": "string"}},
            bodies.JSON: {"schema": {"oneOf": [_ref("Event"), {"type": "array"}]}},
        },
    }

    @app.post(
        "/v1/events",
        dependencies=[admits(Role.PUBLISHER)],
        status_code=202,
        summary="Tell events",
        description=_TAKE,
        tags=["events"],
        response_class=Response,
        responses={
            202: {"description": "All accepted", "content": _answers("Accepted", "Results")},
            207: {"description": "Some were not accepted", "content": _answers("Results")},
            **problems(400, 408, 413, 415, 422, 429, 503),
            **{status: _stop(status) for status in (408, 413, 422, 429, 503)},
        },
        openapi_extra={"requestBody": body},
    )
    async def take(request: Request) -> Response:
        return await door.take(request)


def _document(
    app: FastAPI, types: Collection[str], shapes: tuple[type[msgspec.Struct], ...]
) -> None:
    """Add to the OpenAPI document what pydantic does not know: events and results."""
    said = [topics.DATA_OF[kind] for kind in sorted(types)]
    structs = [*said, results.Results, results.Accepted, *shapes]
    _, schemas = msgspec.json.schema_components(structs, ref_template="#/components/schemas/{name}")
    schemas["StoppedProblem"] = {"allOf": [_ref("Problem"), _ref("Results")]}
    schemas["Event"] = {"oneOf": [_event(kind) for kind in sorted(types)]}
    describe(app, schemas)


def _event(kind: str) -> dict[str, Any]:
    instant = {"type": "string", "format": "date-time", "description": "RFC 3339 with offset"}
    text = {"type": "string", "minLength": 1}
    return {
        "title": kind,
        "description": _summary(kind),
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "maxLength": 256},
            "source": text,
            "type": {"const": kind},
            "subject": {"type": "string"},
            "time": instant,
            "recordedtime": instant,
            "data": _ref(topics.DATA_OF[kind].__name__),
        },
    }


def _summary(kind: str) -> str:
    said: type[EventData] = topics.DATA_OF[kind]
    return (said.__doc__ or kind).strip()


def _stop(status: int) -> dict[str, Any]:
    """Declare a problem that says what became of the events before it, if there were any."""
    either = {"anyOf": [_ref("Problem"), _ref("StoppedProblem")]}
    return {"description": HTTPStatus(status).phrase, "content": {PROBLEM: {"schema": either}}}


def _answers(*names: str) -> dict[str, Any]:
    return {bodies.JSON: {"schema": {"oneOf": [_ref(name) for name in names]}}}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}

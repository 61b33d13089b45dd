"""What every HTTP service of ours has: health, metrics, one log line a request."""

import asyncio
import gzip
import logging
import time
from collections.abc import Awaitable, Callable
from functools import cache
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Response
from fastapi_offline import FastAPIOffline
from prometheus_client import CollectorRegistry, Counter
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.adapters.headers import Secured
from shared.adapters.identity.roles import OPEN, PRINCIPAL
from shared.adapters.metrics import latest
from shared.adapters.problems import ProblemError, answer, plain, problems, use_problems
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import Principal

_log = logging.getLogger(__name__)

CLIENT_LEFT = 499
"""What nginx and all after it write for a client that left before its answer."""

_METRICS = "/metrics"

OTHER = "other"
"""The route in metrics of a path that no route has: paths come from outside and have no end."""


class Measured:
    """ASGI middleware: counts each request, writes its one line, and answers 500 for a bug."""

    def __init__(
        self, app: ASGIApp, service: str, requests: Counter, before_metrics: Callable[[], None]
    ) -> None:
        self._app = app
        self._service = service
        self._requests = requests
        self._before_metrics = before_metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and remember the status of its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        method = scope["method"]
        if method == "HEAD":  # The server leaves out the body of what GET would answer.
            scope = {**scope, "method": "GET"}
        status = 0
        began = time.perf_counter()

        async def remember(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        bug: Exception | None = None
        try:
            if scope["path"] == _METRICS:
                self._before_metrics()
            await self._app(scope, receive, remember)
        except ClientDisconnect:
            status = CLIENT_LEFT
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer
            bug = error
            if not status:
                await _answer_bug(scope, receive, remember)
        self._note(method, scope, status, time.perf_counter() - began, bug)

    def _note(
        self, method: str, scope: Scope, status: int, seconds: float, bug: Exception | None
    ) -> None:
        route = getattr(scope.get("route"), "path", OTHER)
        self._requests.labels(self._service, route, str(status)).inc()
        fields = {
            "service": self._service,
            "method": method,
            "path": scope["path"],
            "route": route,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
        }
        asker = scope.get(PRINCIPAL)
        if isinstance(asker, Principal):
            fields["subject"] = asker.subject
        quiet = route in {"/healthz", "/readyz", "/metrics"} and status < HTTPStatus.BAD_REQUEST
        level = logging.ERROR if bug else logging.DEBUG if quiet else logging.INFO
        _log.log(level, "request", extra=fields, exc_info=bug)


async def _answer_bug(scope: Scope, receive: Receive, send: Send) -> None:
    detail = "The fault is ours and stands in our log. Try again later, or tell the operator"
    await answer(plain(500, detail, scope["path"]))(scope, receive, send)


def create_app(
    service: str,
    registry: CollectorRegistry,
    ready: Callable[[], Awaitable[None]],
    **settings: Any,
) -> FastAPI:
    """Make an application with problems, /healthz, /readyz and /metrics.

    `ready` raises TransientError or SetupError, with the remedy, while the service cannot work;
    `settings` go to FastAPI. Add the routes, each with its whole path and whom it admits, then
    `guard` and `count_requests`.
    """
    app = FastAPIOffline(**settings)
    use_problems(app)

    @app.get("/healthz", dependencies=[OPEN], tags=["operation"], summary="Does the process turn?")
    async def healthz() -> dict[str, str]:
        return {"status": "ok", "service": service}

    @app.get(
        "/readyz",
        dependencies=[OPEN],
        tags=["operation"],
        summary="Can it work?",
        responses=problems(503),
    )
    async def readyz() -> dict[str, str]:
        try:
            await ready()
        except (TransientError, SetupError) as error:
            wait = {"Retry-After": "5"}
            raise ProblemError(503, "not-ready", str(error), headers=wait) from error
        return {"status": "ready", "service": service}

    @app.get(
        _METRICS,
        dependencies=[OPEN],
        tags=["operation"],
        summary="Prometheus",
        response_class=Response,
    )
    async def metrics(request: Request) -> Response:
        text, headers = latest(registry), {"vary": "accept-encoding"}
        if "gzip" in request.headers.get("accept-encoding", ""):
            # Some ten thousand series are megabytes of the same words.
            text = await asyncio.to_thread(gzip.compress, text, 1)
            headers["content-encoding"] = "gzip"
        return Response(text, media_type=CONTENT_TYPE_LATEST, headers=headers)

    return app


def count_requests(app: FastAPI, service: str, registry: CollectorRegistry) -> None:
    """Count and log the requests of all routes that `app` has by now.

    A series for each status that a route declares is born at 0: `increase()` never sees the first
    request of a series that is born at 1. They are born when metrics are first asked for, since to
    describe all routes takes half of a start.
    """
    requests = Counter(
        "vbp_http_requests",
        "Requests answered, by route and status; 499 is a client that left before its answer.",
        ["service", "route", "status"],
        registry=registry,
    )

    @cache
    def begin_at_zero() -> None:
        for path, operations in app.openapi()["paths"].items():
            declared = {
                status for operation in operations.values() for status in operation["responses"]
            }
            for status in declared | {"405", "500", str(CLIENT_LEFT)}:
                requests.labels(service, path, status)
        for status in ("200", "404", "405"):
            requests.labels(service, OTHER, status)

    app.add_middleware(Measured, service=service, requests=requests, before_metrics=begin_at_zero)
    app.add_middleware(Secured)

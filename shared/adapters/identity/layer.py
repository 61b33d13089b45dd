"""The one place where a request's principal comes from: a layer of ASGI around the routes."""

import logging
import math
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlsplit

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from shared.adapters.identity.access import AccessLog, act_of
from shared.adapters.identity.asker import ASKER
from shared.adapters.identity.invented import chosen
from shared.adapters.identity.rates import Rates
from shared.adapters.identity.roles import (
    AGAIN,
    DOCUMENTATION,
    PRINCIPAL,
    Declared,
    declared,
    unidentified,
)
from shared.adapters.identity.settings import IdentitySettings, is_loopback
from shared.adapters.problems import ProblemError, answer, problems
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import Principal

_log = logging.getLogger(__name__)

_FILES = "/static-offline-docs/"
_BEARER = "An API key (`vbp keys create`), or the token of a person"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip", "via")

Welcome = Callable[[Request, Response], Awaitable[Response | None]]
"""Answers a request of nobody whom we know; None: with the response as programs get it, a 401."""


class Watch(NamedTuple):
    """What is done beside finding out who asks.

    `welcome` answers whom nobody knows, `rates` bounds how often somebody asks, `access` keeps what
    they asked for.
    """

    welcome: Welcome | None = None
    rates: Rates | None = None
    access: AccessLog | None = None

    def wait(self, principal: Principal) -> float:
        """Give the seconds that somebody has to wait; 0 where a request is taken now."""
        return 0.0 if self.rates is None else self.rates.wait(principal.subject)

    def seen(self, scope: Scope, principal: Principal, send: Send) -> Send:
        """Give what sends an answer and keeps that it did."""
        access = self.access
        act = act_of(scope["method"], scope["path"])
        if access is None or act is None:
            return send

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                method, path = scope["method"], scope["path"]
                asked = (path, scope.get("query_string", b"").decode("latin-1"))
                access.note(principal.subject, act, method, asked, message["status"])
            await send(message)

        return noting


WATCH: Final = Watch()
"""Nothing beside."""


class Identifying(Protocol):
    """Finds out who asks."""

    async def identify(self, headers: Headers, method: str = "GET") -> Principal:
        """Give who sent a request of a method with these headers.

        Raises ProblemError where nobody is told, TransientError and SetupError where that cannot
        be found out just now.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds."""
        ...


class Closed:
    """Identifies nobody: how to find out was not set."""

    async def identify(self, headers: Headers, method: str = "GET") -> Principal:
        """Raise ProblemError (401), with what to set."""
        raise unidentified(
            "This service admits nobody: VBP_IDENTITY is not set, or closed. Its operator sets "
            "VBP_IDENTITY=required, or on a machine of one's own VBP_IDENTITY=local"
        )

    async def close(self) -> None:
        """Hold nothing."""


class Local:
    """Asks nobody: whoever reaches 127.0.0.1 is whom they choose to be, or else all in one."""

    async def identify(self, headers: Headers, method: str = "GET") -> Principal:
        """Give the person at this machine; raises ProblemError (401) for what a proxy sends on."""
        through = sorted(name for name in _FORWARDED if name in headers)
        if through:
            raise unidentified(
                f"{', '.join(through)}: the request came through a proxy, and VBP_IDENTITY=local "
                "admits only who sits at this machine. Set VBP_IDENTITY=required"
            )
        if _leads_from_elsewhere(headers.get("host", "")):
            raise unidentified(
                "Host: is no name of this machine, and VBP_IDENTITY=local admits only who sits at "
                "it. Open http://127.0.0.1, or set VBP_IDENTITY=required"
            )
        return chosen(headers)

    async def close(self) -> None:
        """Hold nothing."""


def _leads_from_elsewhere(host: str) -> bool:
    """Say whether a name may be that of another site, whose page had it lead to this machine.

    Names of this machine, and of containers beside it, have no dot.
    """
    try:
        named = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return True
    return "." in named and not is_loopback(named)


def identifying(settings: IdentitySettings, database: str) -> Identifying:
    """Give what finds out who asks, as the settings want it; keys stand in `database`, a DSN."""
    if settings.identity == "closed":
        return Closed()
    if settings.identity == "local":
        _log.warning("VBP_IDENTITY=local: whoever reaches this machine's own address may do all")
        return Local()
    from shared.adapters.identity.asking import asking  # noqa: PLC0415  # cryptography is large

    return asking(settings, database)


class Identified:
    """ASGI middleware: nobody passes who was not identified, but to `public` paths."""

    def __init__(
        self,
        app: ASGIApp,
        identity: Identifying,
        public: Collection[str],
        watch: Watch,
    ) -> None:
        self._app = app
        self._identity = identity
        self._public = frozenset(public) | DOCUMENTATION
        self._watch = watch

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Note who asks and pass the request on, or answer it with the reason why not."""
        path = scope.get("path", "")
        if scope["type"] == "http" and path not in self._public and not path.startswith(_FILES):
            again = partial(self._identity.identify, Headers(scope=scope), scope["method"])
            try:
                principal = await again()
            except ProblemError as error:
                welcome = self._watch.welcome
                usual = answer(error.problem(path), error.headers)
                shown = None if welcome is None else await welcome(Request(scope), usual)
                refused = shown or usual
                await refused(scope, receive, send)
                return
            except (TransientError, SetupError) as error:
                detail = f"Who asks cannot be found out: {error}"
                later = ProblemError(503, "unavailable", detail, headers={"Retry-After": "2"})
                await answer(later.problem(path), later.headers)(scope, receive, send)
                return
            if (wait := self._watch.wait(principal)) > 0:
                many = _too_many(principal, wait)
                await answer(many.problem(path), many.headers)(scope, receive, send)
                return
            # Not in a copy: who measures looks up in this one which route it was.
            scope[PRINCIPAL], scope[AGAIN] = principal, again
            token = ASKER.set(principal)
            try:
                await self._app(scope, receive, self._watch.seen(scope, principal, send))
            finally:
                ASKER.reset(token)
            return
        await self._app(scope, receive, send)


def guard(app: FastAPI, identity: Identifying, watch: Watch = WATCH) -> None:
    """Admit to the routes that `app` has by now whom each declares, and nobody else.

    Raises TypeError for a route that does not declare whom it admits. Comes before
    `count_requests`, so that what is refused here is counted too.
    """
    routes = list(declared(app))
    public = {route.path for route in routes if not route.roles}
    _document(app, routes)
    app.add_middleware(Identified, identity=identity, public=public, watch=watch)


def _too_many(principal: Principal, wait: float) -> ProblemError:
    detail = f"{principal.subject} asks too often. Ask again in {wait:.2g} s"
    headers = {"Retry-After": str(max(1, math.ceil(wait)))}
    return ProblemError(HTTPStatus.TOO_MANY_REQUESTS, "too-many-requests", detail, headers=headers)


def _document(app: FastAPI, routes: Collection[Declared]) -> None:
    """Say in the OpenAPI document how to show who asks, and what those get who may not."""
    generate = app.openapi
    refused = problems(HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)

    def openapi() -> dict[str, Any]:
        document = generate()
        schemes = document.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["bearer"] = {"type": "http", "scheme": "bearer", "description": _BEARER}
        for method, path, roles in routes:
            operation = document["paths"].get(path, {}).get(method.lower())
            if operation is not None and roles:
                operation["security"] = [{"bearer": []}]
                told = {str(one): told for one, told in refused.items()}
                operation["responses"] = told | operation["responses"]
        return document

    app.openapi = openapi  # type: ignore[method-assign]

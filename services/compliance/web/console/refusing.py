"""Refusals as pages: a browser that asks for a page is told why there is none by a page."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import msgspec
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from services.compliance.web.console.renderer import Renderer
from shared.adapters.identity.layer import Welcome
from shared.adapters.problems import ProblemError
from shared.domain.errors import ForbiddenError

SHOWN: Final = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)

_API: Final = "/v1/"
_KEPT: Final = ("www-authenticate", "allow", "retry-after")

Handler = Callable[[Request, Any], Awaitable[Response]]


def faults_of(error: ValidationError) -> str:
    """Say which fields of what was asked cannot be used, and why."""
    return "; ".join(
        f"{'.'.join(str(step) for step in fault['loc'])}: {fault['msg']}"
        for fault in error.errors(include_url=False)
    )


def show_refusals(app: FastAPI, renderer: Renderer) -> None:
    """Answer browsers with a page where programs are answered with a problem."""
    for kind in (ProblemError, HTTPException, ForbiddenError, RequestValidationError):
        usual: Any = app.exception_handlers[kind]
        app.add_exception_handler(kind, _shown(renderer, usual))


def welcome_of(renderer: Renderer, otherwise: Welcome | None) -> Welcome:
    """Make what answers whom nobody knows: as `otherwise` does, or with a page for browsers."""

    async def welcome(request: Request, usual: Response) -> Response | None:
        led = None if otherwise is None else await otherwise(request, usual)
        return led or await _page(renderer, request, usual)

    return welcome


def _shown(renderer: Renderer, usual: Handler) -> Handler:
    async def handle(request: Request, error: Any) -> Response:
        response = await usual(request, error)
        return await _page(renderer, request, response) or response

    return handle


async def _page(renderer: Renderer, request: Request, usual: Response) -> Response | None:
    """Make a page of a problem; None for a program, and for what is not shown so."""
    browses = "text/html" in request.headers.get("accept", "")
    if not browses or request.url.path.startswith(_API) or usual.status_code not in SHOWN:
        return None
    detail = str(msgspec.json.decode(usual.body)["detail"])
    page = await renderer.problem(request, usual.status_code, detail)
    for name in _KEPT:
        if name in usual.headers:
            page.headers[name] = usual.headers[name]
    return page

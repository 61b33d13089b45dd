"""Problem details (RFC 9457): every error that leaves a service over HTTP has this one form."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from shared.domain.errors import (
    ForbiddenError,
    InvalidEventError,
    SetupError,
    TransientError,
    shorten,
)

PROBLEM = "application/problem+json"


class Fault(BaseModel):
    """One thing that is wrong with the request."""

    pointer: str = Field(
        description="where in the body, as a JSON pointer", examples=["#/data/quantity"]
    )
    detail: str = Field(description="what is wrong there, and how to mend it")


class Problem(BaseModel):
    """An answer that says what went wrong and what to do (RFC 9457); some kinds say more."""

    model_config = ConfigDict(extra="allow")

    type: str = Field("about:blank", description="the kind of problem, for programs")
    title: str = Field(description="the kind of problem, for people")
    status: int = Field(description="the HTTP status")
    detail: str = Field(description="what went wrong this time, and the remedy")
    instance: str = Field(description="the path that was asked")
    errors: list[Fault] = Field(default=[], description="each fault of the body")


class ProblemError(Exception):
    """Ends a request with a problem; `kind` names it for programs (`urn:vbp:problem:kind`).

    `members` are what a kind says beside what all say.
    """

    def __init__(  # noqa: PLR0913  # each is a member of the answer, or goes beside it
        self,
        status: int,
        kind: str,
        detail: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.errors = list(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def problem(self, instance: str) -> Problem:
        """Give the problem as it is answered at the path `instance`."""
        return Problem(
            type=f"urn:vbp:problem:{self.kind}",
            title=self.kind.replace("-", " ").capitalize(),
            status=self.status,
            detail=str(self),
            instance=instance,
            errors=self.errors,
            **self.members,
        )


def fault_of(error: InvalidEventError) -> Fault:
    """Give the fault that an invalid event has, with its place as a JSON pointer."""
    steps = [] if error.field == "event" else error.field.replace("[", ".").split(".")
    pointer = "".join(f"/{step.rstrip(']')}" for step in steps)
    found = "" if error.value is None else f" (found {shorten(error.value)})"
    return Fault(pointer=f"#{pointer}", detail=f"{error.problem}{found}. {error.remedy}")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare the problems that a route answers with: pass it as `responses=`."""
    schema = {"schema": {"$ref": "#/components/schemas/Problem"}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {PROBLEM: schema}}
        for status in statuses
    }


def answer(problem: Problem, headers: Mapping[str, str] | None = None) -> Response:
    """Answer with a problem."""
    return JSONResponse(problem.model_dump(), problem.status, headers, media_type=PROBLEM)


def plain(status: int, detail: str, instance: str) -> Problem:
    """Make a problem that its status explains."""
    title = HTTPStatus(status).phrase
    return Problem(title=title, status=status, detail=detail, instance=instance)


async def _on_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - Starlette hands over what was registered
    return answer(error.problem(request.url.path), error.headers)


async def _on_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101 - as above
    path = request.url.path
    detail = {
        404: f"There is nothing at {path}. See /docs for what there is",
        405: f"{path} does not take {request.method}. See /docs for what it takes",
    }.get(error.status_code, str(error.detail))
    return answer(plain(error.status_code, detail, path), error.headers)


async def _on_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
    faults = [
        Fault(pointer="#/" + "/".join(map(str, fault["loc"])), detail=fault["msg"])
        for fault in error.errors()
    ]
    first = faults[0] if faults else Fault(pointer="#", detail="see /docs")
    detail = f"{first.pointer.removeprefix('#/').replace('/', '.')}: {first.detail}"
    problem = plain(422, detail, request.url.path)
    return answer(problem.model_copy(update={"errors": faults}))


async def _on_unavailable(request: Request, error: Exception) -> Response:
    again = ProblemError(503, "unavailable", str(error), headers={"Retry-After": "2"})
    return await _on_problem(request, again)


async def _on_forbidden(request: Request, error: Exception) -> Response:
    return await _on_problem(request, ProblemError(403, "forbidden", str(error)))


def use_problems(app: FastAPI) -> None:
    """Answer every refusal of this application, the framework's own too, with a problem."""
    app.add_exception_handler(ProblemError, _on_problem)
    app.add_exception_handler(HTTPException, _on_http)
    app.add_exception_handler(RequestValidationError, _on_validation)
    app.add_exception_handler(ForbiddenError, _on_forbidden)
    for passing in (TransientError, SetupError):
        app.add_exception_handler(passing, _on_unavailable)
    schema = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    describe(app, {**schema.pop("$defs"), "Problem": schema})


def describe(app: FastAPI, schemas: Mapping[str, Any]) -> None:
    """Add schemas to the components of the application's OpenAPI document."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        document = generate()
        document.setdefault("components", {}).setdefault("schemas", {}).update(schemas)
        return document

    app.openapi = openapi  # type: ignore[method-assign]

"""Bodies of requests that people send: small, and of one type."""

from typing import Any, Final, TypeVar

import pydantic
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict

from shared.adapters.problems import ProblemError

MOST_BYTES: Final = 64 << 10

JSON: Final = "application/json"
FORM: Final = "application/x-www-form-urlencoded"

T = TypeVar("T", bound=BaseModel)


class Body(BaseModel):
    """A body of which every field is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def read_body(request: Request, shape: type[T]) -> T:
    """Read a body of JSON of a shape; raises ProblemError (413, 415), RequestValidationError."""
    try:
        return shape.model_validate_json(await read_json(request))
    except pydantic.ValidationError as error:
        raise RequestValidationError(
            error.errors(include_url=False, include_input=False)
        ) from error


def body_of(shape: type[BaseModel]) -> dict[str, Any]:
    """Describe a body of a shape: a route's `openapi_extra=`."""
    schema = shape.model_json_schema()
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


async def read_json(request: Request) -> bytes:
    """Read a body of JSON; raises ProblemError (413, 415)."""
    return await _read(request, JSON)


async def read_form(request: Request) -> bytes:
    """Read the body of a form; raises ProblemError (413, 415)."""
    return await _read(request, FORM)


async def _read(request: Request, kind: str) -> bytes:
    """Read a body of a type.

    No page of another site can send JSON without being asked first, which nobody here answers.
    """
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told != kind:
        raise ProblemError(415, "media-type", f"content-type: is {told!r}; send {kind}")
    found = b""
    async for piece in request.stream():
        found += piece
        if len(found) > MOST_BYTES:
            detail = f"the body is longer than {MOST_BYTES} bytes: say less, or do it in parts"
            raise ProblemError(413, "too-large", detail)
    return found

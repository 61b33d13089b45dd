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
MULTIPART: Final = "multipart/form-data"

T = TypeVar("T", bound=BaseModel)


class Body(BaseModel):
    """A body of which every field is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)


async def read_body(request: Request, shape: type[T], most: int = MOST_BYTES) -> T:
    """Read a body of JSON of a shape, of so many bytes at most.

    Raises ProblemError (413, 415), RequestValidationError.
    """
    try:
        return shape.model_validate_json(await _read(request, JSON, most))
    except pydantic.ValidationError as error:
        raise RequestValidationError(
            error.errors(include_url=False, include_input=False)
        ) from error


def body_of(shape: type[BaseModel]) -> dict[str, Any]:
    """Describe a body of a shape: a route's `openapi_extra=`."""
    schema = shape.model_json_schema()
    schema = _inlined(schema, schema.pop("$defs", {}))
    content = {"application/json": {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(schema: Any, parts: dict[str, Any]) -> Any:
    """Put the parts of a schema where it points at them: a document has no place for them."""
    if isinstance(schema, list):
        return [_inlined(one, parts) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(parts[schema["$ref"].rpartition("/")[2]], parts)
    return {name: _inlined(one, parts) for name, one in schema.items()}


async def read_json(request: Request) -> bytes:
    """Read a body of JSON; raises ProblemError (413, 415)."""
    return await _read(request, JSON)


async def read_form(request: Request) -> bytes:
    """Read the body of a form; raises ProblemError (413, 415)."""
    return await _read(request, FORM)


async def read_files(request: Request, most: int) -> bytes:
    """Read the body of a form that has files; raises ProblemError (413, 415)."""
    return await _read(request, MULTIPART, most)


async def _read(request: Request, kind: str, most: int = MOST_BYTES) -> bytes:
    """Read a body of a type, of so many bytes at most.

    No page of another site can send JSON without being asked first, which nobody here answers.
    """
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if told != kind:
        raise ProblemError(415, "media-type", f"content-type: is {told!r}; send {kind}")
    found = bytearray()
    async for piece in request.stream():
        found += piece
        if len(found) > most:
            detail = f"the body is longer than {most} bytes: say less, or do it in parts"
            raise ProblemError(413, "too-large", detail)
    return bytes(found)

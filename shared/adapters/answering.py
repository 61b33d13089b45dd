"""What routes that answer questions share: their parameters checked, their answers declared."""

from collections.abc import Collection
from typing import Any

import msgspec
from fastapi import Depends, Request, Response
from msgspec import Struct

from shared.adapters.identity.roles import principal_of
from shared.adapters.problems import ProblemError
from shared.domain.principal import may_reach


def only(*known: str, repeatable: Collection[str] = ()) -> Any:
    """Refuse parameters that a route does not know, and all but some that are given twice."""

    def check(request: Request) -> None:
        given = request.query_params
        if unknown := sorted(given.keys() - set(known)):
            names = ", ".join(known) or "none"
            detail = f"{', '.join(unknown)}: no such parameter here. Known are: {names}"
            raise ProblemError(400, "unknown-parameter", detail)
        once = set(given) - set(repeatable)
        if twice := sorted(name for name in once if len(given.getlist(name)) > 1):
            detail = f"{', '.join(twice)}: given more than once. Give one value"
            raise ProblemError(400, "repeated-parameter", detail)

    return Depends(check)


def check_jurisdiction(jurisdiction: str, known: Collection[str]) -> None:
    """Raise ProblemError for a jurisdiction that has no policy."""
    if jurisdiction not in known:
        detail = f"No policy is of jurisdiction {jurisdiction!r}. Known are: "
        raise ProblemError(404, "not-found", detail + ", ".join(sorted(known)))


def reaching(usual: str | None = None) -> Any:
    """Answer as if there were nothing where the jurisdiction asked for is not one of who asks.

    `usual` is meant where none is asked for.
    """

    def check(request: Request) -> None:
        place = request.query_params.get("jurisdiction", usual)
        if place is not None and not may_reach(principal_of(request), place):
            detail = f"Nothing of jurisdiction {place!r} is yours to see. Name one of your own"
            raise ProblemError(404, "not-found", detail)

    return Depends(check)


def ok(shape: type[Struct]) -> dict[int | str, dict[str, Any]]:
    """Declare the answer of a route: part of its `responses=`."""
    schema = {"schema": {"$ref": f"#/components/schemas/{shape.__name__}"}}
    described = (shape.__doc__ or "").split("\n", 1)[0]
    return {200: {"description": described, "content": {"application/json": schema}}}


def answered(answer: object) -> Response:
    """Answer with a struct."""
    return Response(msgspec.json.encode(answer), media_type="application/json")


def month_number(text: str) -> int:
    """Read a month: 2022-05 is 202205."""
    return int(text[:4]) * 100 + int(text[5:])


def month_text(month: int) -> str:
    """Write a month: 202205 is 2022-05."""
    return f"{month // 100:04}-{month % 100:02}"

"""Requests that schemathesis makes of what a document says of each operation, good and bad ones."""

from collections.abc import Iterator
from itertools import cycle, islice
from typing import Any, NamedTuple, cast

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.core.errors import SerializationNotPossible
from schemathesis.generation import GenerationMode

from tests.walk.console import TOKEN
from tests.walk.deeds import KNOWN
from tests.walk.services import HERE

_LINES = 4
"""Of what is changed, the first so many lines are named in turn as the last one that was seen."""


class Operation(NamedTuple):
    """What is asked of a route."""

    method: str
    path: str
    requests: list[dict[str, Any]]


def operations(document: dict[str, Any], of_each: int, number: int) -> Iterator[Operation]:
    """Give so many requests of each operation; the same number makes the same again."""
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        operation: Any = cast(Any, result).ok()
        bad = _made(operation, GenerationMode.NEGATIVE, of_each // 2, number)
        good = _made(operation, GenerationMode.POSITIVE, of_each - len(bad), number)
        made = [one for pair in zip(good, bad, strict=False) for one in pair]
        made += good[len(bad) :]
        asked = list(islice(cycle(made), of_each))
        yield Operation(operation.method.upper(), operation.path, asked)


def _made(operation: Any, mode: GenerationMode, most: int, number: int) -> list[dict[str, Any]]:
    """Make requests; fewer where there are not as many, or nothing can be wrong."""
    made: list[dict[str, Any]] = []
    if not most:
        return made

    @seed(number)
    @settings(
        max_examples=most,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def collect(case: Any) -> None:
        if len(made) % 2:  # Every other one names what is there.
            there = case.path_parameters.keys() & KNOWN.keys()
            case.path_parameters.update({name: KNOWN[name] for name in there})
        try:
            told = case.as_transport_kwargs(base_url=HERE)
        except SerializationNotPossible:
            return  # No form: deeds have it.
        made.append(_filled_in(told, len(made)))

    try:
        collect()
    except Exception as error:  # some operations have nothing that can be wrong
        if "negat" not in str(error).lower() and "Unsatisfi" not in type(error).__name__:
            raise
    return made


def _filled_in(told: dict[str, Any], number: int) -> dict[str, Any]:
    """Give what a form carries of its page, what was seen before, and bodies as they are sent."""
    body, parts = told.pop("data", None), told.pop("files", None)
    told["headers"] = {"if-match": f'"{number % _LINES}"'} | dict(told.get("headers") or {})
    told.pop("cookies", None)
    if parts is not None:
        told["files"] = [*map(_part, parts), ("token", (None, TOKEN))]
    if isinstance(body, dict):
        return told | {"data": body | {"token": TOKEN}}
    return told if body is None else told | {"content": body}


def _part(part: tuple[str, Any]) -> tuple[str, Any]:
    """Give a field of a form with files as a browser sends it: a file, or a text."""
    name, held = part
    filename, value, *kind = held if isinstance(held, tuple) else (name, held)
    return name, (filename, value if isinstance(value, str | bytes) else str(value), *kind)

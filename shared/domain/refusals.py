"""Turns a decoder's complaint into an error that names field, value and remedy."""

import functools
import re
from typing import Any, NoReturn

import msgspec

from shared.domain.errors import InvalidEventError

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""All that a decoder raises of what it cannot read; brackets a thousand deep are RecursionError."""

_PATH = re.compile(r"^(?P<problem>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


def refuse(error: Exception, raw: bytes, wanted: type, prefix: str = "") -> NoReturn:
    """Raise an InvalidEventError for what `error` says of `raw`: the slow path may look twice."""
    whole = prefix.rstrip(".") or "event"
    if isinstance(error, RecursionError):
        raise InvalidEventError(whole, "is nested too deeply", "Send flatter JSON") from None
    if not isinstance(error, msgspec.ValidationError):
        problem = f"is not JSON in UTF-8: {error}"
        raise InvalidEventError(whole, problem, "Send valid JSON") from None
    match = _PATH.match(str(error))
    problem = match["problem"] if match else str(error)
    path = (match["path"] or "") if match else ""
    missing = _MISSING.search(problem)
    if missing:
        name = f"{path}.{missing['name']}" if path else missing["name"]
        remedy = f"Send {name} as {_wanted(wanted, name)}"
        raise InvalidEventError(prefix + name, "is missing", remedy) from None
    remedy = f"Send {_wanted(wanted, path)}"
    field = prefix + path if path else whole
    raise InvalidEventError(field, problem, remedy, _found(raw, path)) from None


def _found(raw: bytes, path: str) -> Any:
    """Look up the value at a path such as `hospitals[0]` in the raw JSON."""
    try:
        value = msgspec.json.decode(raw)
        for step in re.findall(r"[^.\[\]]+", path.replace("[...]", "")):
            value = value[int(step)] if step.isdigit() else value[step]
    except (*UNREADABLE, LookupError, TypeError):
        return None
    return value


def _wanted(wanted: type, path: str) -> str:
    return _declared(wanted, re.split(r"[.\[]", path, maxsplit=1)[0])


@functools.lru_cache(maxsize=512)
def _declared(wanted: type, name: str) -> str:
    """Say in words what a field holds, from its declaration.

    Remembered, for making the schema costs more than all else that a refusal does, and somebody
    may send nothing but bad events.
    """
    for field in msgspec.structs.fields(wanted):
        if field.encode_name == name:
            return _describe(field.type)
    return "an object with the fields of this type (see /docs, or docs/events.md)"


def _describe(kind: Any) -> str:
    schema = msgspec.json.schema(kind)
    parts = [part for part in schema.get("anyOf", [schema]) if part.get("type") != "null"]
    return " or ".join(_describe_part(part) for part in parts)


def _describe_part(schema: dict[str, Any]) -> str:
    if "description" in schema:
        return str(schema["description"])
    if "enum" in schema:
        return f"one of {', '.join(map(str, schema['enum']))}"
    if schema.get("format") == "date":
        return "a date such as 2022-03-01"
    return f"a JSON {schema.get('type', 'value')}"

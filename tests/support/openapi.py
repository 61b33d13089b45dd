"""Whether a value is what an OpenAPI document says: as much of JSON Schema as ours use."""

from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def conforms(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    """Whether `value` conforms to `schema`, whose references are resolved in `document`."""
    if "$ref" in schema:
        found: Any = document
        for step in schema["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        return conforms(value, found, document)

    def all_of(schemas: list[Mapping[str, Any]]) -> list[bool]:
        return [conforms(value, one, document) for one in schemas]

    checks = [
        all(all_of(schema.get("allOf", []))),
        any(all_of(schema["anyOf"])) if "anyOf" in schema else True,
        sum(all_of(schema["oneOf"])) == 1 if "oneOf" in schema else True,
        value == schema.get("const", value),
        value in schema.get("enum", [value]),
        _is_typed(value, schema.get("type")),
    ]
    return all(checks) and _holds(value, schema, document)


def _is_typed(value: Any, kinds: str | list[str] | None) -> bool:
    if kinds is None:
        return True
    names = [kinds] if isinstance(kinds, str) else kinds
    types = tuple(kind for name in names for kind in _TYPES[name])
    return isinstance(value, types) and (bool in types or not isinstance(value, bool))


def _holds(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        return value.keys() >= set(schema.get("required", [])) and all(
            conforms(inner, properties[name], document)
            for name, inner in value.items()
            if name in properties
        )
    if isinstance(value, list) and "items" in schema:
        return all(conforms(inner, schema["items"], document) for inner in value)
    return True

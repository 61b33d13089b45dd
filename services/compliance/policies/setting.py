"""Values that a person puts in place of those of the policies, for one run (`vbp replay --set`).

What cannot be put in place raises InvalidArgumentError with name, value and remedy.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from services.compliance.policies.policy import Policies, Policy, with_editions
from services.compliance.policies.values import Value
from services.compliance.records.evidence import Setting
from shared.domain.errors import InvalidArgumentError, shorten


def put(given: Mapping[str, str], policies: Policies) -> Policies:
    """Put values, as a person wrote them, in place of those of every policy that has them.

    They hold on all days of a policy, and keep their basis.
    """
    known = {name for policy in policies.all for name in policy.told}
    for name in given:
        if name not in known:
            names = ", ".join(sorted(known))
            raise InvalidArgumentError(f"--set {name}: no policy has it; known are: {names}")
    everywhere = policies.everywhere and _with(policies.everywhere, given)
    return Policies((_with(policy, given) for policy in policies.all), policies.table, everywhere)


def _with(policy: Policy, given: Mapping[str, str]) -> Policy:
    told = {
        name: (_value(name, values[0], given[name]),) if name in given else values
        for name, values in policy.told.items()
    }
    return with_editions(policy, told)


def _value(name: str, value: Value, text: str) -> Value:
    """Put what a person wrote in the place of a value; raises InvalidArgumentError where it cannot.

    It must be of the same kind: a number for a number, yes or no for yes or no, a list for a list.
    """
    given = _read(text)
    if isinstance(value.value, str) and not isinstance(given, str):
        given = text
    if _kind(given) != _kind(value.value):
        remedy = f"give one like {_written(value.value)}"
        raise InvalidArgumentError(f"--set {name}={shorten(text)}: is no such value; {remedy}")
    return msgspec.structs.replace(value, value=given, since=None)


def _read(text: str) -> Any:
    """Read a value as a policy's file would hold it; what is none there is a text."""
    try:
        written: Mapping[str, Any] = msgspec.toml.decode(f"value = {text}")
    except msgspec.DecodeError:
        return text
    return written["value"] if len(written) == 1 else text


def _kind(value: Any) -> str:
    match value:
        case bool():
            return "yes or no"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list() if all(isinstance(item, str) for item in value):
            return "list of texts"
        case list() if all(isinstance(item, int) for item in value):
            return "list of numbers"
        case _:
            return "none that a policy has"


def _written(value: Setting) -> str:
    """Write a value as a policy's file would hold it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return msgspec.json.encode(value).decode() if isinstance(value, list) else str(value)

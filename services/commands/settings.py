"""Settings for a command: its options, then the environment, then a local stack that runs here."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from deploy.local.stack import LocalStack
from services.commands.terminal import say
from services.compliance.settings import LawSettings
from shared.domain.errors import InvalidArgumentError, shorten

LOCAL = Path(".vbp/local")
DEMO = Path(".vbp/demo")

Made = TypeVar("Made")


def settings(kind: Callable[..., Made], **options: object) -> Made:
    """Make the settings of a service; an option that is None was not given.

    Raises InvalidArgumentError that names the variable.
    """
    given = {name: value for name, value in options.items() if value is not None}
    return _made(kind, _of_local_stack(given) | given)


def calendars() -> Path | None:
    """Give the folder of the operator's own calendars, if the environment names one."""
    return _made(LawSettings, {}).calendars


def _made(kind: Callable[..., Made], given: Mapping[str, object]) -> Made:
    try:
        return kind(**given)
    except ValidationError as error:
        told = (_problem(problem["loc"], problem) for problem in error.errors())
        raise InvalidArgumentError("; ".join(told)) from None


def _problem(place: tuple[int | str, ...], problem: object) -> str:
    name = "VBP_" + "_".join(map(str, place)).upper()
    message, found = problem["msg"], problem["input"]  # type: ignore[index]
    shown = "" if name == "VBP_DATABASE" else f" (found {shorten(found)})"
    return f"{name}: {message}{shown}. Mend the option or the variable"


def _of_local_stack(given: Mapping[str, object]) -> dict[str, object]:
    """Give what nobody has named, if a local stack runs below here: its addresses, and whom to ask.

    Beside a stack that listens to this machine alone, nobody on it is asked who they are.
    """
    names = [name for name in ("kafka", "database") if _is_open(name, given)]
    for data in (LOCAL, DEMO):
        stack = LocalStack.find(data) if names else None
        if stack is not None:
            say(f"Using the local stack on {data} for {' and '.join(names)}")
            addresses = {name: getattr(stack, name) for name in names}
            if "kafka" in names and stack.secrets is not None:
                addresses |= {"kafka_security": "sasl_ssl", "kafka_secrets": stack.secrets}
            return addresses | ({"identity": "local"} if _is_open("identity", given) else {})
    return {}


def _is_open(name: str, given: Mapping[str, object]) -> bool:
    """Say whether neither an option nor the environment names a setting."""
    return name not in given and f"VBP_{name.upper()}" not in os.environ

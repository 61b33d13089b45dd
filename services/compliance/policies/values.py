"""Values of policies: numbers and choices with their basis, and the days on which they change.

In a policy's file `[values]` holds what never changes, and `[[values.name]]`, one table after the
other, what does: the first holds from the policy's first day, each other from its day `from`.
"""

from datetime import date
from itertools import pairwise
from typing import Any, Literal

import msgspec
from msgspec import Struct

from services.compliance.records.evidence import Setting
from shared.domain.errors import SetupError, shorten

Basis = Literal["clause", "reading", "assumption", "mission"]


class Value(
    Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, rename={"since": "from"}
):
    """A number or choice of a policy, with where it comes from.

    `since` is the day from which it holds in the place of an earlier one; the first has none.
    """

    value: Setting
    basis: Basis
    clause: str = ""
    note: str = ""
    since: date | None = None


def dated(file: str, name: str, told: list[Any], in_force: Any, until: Any) -> tuple[Value, ...]:
    """Read the values that follow each other under one name; raises SetupError with the remedy."""
    try:
        values = msgspec.convert(told, tuple[Value, ...], builtin_types=(date,))
    except msgspec.ValidationError as error:
        raise SetupError(f"{file}: [[values.{name}]]: {error}") from error
    problem = _problem(values, in_force, until)
    if problem:
        raise SetupError(f"{file}: [[values.{name}]]: {problem}")
    return values


def _problem(values: tuple[Value, ...], in_force: Any, until: Any) -> str:
    """Say what is wrong with the days of values that follow each other, and what to do."""
    first, *later = values
    if first.since is not None:
        return f"the first has from = {first.since}; it holds from the policy's first day, drop it"
    days: list[date] = []
    for value in later:
        if value.since is None:
            return f"value {shorten(value.value)} has no `from`; name its first day"
        days.append(value.since)
    if isinstance(in_force, date):
        days.insert(0, in_force)
    for earlier, since in pairwise(days):
        if since <= earlier:
            return f"from = {since} is not after {earlier}; give them in the order of their days"
    if isinstance(until, date) and days and days[-1] >= until:
        return f"from = {days[-1]} is not before until = {until}; drop what never holds"
    return ""


def in_force_on(values: tuple[Value, ...], day: date) -> Value:
    """Give which of the values that follow each other holds on a day; the first reaches back."""
    return next(
        (value for value in reversed(values) if value.since is not None and value.since <= day),
        values[0],
    )

"""The words of every event: kinds of field with their bounds, and what all data has."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from shared.domain import calendar
from shared.domain.errors import InvalidEventError

Code = Annotated[
    str, Meta(min_length=1, max_length=256, description="a text of 1 to 256 characters")
]
Source = Annotated[str, Meta(min_length=1, max_length=4096, description="a text that is not empty")]
Text = Annotated[str, Meta(max_length=20_000, description="a text")]
DECIMAL = r"\A[0-9]{1,20}(\.[0-9]{1,20})?\Z"
"""How money is spelt, on the bus and by whoever makes events of other records."""
Money = Annotated[
    str,
    Meta(
        pattern=DECIMAL,
        description='a decimal string that is not negative, such as "0.36"',
    ),
]
Ordered = Annotated[int, Meta(gt=0, le=10**15, description="a whole number of base units, above 0")]
Counted = Annotated[
    int, Meta(ge=0, le=10**15, description="a whole number of base units, 0 or more")
]
Hours = Annotated[float, Meta(ge=0, le=87_840, description="a number of hours, 0 or more")]
Factor = Annotated[float, Meta(gt=0, description="a number above 0")]
Bound = Annotated[
    str, Meta(max_length=64, description="an instant with offset, or a date such as 2022-03-01")
]
Category = Literal["drug", "consumable"]


class EventData(Struct, frozen=True, gc=False):
    """The data of any event; provinces never meet, so each says whose it is."""

    jurisdiction: Code


def check_bound(name: str, bound: str) -> None:
    """Refuse a bound of `data` that is neither an instant nor a date."""
    _check(name, calendar.parse_bound, bound)


def check_instant(name: str, instant: datetime) -> None:
    """Refuse an instant of `data` at which nothing can have happened."""
    _check(name, calendar.utc, instant)


def _check(name: str, read: Callable[[Any], object], value: object) -> None:
    try:
        read(value)
    except InvalidEventError as error:
        field = f"data.{name}"
        raise InvalidEventError(field, error.problem, error.remedy, error.value) from None

"""What parameters of questions are, alike at every service: codes, and months."""

import re
from datetime import date
from typing import Annotated, Final

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.domain.errors import InvalidArgumentError

_MONTH: Final = re.compile(r"((?:19|2\d)\d\d)-(0[1-9]|1[0-2])", re.ASCII)
_SPELT: Final = WithJsonSchema({"type": "string", "pattern": f"^{_MONTH.pattern}$"})

Code = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]
"""A code or a name; PostgreSQL takes no NUL in a text."""

Begin = Annotated[str, Field(max_length=256, pattern=r"^[^\x00]*$")]
"""A code, or how one begins, which may be nothing."""


def month_of(text: str) -> date:
    """Read a month such as 2022-05 as its first day; raises InvalidArgumentError."""
    found = _MONTH.fullmatch(text)
    if found is None:
        raise InvalidArgumentError(f"{text!r} is no month; write it as 2022-05")
    return date(int(found[1]), int(found[2]), 1)


def _month(text: object) -> date:
    try:
        return month_of(str(text))
    except InvalidArgumentError as error:
        raise PydanticCustomError("month", "{message}", {"message": str(error)}) from None


def _spelt(text: str) -> str:
    _month(text)
    return text


Month = Annotated[date, BeforeValidator(_month), _SPELT]
"""A month such as 2022-05, as its first day."""

MonthText = Annotated[str, AfterValidator(_spelt), _SPELT]
"""A month such as 2022-05, as it is written."""

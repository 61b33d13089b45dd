"""Filters of the list of violations: what may be asked, and which predicate it becomes."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final, Self, get_args

import msgspec
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError
from pydantic_core.core_schema import no_info_after_validator_function

from services.compliance.findings.accused import Role
from services.compliance.findings.violation import Status
from services.compliance.people.acts import State
from services.compliance.policies.policy import Policies, Severity
from services.compliance.rules import RULES
from shared.adapters.parameters import Begin, Code, Month
from shared.domain import calendar
from shared.domain.errors import InvalidEventError

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 1_000
"""What a page of violations may weigh: a thousand are some 2 MB."""

PREDICATES: Final = {
    "rule": "rule = {}",
    "status": "status = {}",
    "severity": "severity = {}",
    "exempt": "exempt = {}",
    "jurisdiction": "jurisdiction = {}",
    "area": "area = {}",
    "product": "product = {}",
    "hospital": "hospital = {}",
    "manufacturer": "manufacturer = {}",
    "distributor": "distributor = {}",
    "order": '"order" = {}',
    "accused_role": "accused_role = {}",
    "accused": "accused = {}",
    "occurred_from": "occurred_at >= {}",
    "occurred_to": "occurred_at < {}",
    "detected_from": "detected_at >= {}",
    "detected_to": "detected_at < {}",
    "reviewed_to": "reviewed_at < {}",
    "review": "review = {}",
    "stale": "stale = {}",
    "assignee": "assignee = {}",
}
_LONGEST_MONTH: Final = timedelta(days=31)


class OneOf:
    """Metadata of a text that must be one of some names; the OpenAPI document lists them."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(known)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Check the name after it was read as a text."""
        return no_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """List the names."""
        return handler(schema) | {"enum": list(self._known)}

    def _check(self, name: str) -> str:
        if name not in self._known:
            raise PydanticCustomError(
                "unknown",
                "{found} is not known; known are: {known}",
                {"found": repr(name), "known": ", ".join(self._known)},
            )
        return name


def _instant(text: object) -> datetime:
    try:
        return calendar.parse_instant(str(text))
    except InvalidEventError as error:
        # A plus sign that was not escaped arrives as a space: the commonest slip with offsets.
        hint = "; write + as %2B in an address" if " " in str(text) else ""
        message = f"{error.problem} (found {text!r}). {error.remedy}{hint}"
        raise PydanticCustomError("instant", "{message}", {"message": message}) from None


def _past(instant: datetime) -> datetime:
    now = datetime.now(UTC)
    if instant > now:
        message = (
            f"lies ahead: nobody knows what will be known at {calendar.instant_text(instant)}, "
            f"and here it is {calendar.instant_text(now)}. Give an instant that is past, or none"
        )
        raise PydanticCustomError("ahead", "{message}", {"message": message})
    return instant


Instant = Annotated[datetime, BeforeValidator(_instant)]
AsOf = Annotated[
    datetime | None,
    BeforeValidator(_instant),
    AfterValidator(_past),
    Field(description="Instant as of which to answer: what was known then, RFC 3339 with offset"),
]
RuleName = Annotated[str, OneOf(rule.name for rule in RULES)]
StatusName = Annotated[str, OneOf(get_args(Status))]
SeverityName = Annotated[str, OneOf(get_args(Severity))]
RoleName = Annotated[str, OneOf(get_args(Role))]
ReviewName = Annotated[str, OneOf(get_args(State))]
_JURISDICTION = "Jurisdiction that has a policy, such as cn-sx"


class Filters(BaseModel):
    """What violations to list; those that are given must all hold, a repeated one in any value."""

    model_config = ConfigDict(frozen=True)

    rule: list[RuleName] = Field([], description="Rules; repeat it for any of several")
    status: list[StatusName] = Field([], description="Machine statuses; repeatable")
    severity: list[SeverityName] = Field([], description="Severities; repeatable")
    exempt: bool | None = Field(None, description="Whether the register exempts from the rule")
    jurisdiction: Code | None = Field(None, description=_JURISDICTION)
    area: Code | None = Field(None, description="Administrative division of the hospital")
    product: Code | None = Field(None, description="Product code")
    hospital: Code | None = Field(None, description="Hospital code")
    manufacturer: Code | None = Field(None, description="Manufacturer code")
    distributor: Code | None = Field(None, description="Distributor code")
    order: Code | None = Field(None, description="Order code")
    accused_role: RoleName | None = Field(None, description="As what a party is accused")
    accused: Begin | None = Field(
        None, description="Code of the party that is accused; empty: of whom nobody knows"
    )
    occurred_from: Instant | None = Field(
        None, description="First instant of occurred_at, RFC 3339 with offset"
    )
    occurred_to: Instant | None = Field(
        None, description="Instant before which occurred_at lies, RFC 3339 with offset"
    )
    detected_from: Instant | None = Field(
        None, description="First instant of detected_at, RFC 3339 with offset"
    )
    detected_to: Instant | None = Field(
        None, description="Instant before which detected_at lies, RFC 3339 with offset"
    )
    review: list[ReviewName] = Field([], description="What people hold of it; repeatable")
    stale: bool | None = Field(
        None, description="Whether the facts that a decision rests on have moved since"
    )
    assignee: Code | None = Field(None, description="Who works on it, such as person:liwj")
    reviewed_to: Instant | None = Field(
        None, description="Instant before which the review last moved, RFC 3339 with offset"
    )
    month: Month | None = Field(None, description="Month of occurred_at in Shanghai, as 2022-05")
    as_of: AsOf = None

    @model_validator(mode="after")
    def _no_reviews_of_then(self) -> Self:
        """Refuse to search by what people held at an instant: it is shown, and kept in no index."""
        asked = [name for name in ("review", "stale", "assignee", "reviewed_to") if self._has(name)]
        if self.as_of is not None and asked:
            message = (
                f"{', '.join(asked)}: cannot be asked with as_of; what people held then is shown "
                "of each violation. Leave out one of the two"
            )
            raise PydanticCustomError("as-of-review", "{message}", {"message": message})
        return self

    def _has(self, name: str) -> bool:
        return getattr(self, name) not in (None, [])

    def given(self) -> dict[str, Any]:
        """Give the filters in use, each in one form however it was written."""
        found = {name: getattr(self, name) for name in PREDICATES}
        if self.month is not None:
            start = calendar.start_of(self.month)
            end = calendar.start_of((self.month + _LONGEST_MONTH).replace(day=1))
            found["occurred_from"] = max(start, self.occurred_from or start)
            found["occurred_to"] = min(end, self.occurred_to or end)
        return {
            name: sorted(set(value)) if isinstance(value, list) else value
            for name, value in found.items()
            if value is not None and value != []
        }

    def fingerprint(self) -> bytes:
        """Name the filters, so that a page token of others is told apart."""
        asked = self.given() if self.as_of is None else [self.given(), self.as_of]
        return hashlib.sha256(msgspec.json.encode(asked)).digest()


class Asked(Filters):
    """The filters of a list, and which page of it."""

    page_size: int = Field(
        DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="How many violations at most"
    )
    page_token: str | None = Field(
        None, max_length=256, description="next_page_token of the page before, unchanged"
    )


def asked_under(policies: Policies) -> type[Asked]:
    """Make the filters that know the jurisdictions of some policies, and no others."""
    known = OneOf(sorted(policies.jurisdictions))

    class AskedHere(Asked):
        __doc__ = Asked.__doc__
        jurisdiction: Annotated[str, known] | None = Field(None, description=_JURISDICTION)

    return AskedHere

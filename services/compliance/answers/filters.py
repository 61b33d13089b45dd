"""Filters of the list of violations: what may be asked, and which predicate it becomes."""

import hashlib
from collections.abc import Callable, Collection
from datetime import datetime
from itertools import product
from typing import Annotated, Any, Final, get_args

import msgspec
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from services.compliance.answers.paging import Place
from services.compliance.findings.violation import Status
from services.compliance.policies.policy import Severity, load
from services.compliance.rules import RULES
from shared.domain import calendar
from shared.domain.errors import InvalidEventError

DEFAULT_PAGE: Final = 50
LARGEST_PAGE: Final = 1_000
"""What a page of violations may weigh: a thousand are some 2 MB."""

RULE_NAMES = tuple(rule.name for rule in RULES)
STATUSES: tuple[str, ...] = get_args(Status)
SEVERITIES: tuple[str, ...] = get_args(Severity)
JURISDICTIONS = tuple(sorted(load().jurisdictions))

_PREDICATES: Final = {
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
    "occurred_from": "occurred_at >= {}",
    "occurred_to": "occurred_at < {}",
}
_WANTED: Final = "/* wanted */ true"


def _one_of(known: Collection[str]) -> Callable[[str], str]:
    def check(name: str) -> str:
        if name not in known:
            raise PydanticCustomError(
                "unknown",
                "{found} is not known; known are: {known}",
                {"found": repr(name), "known": ", ".join(known)},
            )
        return name

    return check


def _instant(text: object) -> datetime:
    try:
        return calendar.parse_instant(str(text))
    except InvalidEventError as error:
        # A plus sign that was not escaped arrives as a space: the commonest slip with offsets.
        hint = "; write + as %2B in an address" if " " in str(text) else ""
        message = f"{error.problem} (found {text!r}). {error.remedy}{hint}"
        raise PydanticCustomError("instant", "{message}", {"message": message}) from None


Instant = Annotated[datetime, BeforeValidator(_instant)]
Code = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]
RuleName = Annotated[
    str, AfterValidator(_one_of(RULE_NAMES)), Field(json_schema_extra={"enum": list(RULE_NAMES)})
]
StatusName = Annotated[
    str, AfterValidator(_one_of(STATUSES)), Field(json_schema_extra={"enum": list(STATUSES)})
]
JurisdictionName = Annotated[
    str,
    AfterValidator(_one_of(JURISDICTIONS)),
    Field(json_schema_extra={"enum": list(JURISDICTIONS)}),
]
SeverityName = Annotated[
    str, AfterValidator(_one_of(SEVERITIES)), Field(json_schema_extra={"enum": list(SEVERITIES)})
]


class Filters(BaseModel):
    """What violations to list; those that are given must all hold, a repeated one in any value."""

    model_config = ConfigDict(frozen=True)

    rule: list[RuleName] = Field([], description="Rules; repeat it for any of several")
    status: list[StatusName] = Field([], description="Machine statuses; repeatable")
    severity: list[SeverityName] = Field([], description="Severities; repeatable")
    exempt: bool | None = Field(None, description="Whether the register exempts from the rule")
    jurisdiction: JurisdictionName | None = Field(
        None, description="Jurisdiction that has a policy, such as cn-sx"
    )
    area: Code | None = Field(None, description="Administrative division of the hospital")
    product: Code | None = Field(None, description="Product code")
    hospital: Code | None = Field(None, description="Hospital code")
    manufacturer: Code | None = Field(None, description="Manufacturer code")
    distributor: Code | None = Field(None, description="Distributor code")
    order: Code | None = Field(None, description="Order code")
    occurred_from: Instant | None = Field(
        None, description="First instant of occurred_at, RFC 3339 with offset"
    )
    occurred_to: Instant | None = Field(
        None, description="Instant before which occurred_at lies, RFC 3339 with offset"
    )

    def given(self) -> dict[str, Any]:
        """Give the filters in use, each in one form however it was written."""
        found = {name: getattr(self, name) for name in _PREDICATES}
        return {
            name: sorted(set(value)) if isinstance(value, list) else value
            for name, value in found.items()
            if value is not None and value != []
        }

    def fingerprint(self) -> bytes:
        """Name the filters, so that a page token of others is told apart."""
        return hashlib.sha256(msgspec.json.encode(self.given())).digest()


class Asked(Filters):
    """The filters of a list, and which page of it."""

    page_size: int = Field(
        DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="How many violations at most"
    )
    page_token: str | None = Field(
        None, max_length=256, description="next_page_token of the page before, unchanged"
    )


def listing(query: str, filters: Filters, after: Place | None, limit: int) -> tuple[str, list[Any]]:
    """Compose the query of a page (answers.sql, `violations`), and the values of its parameters.

    Of several values each has a sorted list of its own, planned by what is known of that value,
    and the lists are merged: one list for all would have to be sorted whole. Only texts of this
    module go into the SQL; what the caller wrote goes into parameters.
    """
    values: list[Any] = [limit]
    choices: list[list[str]] = []
    for name, given in filters.given().items():
        numbered = []
        for value in given if isinstance(given, list) else [given]:
            values.append(value)
            numbered.append(_PREDICATES[name].format(f"${len(values)}"))
        choices.append(numbered)
    if after is not None:
        choices.append([f"(occurred_at, id) < (${len(values) + 1}, ${len(values) + 2})"])
        values += after
    lists = [query.replace(_WANTED, " AND ".join(c) or _WANTED) for c in product(*choices)]
    if len(lists) == 1:
        return lists[0], values
    merged = " UNION ALL ".join(f"({one})" for one in lists)
    return f"{merged} ORDER BY occurred_at DESC, id DESC LIMIT $1", values

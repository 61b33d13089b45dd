"""Which cases are asked for, and the query that lists them."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final, get_args

from pydantic import BaseModel, ConfigDict, Field

from services.compliance.answers import paging
from services.compliance.answers.filters import OneOf, RoleName, RuleName
from services.compliance.people.case import PartyCase
from services.compliance.people.procedure import Stage
from shared.adapters.parameters import Code, Month
from shared.adapters.postgres import queries
from shared.domain.calendar import day_of

QUERIES = queries(Path(__file__).with_suffix(".sql"))

DEFAULT_CASES: Final = 50
MOST_CASES: Final = 200

_WANTED: Final = "/* wanted */ true"
_CORRECTIONS_DUE: Final = (
    "EXISTS (SELECT FROM compliance.listed l WHERE l.case_id = case_work.id"
    " AND l.wrong_since IS NOT NULL AND l.corrected IS NULL)"
)
_FOUND: Final = (
    "NOT EXISTS (SELECT FROM compliance.case_work w WHERE w.stage <> 'found' AND"
    " (w.jurisdiction, w.month, w.rule, w.role, w.party)"
    " = (a.jurisdiction, a.month, a.rule, a.role, a.party))"
)


class CasesAsked(BaseModel):
    """Which cases to list; those that are given must all hold."""

    model_config = ConfigDict(frozen=True)

    jurisdiction: Code | None = Field(None, description="Jurisdiction that has a policy")
    rule: RuleName | None = Field(None, description="Of one rule")
    month: Month | None = Field(None, description="Month of occurrence in Shanghai, as 2022-05")
    accused_role: RoleName | None = Field(None, description="As what the party is accused")
    accused: Code | None = Field(None, description="Code of the party")
    stage: Annotated[str, OneOf(get_args(Stage))] | None = Field(None, description="Stage")
    assignee: Code | None = Field(None, description="Who works on it, such as person:liwj")
    overdue: bool = Field(default=False, description="Only those whose next step is overdue")
    corrections_due: bool = Field(
        default=False, description="Only those with a letter that must be corrected"
    )
    page_size: int = Field(DEFAULT_CASES, ge=1, le=MOST_CASES, description="How many at most")
    page_token: str | None = Field(
        None, max_length=1_024, description="next_page_token of the page before, unchanged"
    )

    @property
    def seal(self) -> bytes:
        """Name the filters, so that a page token of others is told apart."""
        asked = self.model_dump_json(exclude={"page_size", "page_token"})
        return hashlib.sha256(asked.encode()).digest()

    @property
    def of_work(self) -> bool:
        """Whether only cases are asked for that somebody has begun to work on."""
        begun = self.stage not in {None, "found"}
        return begun or self.assignee is not None or self.overdue or self.corrections_due


class _Choices:
    """Predicates of a query, and the values of its parameters."""

    def __init__(self, *values: object) -> None:
        self.values = list(values)
        self.predicates: list[str] = []

    def add(self, predicate: str, value: object) -> None:
        """Add a predicate of one value, unless there is none."""
        if value is not None:
            self.values.append(value)
            self.predicates.append(predicate.format(f"${len(self.values)}"))

    def behind(self, case: PartyCase) -> None:
        """Begin behind a case, in the order of the list."""
        first = len(self.values) + 1
        self.values += (case.month, case.rule, case.role, case.party)
        places = ", ".join(f"${number}" for number in range(first, first + 4))
        self.predicates.append(f"(month, rule, role, party) < ({places})")


def listing(asked: CasesAsked, jurisdiction: str) -> tuple[str, list[Any]]:
    """Compose the query of some cases, by the counts or by the work on cases, and its values.

    It gives one more than the page has. Raises InvalidArgumentError for a token of another list.
    """
    chosen = _Choices(jurisdiction, asked.page_size + 1)
    chosen.add("month = {}", None if asked.month is None else f"{asked.month:%Y-%m}")
    chosen.add("rule = {}", asked.rule)
    chosen.add("role = {}", asked.accused_role)
    chosen.add("party = {}", asked.accused)
    if asked.of_work:
        chosen.add("stage = {}", asked.stage)
        chosen.add("assignee = {}", asked.assignee)
        chosen.add("due < {}", day_of(datetime.now(UTC)) if asked.overdue else None)
        chosen.predicates += [_CORRECTIONS_DUE] if asked.corrections_due else []
    elif asked.stage is not None:
        chosen.predicates.append(_FOUND)
    if asked.page_token is not None:
        chosen.behind(PartyCase.named(paging.name_in(asked.page_token, asked.seal)))
    query = QUERIES["worked" if asked.of_work else "list"]
    return query.replace(_WANTED, " AND ".join(chosen.predicates) or _WANTED), chosen.values

"""Exemptions as they are answered, and which of them are asked for."""

import hashlib
from typing import Annotated, Final, Literal, get_args

from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field

from services.compliance.answers.filters import OneOf, RuleName
from services.compliance.answers.service_shapes import Count
from shared.adapters.parameters import Code

DEFAULT_EXEMPTIONS: Final = 50
MOST_EXEMPTIONS: Final = 200

Standing = Literal["future", "active", "expired"]
"""Where an exemption stands today."""

State = Literal["active", "expiring", "expired", "future", "covering-nothing"]
"""By what exemptions are listed; `expiring` ones are active too."""

Day = Annotated[str, Meta(description="A day in Asia/Shanghai", examples=["2022-03-10"])]


class ExemptionShown(Struct, frozen=True):
    """An exemption as last told, for the days `[start, end)`, and what it covers.

    It matches all violations of its rule that occurred in these days and have every party that it
    names. `covers` are those that were not withdrawn, `upheld` those of them that people upheld,
    each exact up to 10,000; `violations` is the address of their list. `expiring`: it ends in 14
    days at the most. `officer` is who told it by the form of the console, null where a publisher
    did; what was told is null where the event is no longer kept.
    """

    exemption: str
    jurisdiction: str
    rule: str
    start: Day
    end: Day
    state: Standing
    expiring: bool
    parties: dict[str, str]
    names: dict[str, str]
    reason: str | None
    authority: str | None
    document: str | None
    source: str
    officer: str | None
    told: str
    covers: Count
    upheld: Count
    violations: str | None


class ExemptionPage(Struct, frozen=True):
    """Exemptions, those that end last first; `next_page_token` is null on the last page.

    A page of those that cover nothing may hold fewer than asked for, or none, and not be the last.
    `standing` counts, of the rule that is asked for or of all, those in each state but
    `covering-nothing`.
    """

    items: list[ExemptionShown]
    standing: dict[str, int]
    next_page_token: str | None


class ExemptionsAsked(BaseModel):
    """Which exemptions to list; those that are given must all hold."""

    model_config = ConfigDict(frozen=True)

    jurisdiction: Code | None = Field(None, description="Jurisdiction that has a policy")
    rule: RuleName | None = Field(None, description="Of one rule")
    state: Annotated[str, OneOf(get_args(State))] | None = Field(
        None, description="Where they stand today, or that they cover nothing"
    )
    page_size: int = Field(
        DEFAULT_EXEMPTIONS, ge=1, le=MOST_EXEMPTIONS, description="How many at most"
    )
    page_token: str | None = Field(
        None, max_length=1_024, description="next_page_token of the page before, unchanged"
    )

    def seal(self, jurisdiction: str) -> bytes:
        """Name the filters, so that a page token of others is told apart."""
        asked = f"{jurisdiction}\n{self.rule}\n{self.state}"
        return hashlib.sha256(asked.encode()).digest()

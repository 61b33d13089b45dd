"""Contradictions as they are asked for: page by page, newest first."""

import hashlib
from pathlib import Path
from typing import Annotated, Final, get_args

import msgspec
from pydantic import BaseModel, ConfigDict, Field

from services.compliance.answers import paging
from services.compliance.answers.database import Database
from services.compliance.answers.filters import DEFAULT_PAGE, LARGEST_PAGE, OneOf
from services.compliance.answers.service_shapes import ContradictionPage, ContradictionShown
from shared.adapters.parameters import Code
from shared.adapters.postgres import queries
from shared.domain.records.contested import ContradictionKind

QUERIES = queries(Path(__file__).with_suffix(".sql"))

_PREDICATES: Final = ("jurisdiction = {}", "kind = {}", '"order" = {}', "number < {}")
_WANTED: Final = "/* wanted */ true"
_SHOWN: Final = ContradictionShown.__struct_fields__

KindName = Annotated[str, OneOf(get_args(ContradictionKind))]


class ContradictionsAsked(BaseModel):
    """Which contradictions to list, and which page; filters that are given must all hold."""

    model_config = ConfigDict(frozen=True)

    jurisdiction: Code | None = Field(None, description="Jurisdiction, such as cn-sx")
    kind: KindName | None = Field(None, description="What does not agree")
    order: Code | None = Field(None, description="Order code")
    page_size: int = Field(DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="How many at most")
    page_token: str | None = Field(
        None, max_length=256, description="next_page_token of the page before, unchanged"
    )

    def fingerprint(self) -> bytes:
        """Name the filters, so that a page token of others is told apart."""
        told = ["contradictions", self.jurisdiction, self.kind, self.order]
        return hashlib.sha256(msgspec.json.encode(told)).digest()


async def page(database: Database, asked: ContradictionsAsked) -> ContradictionPage:
    """Give a page of contradictions, those noticed last first.

    Raises InvalidArgumentError for a token that is not one of this list.
    """
    seal = asked.fingerprint()
    before = None if asked.page_token is None else paging.number_in(asked.page_token, seal)
    # One more than asked for tells whether there is a next page.
    query, values = _listing(asked, before, asked.page_size + 1)
    rows = await database.fetch(query, *values)
    shown = rows[: asked.page_size]
    items = [ContradictionShown(**{name: row[name] for name in _SHOWN}) for row in shown]
    more = len(rows) > len(shown)
    return ContradictionPage(
        items, paging.number_token(shown[-1]["number"], seal) if more else None
    )


def _listing(
    asked: ContradictionsAsked, before: int | None, limit: int
) -> tuple[str, list[str | int]]:
    """Compose the query of a page, with the predicates in use alone: each has an index."""
    values: list[str | int] = [limit]
    predicates = []
    given = (asked.jurisdiction, asked.kind, asked.order, before)
    for predicate, value in zip(_PREDICATES, given, strict=True):
        if value is not None:
            values.append(value)
            predicates.append(predicate.format(f"${len(values)}"))
    return QUERIES["list"].replace(_WANTED, " AND ".join(predicates) or _WANTED), values

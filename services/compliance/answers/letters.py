"""Dead letters as they are asked for: page by page, the last first."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from services.compliance.answers import paging
from services.compliance.answers.database import Database, Row
from services.compliance.answers.filters import DEFAULT_PAGE, LARGEST_PAGE
from services.compliance.answers.paging import LetterPlace
from shared.adapters.parameters import Code
from shared.adapters.postgres import queries
from shared.domain import topics
from shared.domain.calendar import instant_text

QUERIES = queries(Path(__file__).with_suffix(".sql"))

_WANTED: Final = "/* wanted */ true"
_BEHIND: Final = '(told, topic, partition, "offset") < ({}, {}, {}, {})'


class LetterShown(Struct):
    """A message that could not be taken, and why; `source` and `id` as far as they can be read.

    `told` is when the broker took it, `bytes` what its value weighs, `redriven_at` when it was sent
    to its topic again.
    """

    topic: str
    partition: int
    offset: int
    told: str
    field: str
    reason: str
    source: str | None
    id: str | None
    bytes: int
    redriven_at: str | None


class LetterPage(Struct):
    """A page of dead letters; the token leads to the next, null at the end."""

    items: list[LetterShown]
    next_page_token: str | None


class LettersAsked(BaseModel):
    """Which dead letters to list, and which page; filters that are given must all hold."""

    model_config = ConfigDict(frozen=True)

    topic: Code | None = Field(
        None, json_schema_extra={"enum": [one.name for one in topics.INPUTS]}, description="Topic"
    )
    source: Code | None = Field(None, description="`source` that the message says")
    page_size: int = Field(DEFAULT_PAGE, ge=1, le=LARGEST_PAGE, description="How many at most")
    page_token: str | None = Field(
        None, max_length=256, description="next_page_token of the page before, unchanged"
    )

    def fingerprint(self) -> bytes:
        """Name the filters, so that a page token of others is told apart."""
        told = ["letters", self.topic, self.source]
        return hashlib.sha256(msgspec.json.encode(told)).digest()


async def page(database: Database, asked: LettersAsked) -> LetterPage:
    """Give a page; raises InvalidArgumentError for a token that is not one of this list."""
    seal = asked.fingerprint()
    behind = None if asked.page_token is None else paging.letter_place(asked.page_token, seal)
    values: list[str | int | datetime] = [asked.page_size + 1]
    predicates = []
    for name in ("topic", "source"):
        value = getattr(asked, name)
        if value is not None:
            values.append(value)
            predicates.append(f"{name} = ${len(values)}")
    if behind is not None:
        marks = [f"${len(values) + n}" for n in range(1, len(behind) + 1)]
        values += behind
        predicates.append(_BEHIND.format(*marks))
    query = QUERIES["list"].replace(_WANTED, " AND ".join(predicates) or _WANTED)
    rows = await database.fetch(query, *values)
    shown = rows[: asked.page_size]
    items = [_shown(row) for row in shown]
    if len(rows) == len(shown):
        return LetterPage(items, None)
    last = shown[-1]
    place = LetterPlace(last["told"], last["topic"], last["partition"], last["offset"])
    return LetterPage(items, paging.letter_token(place, seal))


def _shown(row: Row) -> LetterShown:
    again = row["redriven_at"]
    told = {
        "told": instant_text(row["told"]),
        "redriven_at": None if again is None else instant_text(again),
    }
    return LetterShown(**dict(row) | told)

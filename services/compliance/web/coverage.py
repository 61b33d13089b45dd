"""Coverage at an instant, over HTTP."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, Field

from services.compliance.answers import coverage
from services.compliance.answers.coverage import Category, CoverageAsked
from services.compliance.answers.coverage_shapes import Coverage
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Instant
from services.compliance.answers.shapes import ok
from services.compliance.policies.policy import Policies
from shared.adapters.answering import answered, check_jurisdiction, only, reaching
from shared.adapters.identity.roles import OVERSEEN
from shared.adapters.parameters import Code
from shared.adapters.problems import ProblemError, problems
from shared.domain.errors import InvalidArgumentError


class CoverageQuery(BaseModel):
    """Of what to give the coverage, and when."""

    jurisdiction: Code | None = None
    area: Code | None = Field(None, description="Of the hospitals of an area")
    product: Code | None = Field(None, description="Or of one product")
    at: Instant | None = Field(None, description="Business time, RFC 3339 with offset; else now")
    category: Category | None = Field(None, description="Only drugs, or only consumables")
    gaps: bool = Field(default=False, description="Only rows and columns with a gap")

    def asked(self, usual: str) -> CoverageAsked:
        """Give what is asked; raises InvalidArgumentError unless of an area or of a product."""
        if (self.area is None) == (self.product is None):
            raise InvalidArgumentError("area, product: give one of the two")
        then = datetime.now(UTC) if self.at is None else self.at
        of = (self.area, self.product, self.category, self.gaps)
        return CoverageAsked(self.jurisdiction or usual, then, *of)


def add_coverage(router: APIRouter, database: Database, policies: Policies) -> None:
    """Add the route."""
    usual = min(policies.jurisdictions)

    @router.get(
        "/v1/coverage",
        tags=["statistics"],
        summary="Who may deliver what to whom at an instant, and where nobody may",
        dependencies=[OVERSEEN, reaching(usual), only(*CoverageQuery.model_fields)],
        responses=ok(Coverage) | problems(400, 404, 422, 503),
    )
    async def show_coverage(query: Annotated[CoverageQuery, Query()]) -> Response:
        """Give hospitals with products at an instant of business time, by what is known now.

        `covered`: somebody may deliver; `gap`: nobody may (a violation, unless `exempt`); `grace`:
        nobody may yet, and the days of grace run; `unjudged`: the register lacks a term. Pairs of
        which the hospital does not take part are left out. A gap that is no violation yet says in
        `waits` why: `ahead` (it has not begun), `hearing` (not all told before it was heard) or
        `judging` (its product waits for its turn).
        """
        check_jurisdiction(query.jurisdiction or usual, policies.jurisdictions)
        try:
            return answered(await coverage.coverage_of(database, policies, query.asked(usual)))
        except InvalidArgumentError as error:
            raise ProblemError(400, "coverage-of-what", str(error)) from error

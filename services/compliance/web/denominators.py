"""What was found beside of how many things, over HTTP."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from services.compliance.answers import denominators, trends
from services.compliance.answers.database import Database
from services.compliance.answers.denominators import (
    Matrix,
    MatrixAsked,
    Parties,
    PartyShown,
    Shown,
)
from services.compliance.answers.shapes import ok
from services.compliance.answers.trends import Trends
from services.compliance.findings.accused import Role
from services.compliance.policies.policy import Policies, Severity
from services.compliance.web.admitted import SEEN
from shared.adapters.answering import answered, check_jurisdiction, only, reaching
from shared.adapters.parameters import Begin, Code
from shared.adapters.problems import ProblemError, problems
from shared.domain import calendar


def add_denominators(router: APIRouter, database: Database, policies: Policies) -> None:
    """Add the routes of matrix and parties."""
    usual = min(policies.jurisdictions)

    @router.get(
        "/v1/matrix",
        tags=["statistics"],
        summary="What was found, of how many things, by area and rule",
        dependencies=[SEEN, reaching(usual), only("jurisdiction", "show", "exempt", "severity")],
        responses=ok(Matrix) | problems(400, 404, 422, 503),
    )
    async def show_matrix(
        *,
        jurisdiction: Code = usual,
        show: Annotated[Shown, Query(description="Open now, or of twelve months")] = "open",
        exempt: Annotated[bool, Query(description="Whether what is exempt counts")] = False,
        severity: Annotated[Severity | None, Query()] = None,
    ) -> Response:
        """Give a cell for each area and rule, in one of five states.

        `found`; `clean`: judged, nothing found; `unjudged`: terms are missing; `none`: there was
        nothing to judge; `not-applicable`: the rule judges nothing that lies in an area.
        """
        check_jurisdiction(jurisdiction, policies.jurisdictions)
        asked = MatrixAsked(jurisdiction, show, exempt, severity)
        carried = policies.carried(jurisdiction)
        return answered(await denominators.matrix(database, asked, carried, today()))

    @router.get(
        "/v1/trends",
        tags=["statistics"],
        summary="Which cases grow, what thirty days brought, how old what stands open is",
        dependencies=[SEEN, reaching(usual), only("jurisdiction")],
        responses=ok(Trends) | problems(400, 404, 422, 503),
    )
    async def show_trends(jurisdiction: Code = usual) -> Response:
        """Give what moves, by days of China; a day counts what was found, over or taken back on it.

        A party is told which of its own cases grow, and nothing of all.
        """
        check_jurisdiction(jurisdiction, policies.jurisdictions)
        return answered(await trends.trends(database, jurisdiction, today()))

    @router.get(
        "/v1/parties",
        tags=["statistics"],
        summary="Who is accused of most, and of how many things",
        dependencies=[SEEN, reaching(usual), only("jurisdiction", "role", "begins")],
        responses=ok(Parties) | problems(400, 404, 422, 503),
    )
    async def list_parties(
        jurisdiction: Code = usual,
        role: Annotated[Role | None, Query(description="As what they are accused")] = None,
        begins: Annotated[Begin, Query(description="How the code begins")] = "",
    ) -> Response:
        """List parties by what stands open against them; what is exempt is left out."""
        check_jurisdiction(jurisdiction, policies.jurisdictions)
        rows = await denominators.parties(database, jurisdiction, role, begins, today())
        return answered(Parties(jurisdiction, rows))

    @router.get(
        "/v1/parties/{role}/{code}",
        tags=["statistics"],
        summary="What a party is accused of in twelve months, of how many things",
        dependencies=[SEEN, reaching(usual), only("jurisdiction")],
        responses=ok(PartyShown) | problems(400, 404, 422, 503),
    )
    async def show_party(
        role: Literal["manufacturer", "distributor", "hospital"],
        code: Code,
        jurisdiction: Code = usual,
    ) -> Response:
        """Give what each rule found of a party, month by month, and of how many things."""
        check_jurisdiction(jurisdiction, policies.jurisdictions)
        found = await denominators.party(database, jurisdiction, role, code, today())
        if found is None:
            detail = f"nothing was judged of {role} {code!r} in {jurisdiction}. /v1/parties lists"
            raise ProblemError(404, "not-found", f"{detail} those of whom something was")
        return answered(found)


def today() -> date:
    """Give the day that it is in China."""
    return calendar.day_of(datetime.now(UTC))

"""Exemptions, over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.compliance.answers import exemptions
from services.compliance.answers.database import Database
from services.compliance.answers.exemption_shapes import ExemptionPage, ExemptionsAsked
from services.compliance.answers.exemptions import Today
from services.compliance.answers.shapes import ok
from services.compliance.people import practice
from services.compliance.policies.policy import Policies
from services.compliance.web.api import tokens_refused
from services.compliance.web.denominators import today
from shared.adapters.answering import answered, check_jurisdiction, only, reaching
from shared.adapters.identity.roles import OVERSEEN
from shared.adapters.problems import problems

_ENDING = practice.load().exempt.ending.days


def today_of_exemptions() -> Today:
    """Give the day in China by which exemptions stand where they stand."""
    return Today(today(), _ENDING)


def add_exemptions(router: APIRouter, database: Database, policies: Policies) -> None:
    """Add the route."""
    usual = min(policies.jurisdictions)

    @router.get(
        "/v1/exemptions",
        tags=["violations"],
        summary="Exemptions (豁免), and how many violations each covers",
        dependencies=[OVERSEEN, reaching(usual), only(*ExemptionsAsked.model_fields)],
        responses=ok(ExemptionPage) | problems(400, 404, 422, 503),
    )
    async def list_exemptions(asked: Annotated[ExemptionsAsked, Query()]) -> Response:
        """List the exemptions of a jurisdiction, those that end last first.

        They exempt areas and products of everybody, so that parties are not shown the list: what
        exempts a violation of theirs is in its message and among its evidence.
        """
        where = asked.jurisdiction or usual
        check_jurisdiction(where, policies.jurisdictions)
        with tokens_refused():
            page = await exemptions.list_exemptions(database, asked, where, today_of_exemptions())
        return answered(page)

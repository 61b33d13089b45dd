"""The page of exemptions: who is exempt from what until when, and what that covers."""

from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.compliance.answers import exemptions
from services.compliance.answers.database import Database
from services.compliance.answers.exemption_shapes import ExemptionsAsked
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from services.compliance.web.console.refusing import faults_of
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.exemptions import today_of_exemptions
from shared.adapters.identity.roles import OVERSEEN, Asker
from shared.domain.errors import InvalidArgumentError, SetupError, TransientError
from shared.domain.principal import Role, may_reach

HERE: Final = "/exemptions"
ON_A_PAGE: Final = 25


def add_exemption_list(
    router: APIRouter, renderer: Renderer, database: Database, policies: Policies
) -> None:
    """Add the page of the list."""

    @router.get(HERE, dependencies=[OVERSEEN])
    async def list_exemptions(request: Request, asker: Asker) -> Response:
        own = [where for where in sorted(policies.jurisdictions) if may_reach(asker, where)]
        form = {name: value for name, value in request.query_params.items() if value}
        form.pop("lang", None)
        told = form.pop("told", "")
        if form.get("jurisdiction") not in own:
            form["jurisdiction"] = own[0] if own else min(policies.jurisdictions)
        status, fault, page = 200, "", None
        try:
            asked = ExemptionsAsked(**{"page_size": ON_A_PAGE} | _known(form))
            page = await exemptions.list_exemptions(
                database, asked, form["jurisdiction"], today_of_exemptions()
            )
        except ValidationError as error:
            status, fault = 422, faults_of(error)
        except InvalidArgumentError as error:
            status, fault = 400, str(error)
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        return await renderer.answer(
            request,
            "exemptions.html",
            status,
            here="/rules",
            data=f"/v1/exemptions?{urlencode(_known(form))}",
            items=[] if page is None else page.items,
            standing=None if page is None else page.standing,
            further=_further(form, None if page is None else page.next_page_token),
            fault=fault,
            told=told,
            form=form,
            jurisdictions=own,
            rules=[rule.name for rule in RULES],
            grants=Role.OFFICER in asker.roles,
        )


def _known(form: dict[str, str]) -> dict[str, Any]:
    return {name: form[name] for name in form if name in ExemptionsAsked.model_fields}


def _further(form: dict[str, str], token: str | None) -> str:
    return "" if token is None else f"{HERE}?{urlencode(form | {'page_token': token})}"

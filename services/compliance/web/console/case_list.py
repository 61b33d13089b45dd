"""The list of cases."""

from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.compliance.answers import cases
from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.database import Database
from services.compliance.policies.policy import Policies
from services.compliance.web.admitted import SEEN
from services.compliance.web.console import security
from services.compliance.web.console.refusing import faults_of
from services.compliance.web.console.renderer import Renderer
from shared.domain.errors import InvalidArgumentError, SetupError, TransientError

LIST = "/cases"


def add_case_list(
    router: APIRouter, renderer: Renderer, database: Database, policies: Policies
) -> None:
    """Add the route."""
    known = sorted(policies.jurisdictions)

    @router.get(LIST, dependencies=[SEEN])
    async def list_cases(request: Request) -> Response:
        form = {name: value for name, value in request.query_params.items() if value}
        form.pop("lang", None)
        jurisdiction = form.get("jurisdiction", known[0])
        jurisdiction = jurisdiction if jurisdiction in known else known[0]
        status, fault, items, older, total = 200, "", list[Any](), "", None
        try:
            asked = CasesAsked(**{n: v for n, v in form.items() if n in CasesAsked.model_fields})
            page = await cases.list_cases(database, asked, jurisdiction)
            items, total = page.items, page.total
            if page.next_page_token is not None:
                older = f"{LIST}?{urlencode(form | {'page_token': page.next_page_token})}"
        except ValidationError as error:
            status, fault = 422, faults_of(error)
        except InvalidArgumentError as error:
            status, fault = 400, str(error)
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        token = security.token_of(request)
        response = await renderer.answer(
            request,
            "cases.html",
            status,
            here=LIST,
            data=f"/v1/cases?{urlencode(form)}",
            items=items,
            total=total,
            older=older,
            fault=fault,
            form=form,
            jurisdiction=jurisdiction,
            jurisdictions=known,
            query=urlencode(form),
            form_token=token,
        )
        security.hand_out(response, request, token)
        return response

"""Exports of exactly what a list shows, over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse

from services.compliance.answers import exports
from services.compliance.answers.database import Database
from services.compliance.answers.exports import Form
from services.compliance.answers.filters import LARGEST_PAGE, Asked, Filters
from services.compliance.policies.policy import Policies
from services.compliance.web.admitted import SEEN
from services.compliance.web.api import REPEATABLE
from shared.adapters.answering import check_jurisdiction, only
from shared.adapters.problems import ProblemError, problems
from shared.domain.errors import InvalidArgumentError

_TYPES: dict[Form, str] = {
    "csv": "text/csv; charset=utf-8",
    "ndjson": "application/x-ndjson",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "parquet": "application/vnd.apache.parquet",
}


def add_exports(router: APIRouter, database: Database, policies: Policies) -> None:
    """Add a route for each form."""
    for form in _TYPES:
        _add(router, database, policies, form)


def _add(router: APIRouter, database: Database, policies: Policies, form: Form) -> None:
    content: dict[int | str, dict[str, Any]] = {
        200: {"description": "All of them", "content": {_TYPES[form]: {}}}
    }

    @router.get(
        f"/v1/violations.{form}",
        tags=["violations"],
        summary=f"All violations that match, as {form.upper()}",
        dependencies=[SEEN, only(*Filters.model_fields, repeatable=REPEATABLE)],
        response_class=Response,
        responses={**content, **problems(400, 404, 422, 503)},
        name=f"export_{form}",
    )
    async def export(asked: Annotated[Filters, Query()]) -> Response:
        """Give all that the same filters list, newest first, however many there are."""
        if asked.jurisdiction is not None:
            check_jurisdiction(asked.jurisdiction, policies.jurisdictions)
        wanted = Asked.model_construct(**dict(asked), page_size=LARGEST_PAGE, page_token=None)
        try:
            await exports.check(database, wanted, form)
        except InvalidArgumentError as error:
            raise ProblemError(400, "too-many", str(error)) from error
        await database.ready()
        return StreamingResponse(
            exports.export(database, wanted, form),
            media_type=_TYPES[form],
            headers={"content-disposition": f'attachment; filename="violations.{form}"'},
        )

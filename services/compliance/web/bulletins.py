"""The bulletin of a month over HTTP."""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from fastapi import Path as InPath

from services.compliance.answers import bulletin, bulletin_forms
from services.compliance.answers.bulletin import Wanted
from services.compliance.answers.bulletin_forms import Form
from services.compliance.answers.database import Database
from services.compliance.answers.figures import Figures
from shared.adapters.answering import MONTH, answered, check_jurisdiction, only
from shared.adapters.identity.roles import OVERSEEN
from shared.adapters.problems import problems

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bulletin", "content": {"text/html": {}}}
}


def add_bulletins(
    router: APIRouter, database: Database, figures: Figures, jurisdictions: Collection[str]
) -> None:
    """Add the route of bulletins."""
    usual = min(jurisdictions)

    @router.get(
        "/bulletins/{month}",
        tags=["bulletins"],
        summary="The bulletin of a month (通报), as issued or as it stands",
        dependencies=[OVERSEEN, only("jurisdiction", "format")],
        response_class=Response,
        responses={**_ANSWER, **problems(400, 404, 422, 503)},
    )
    async def show_bulletin(
        month: Annotated[str, InPath(pattern=MONTH)],
        jurisdiction: Annotated[str, Query(min_length=1, max_length=256)] = usual,
        form: Annotated[Form, Query(alias="format")] = "html",
    ) -> Response:
        """Give a bulletin: completion, distributors, violations, shortages, quality of the data.

        One that was issued (`vbp bulletin --issue`) stays as it was, and what changed since is
        shown beside it.
        """
        check_jurisdiction(jurisdiction, jurisdictions)
        shown = await bulletin.show(database, figures, Wanted(jurisdiction, month))
        name = {"content-disposition": f'attachment; filename="bulletin-{month}.{form}"'}
        if form == "csv":
            text = "\ufeff" + bulletin_forms.csv_text(shown)
            return Response(text, media_type="text/csv; charset=utf-8", headers=name)
        if form == "xlsx":
            return Response(bulletin_forms.xlsx(shown), media_type=XLSX, headers=name)
        if form == "json":
            return answered(shown)
        return Response(bulletin_forms.html(shown), media_type="text/html; charset=utf-8")

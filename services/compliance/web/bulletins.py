"""The bulletin of a month over HTTP."""

from collections.abc import Collection
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from services.compliance.answers import bulletin, bulletin_forms
from services.compliance.answers.bulletin import Issued, IssuedBulletins, Wanted
from services.compliance.answers.bulletin_forms import Form
from services.compliance.answers.bulletin_reading import NotHeardError
from services.compliance.answers.database import Database
from services.compliance.answers.figures import Figures
from services.compliance.answers.shapes import ok
from services.compliance.web.bodies import Body, body_of, read_body
from services.compliance.web.console.bulletins import bulletin_page
from services.compliance.web.console.renderer import Renderer
from shared.adapters.answering import answered, check_jurisdiction, only, reaching
from shared.adapters.identity.asker import everything
from shared.adapters.identity.roles import OVERSEEN, Asker, admits
from shared.adapters.parameters import Code, MonthText
from shared.adapters.problems import ProblemError, problems
from shared.domain.errors import InvalidArgumentError, SetupError, TransientError
from shared.domain.principal import Role, may_reach

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bulletin", "content": {"text/html": {}}}
}


class IssueBody(Body):
    """Which bulletin of the month is issued; without a jurisdiction, the usual one's."""

    jurisdiction: Code | None = None


def add_issuing(
    router: APIRouter,
    database: Database,
    figures: Figures,
    dsn: str,
    jurisdictions: Collection[str],
) -> None:
    """Add the routes by which bulletins are issued, and those that were are listed."""

    @router.get(
        "/v1/bulletins",
        tags=["bulletins"],
        summary="The bulletins that were issued",
        dependencies=[OVERSEEN, only()],
        responses=ok(IssuedBulletins) | problems(400, 503),
    )
    async def list_bulletins(asker: Asker) -> Response:
        """List them, of all jurisdictions of whoever asks, the latest month first."""
        own = [where for where in jurisdictions if may_reach(asker, where)]
        return answered(await bulletin.list_issued(database, own))

    @router.post(
        "/v1/bulletins/{month}/issue",
        tags=["bulletins"],
        summary="Issue the bulletin of a month, in one's own name",
        dependencies=[admits(Role.REVIEWER), only()],
        responses=ok(Issued) | problems(400, 404, 409, 413, 415, 422, 503),
        openapi_extra=body_of(IssueBody),
    )
    async def issue_bulletin(request: Request, month: MonthText, asker: Asker) -> Response:
        """Keep the bulletin as it stands now: it stays so, signed by whoever asks."""
        body = await read_body(request, IssueBody)
        where = body.jurisdiction or min(jurisdictions)
        check_jurisdiction(where, jurisdictions)
        if not may_reach(asker, where):
            detail = f"jurisdiction: {where} is none of {asker.subject}'s. Ask the operator"
            raise ProblemError(403, "forbidden", detail)
        with everything():
            made = await bulletin.compose(database, figures, Wanted(where, month))
        try:
            kept = await bulletin.issue(dsn, made, asker.subject)
        except NotHeardError as error:
            raise ProblemError(409, "not-all-heard", str(error)) from error
        except InvalidArgumentError as error:
            raise ProblemError(400, "month-not-over", str(error)) from error
        if not kept:
            detail = f"month: the bulletin of {month} was issued before, and stays as it was"
            raise ProblemError(409, "issued-before", detail)
        return answered(Issued(where, month, made.made_at, asker.subject))


def add_bulletins(
    router: APIRouter,
    database: Database,
    figures: Figures,
    renderer: Renderer,
    jurisdictions: Collection[str],
) -> None:
    """Add the route of bulletins."""
    usual = min(jurisdictions)

    @router.get(
        "/bulletins/{month}",
        tags=["bulletins"],
        summary="The bulletin of a month (通报), as issued or as it stands",
        dependencies=[OVERSEEN, reaching(usual), only("jurisdiction", "format", "lang")],
        response_class=Response,
        responses={**_ANSWER, **problems(400, 404, 422, 503)},
    )
    async def show_bulletin(
        request: Request,
        month: MonthText,
        jurisdiction: Code = usual,
        form: Annotated[Form | None, Query(alias="format")] = None,
    ) -> Response:
        """Give a bulletin: completion, distributors, violations, shortages, quality of the data.

        One that was issued stays as it was, and what changed since is shown beside it. Without a
        format it is a page of the console; `html` is one file that needs nothing else.
        """
        check_jurisdiction(jurisdiction, jurisdictions)
        # It is of this jurisdiction alone, and of all parties in it.
        try:
            with everything():
                shown = await bulletin.show(database, figures, Wanted(jurisdiction, month))
        except (TransientError, SetupError) as error:
            if form is None:
                return await renderer.problem(request, 503, str(error))
            raise
        name = {"content-disposition": f'attachment; filename="bulletin-{month}.{form}"'}
        if form == "csv":
            text = "\ufeff" + bulletin_forms.csv_text(shown)
            return Response(text, media_type="text/csv; charset=utf-8", headers=name)
        if form == "xlsx":
            return Response(bulletin_forms.xlsx(shown), media_type=XLSX, headers=name)
        if form == "json":
            return answered(shown)
        if form == "html":
            return Response(
                bulletin_forms.html(shown), media_type="text/html; charset=utf-8", headers=name
            )
        return await bulletin_page(renderer, request, shown)

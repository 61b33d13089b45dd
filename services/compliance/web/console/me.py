"""The page that says who one is, with one's views; on a machine of one's own one may be another."""

from collections.abc import Mapping
from typing import NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.compliance.answers import views as saved
from services.compliance.answers.database import Database
from services.compliance.storage import views
from services.compliance.storage.desk import Desk
from services.compliance.web.admitted import SEEN
from services.compliance.web.console import security
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.console.views import ViewError, address_of, check_name
from shared.adapters.identity.invented import COOKIE, INVENTED
from shared.adapters.identity.roles import IDENTIFIED, Asker
from shared.adapters.problems import ProblemError
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import Principal


class Ways(NamedTuple):
    """How people are known here: `local` where nobody is asked who they are, or they sign in."""

    local: bool
    signs_in: bool


class Me:
    """Makes the page for whoever asks."""

    def __init__(self, renderer: Renderer, database: Database, ways: Ways) -> None:
        self._renderer = renderer
        self._database = database
        self._ways = ways

    async def show(
        self, request: Request, asker: Principal, fault: ViewError | None = None, status: int = 200
    ) -> Response:
        """Make the page, with why a view was not saved."""
        try:
            own = await saved.own(self._database, asker.subject)
        except (TransientError, SetupError):
            # Who one is can be said without the database, which every page says is away.
            own = None
        token = security.token_of(request)
        response = await self._renderer.answer(
            request,
            "me.html",
            status,
            here="/me",
            data="",
            asker=asker,
            people=INVENTED if self._ways.local else {},
            signed_in=self._ways.signs_in and "authorization" not in request.headers,
            views=own,
            most_views=views.MOST_OF_ONE,
            fault=fault,
            token=token,
        )
        security.hand_out(response, request, token)
        return response


def add_me(
    router: APIRouter, renderer: Renderer, database: Database, desk: Desk, ways: Ways
) -> None:
    """Add the routes."""
    page = Me(renderer, database, ways)

    @router.get("/me", dependencies=[IDENTIFIED])
    async def me(request: Request, asker: Asker) -> Response:
        return await page.show(request, asker)

    @router.post("/me", dependencies=[IDENTIFIED])
    async def become(request: Request) -> Response:
        try:
            form = await security.read_ours(request)
        except ProblemError as error:
            return await renderer.problem(request, 403, str(error))
        response = RedirectResponse("/", 303)
        if ways.local and form.get("subject") in INVENTED:
            response.set_cookie(COOKIE, form["subject"], httponly=True, samesite="strict")
        elif ways.local:
            response.delete_cookie(COOKIE)
        return response

    @router.post("/me/views", dependencies=[SEEN])
    async def keep_view(request: Request, asker: Asker) -> Response:
        try:
            await _keep(desk, asker.subject, await security.read_ours(request))
        except ViewError as error:
            return await page.show(request, asker, error, 422)
        except ProblemError as error:
            status = error.status if error.status in {400, 403} else 400
            return await renderer.problem(request, status, str(error))
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        return RedirectResponse("/me#views", 303)


async def _keep(desk: Desk, subject: str, form: Mapping[str, str]) -> None:
    """Save a view or take it away; raises ViewError for one that cannot be saved."""
    if form.get("act") == "forget":
        async with desk.writing() as connection:
            await views.forget(connection, subject, form.get("name", "").replace("\x00", ""))
        return
    url = address_of(form.get("list", ""), form.get("query", ""))
    name = check_name(form.get("name", ""))
    async with desk.writing() as connection:
        if not await views.save(connection, subject, name, url):
            raise ViewError("too-many", name)

"""The page that says who one is, and on a machine of one's own lets one be somebody else."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.compliance.web.console import security
from services.compliance.web.console.renderer import Renderer
from shared.adapters.identity.invented import COOKIE, INVENTED
from shared.adapters.identity.roles import IDENTIFIED, Asker
from shared.adapters.problems import ProblemError


def add_me(router: APIRouter, renderer: Renderer, *, local: bool, signs_in: bool) -> None:
    """Add the routes; `local` where nobody is asked who they are, `signs_in` where people do."""

    @router.get("/me", dependencies=[IDENTIFIED])
    async def me(request: Request, asker: Asker) -> Response:
        token = security.token_of(request)
        people = INVENTED if local else {}
        signed_in = signs_in and "authorization" not in request.headers
        response = await renderer.page(
            request,
            "me.html",
            here="/me",
            asker=asker,
            people=people,
            token=token,
            signed_in=signed_in,
        )
        security.hand_out(response, request, token)
        return response

    @router.post("/me", dependencies=[IDENTIFIED])
    async def become(request: Request) -> Response:
        try:
            form = await security.read_ours(request)
        except ProblemError as error:
            return await renderer.problem(request, 403, str(error))
        response = RedirectResponse("/", 303)
        if local and form.get("subject") in INVENTED:
            response.set_cookie(COOKIE, form["subject"], httponly=True, samesite="strict")
        elif local:
            response.delete_cookie(COOKIE)
        return response

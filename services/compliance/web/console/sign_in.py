"""How people sign in at the console, and out again."""

import logging
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.compliance.web.console import security
from services.compliance.web.console.languages import language_of, translate
from services.compliance.web.console.renderer import Renderer
from shared.adapters.identity.access import AccessLog
from shared.adapters.identity.attempt import BACK, Back, local_path
from shared.adapters.identity.by_session import (
    attempt_cookie,
    is_secure,
    session_cookie,
    session_shown,
)
from shared.adapters.identity.layer import Welcome
from shared.adapters.identity.roles import IDENTIFIED, OPEN, Asker
from shared.adapters.identity.sessions import Sessions
from shared.adapters.identity.settings import SignInSettings
from shared.adapters.problems import ProblemError
from shared.domain.errors import InvalidArgumentError, SetupError, TransientError

if TYPE_CHECKING:
    from shared.adapters.identity.sign_in import SignIn

_log = logging.getLogger(__name__)

_WAY_IN: Final = "/sign-in"
_ATTEMPT_SECONDS: Final = 600
"""How long somebody may take at the issuer."""


class Signing(NamedTuple):
    """What signs people in and out."""

    settings: SignInSettings
    issuer: "SignIn"
    sessions: Sessions
    access: AccessLog | None


def welcome_of(settings: SignInSettings) -> Welcome:
    """Make what leads a browser that nobody has signed in with to where that is done."""

    async def welcome(request: Request, _: Response) -> Response | None:
        browses = "text/html" in request.headers.get("accept", "")
        if request.method != "GET" or not browses or "authorization" in request.headers:
            return None
        query = f"?{request.url.query}" if request.url.query else ""
        to = urlencode({"to": local_path(request.url.path + query)})
        return RedirectResponse(f"{settings.sign_in_url}{_WAY_IN}?{to}", 303)

    return welcome


def add_sign_in(router: APIRouter, renderer: Renderer, signing: Signing) -> None:
    """Add the routes."""
    pages = _Pages(renderer, signing)
    router.get(_WAY_IN, dependencies=[OPEN])(pages.sign_in)
    router.get(BACK, dependencies=[OPEN])(pages.come_back)
    router.post("/sign-out", dependencies=[IDENTIFIED])(pages.sign_out)


class _Pages:
    def __init__(self, renderer: Renderer, signing: Signing) -> None:
        self._renderer = renderer
        self._settings, self._issuer, self._sessions, self._access = signing

    async def sign_in(self, request: Request, to: str = "/") -> Response:
        """Send the browser to the issuer."""
        if request.headers.get("host", "").lower() != self._settings.sign_in_host:
            detail = (
                translate("请由此地址登录：", language_of(request)) + self._settings.sign_in_url
            )
            return await self._renderer.problem(request, HTTPStatus.MISDIRECTED_REQUEST, detail)
        try:
            address, attempt = await self._issuer.begin(local_path(to))
        except (TransientError, SetupError) as error:
            return await self._failed(request, HTTPStatus.SERVICE_UNAVAILABLE, error)
        response = RedirectResponse(address, 303)
        self._set(response, attempt_cookie(self._settings), attempt.text(), _ATTEMPT_SECONDS)
        return response

    async def come_back(
        self, request: Request, state: str = "", code: str = "", error: str = "", iss: str = ""
    ) -> Response:
        """Take whom the issuer has signed in."""
        kept = session_shown(request.headers, attempt_cookie(self._settings))
        try:
            principal, to = await self._issuer.finish(kept, Back(state, code, error, iss))
            hours = timedelta(hours=self._settings.sign_in_hours)
            text = await self._sessions.begin(principal, hours)
            await self._sessions.end(self._shown(request))
        except InvalidArgumentError as wrong:
            response = await self._failed(request, HTTPStatus.BAD_REQUEST, wrong)
        except (TransientError, SetupError) as away:
            response = await self._failed(request, HTTPStatus.SERVICE_UNAVAILABLE, away)
        else:
            _log.info("signed in", extra={"subject": principal.subject})
            if self._access is not None:
                self._access.note(principal.subject, "signed-in", "GET", (BACK, ""), 303)
            response = RedirectResponse(to, 303)
            self._set(response, session_cookie(self._settings), text, int(hours.total_seconds()))
        self._unset(response, attempt_cookie(self._settings))
        return response

    async def sign_out(self, request: Request, asker: Asker) -> Response:
        """End the session of this browser, and say where the issuer's own is ended."""
        try:
            await security.read_ours(request)
        except ProblemError as error:
            return await self._renderer.problem(request, HTTPStatus.FORBIDDEN, str(error))
        await self._sessions.end(self._shown(request))
        _log.info("signed out", extra={"subject": asker.subject})
        language = language_of(request)
        response = await self._renderer.answer(
            request,
            "signed_out.html",
            200,
            here="",
            data="",
            nobody=True,
            heading=translate("已退出", language),
            detail=translate("此浏览器的登录已结束。", language),
            end=await self._issuer.end_address(),
        )
        self._unset(response, session_cookie(self._settings))
        return response

    async def _failed(self, request: Request, status: int, error: Exception) -> Response:
        _log.warning("nobody was signed in: %s", error)
        detail = translate("未能登录：", language_of(request)) + str(error)
        return await self._renderer.problem(request, status, detail)

    def _shown(self, request: Request) -> str:
        return session_shown(request.headers, session_cookie(self._settings))

    def _set(self, response: Response, name: str, value: str, seconds: int) -> None:
        # Lax: the issuer sends the browser back, and alerts and mails lead here, from other sites.
        secure = is_secure(self._settings)
        response.set_cookie(
            name, value, seconds, path="/", httponly=True, samesite="lax", secure=secure
        )

    def _unset(self, response: Response, name: str) -> None:
        secure = is_secure(self._settings)
        response.delete_cookie(name, path="/", httponly=True, samesite="lax", secure=secure)


def signs_in(settings: SignInSettings, dsn: str, access: AccessLog | None) -> Signing | None:
    """Make what signs people in, if they do so at the console; sessions stand in `dsn`."""
    if not settings.signs_in:
        return None
    from shared.adapters.identity.sign_in import SignIn  # noqa: PLC0415  # cryptography is large

    return Signing(settings, SignIn(settings), Sessions(dsn), access)

"""Identifies people by the session that they began when they signed in, and all else as before."""

from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers

from shared.adapters.identity.layer import Identifying
from shared.adapters.identity.roles import unidentified
from shared.adapters.identity.sessions import Sessions
from shared.adapters.identity.settings import SignInSettings
from shared.domain.principal import Principal

_READING = frozenset({"GET", "HEAD"})


class BySession:
    """Takes a session's cookie where no key or token is shown.

    It counts only under the address of the console, and, for whatever changes something, from a
    page of the console: every site that somebody visits can have the browser send the cookie.
    """

    def __init__(
        self, settings: SignInSettings, sessions: Sessions, otherwise: Identifying
    ) -> None:
        self._settings = settings
        self._sessions = sessions
        self._otherwise = otherwise

    async def identify(self, headers: Headers, method: str = "GET") -> Principal:
        """Give who asks; raises as Identifying does."""
        shown = session_shown(headers, session_cookie(self._settings))
        if not shown or "authorization" in headers:
            return await self._otherwise.identify(headers, method)
        if headers.get("host", "").lower() != self._settings.sign_in_host:
            raise unidentified(f"Host: you are signed in at {self._settings.sign_in_url} alone")
        if method not in _READING and headers.get("origin") != self._settings.sign_in_url:
            raise unidentified("Origin: this was not sent by a page of the console")
        principal = await self._sessions.principal(shown)
        if principal is None:
            raise unidentified("Your session is over. Sign in again")
        return principal

    async def close(self) -> None:
        """Let go of all connections."""
        self._sessions.close()
        await self._otherwise.close()


def session_cookie(settings: SignInSettings) -> str:
    """Name the cookie of sessions; no other host can set one with this prefix, nor can HTTP."""
    return _prefixed(settings, "vbp-session")


def attempt_cookie(settings: SignInSettings) -> str:
    """Name the cookie of an attempt to sign in."""
    return _prefixed(settings, "vbp-attempt")


def session_shown(headers: Headers, name: str) -> str:
    """Give what the cookie of a name holds; empty where there is none."""
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(name)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


def is_secure(settings: SignInSettings) -> bool:
    """Whether browsers reach the console by TLS."""
    return settings.sign_in_url.startswith("https:")


def _prefixed(settings: SignInSettings, name: str) -> str:
    return f"__Host-{name}" if is_secure(settings) else name

"""Signing in at an issuer of identities: OpenID Connect, an authorization code with PKCE.

What belongs to one attempt (state, nonce, verifier) is kept by the browser alone, in a cookie:
whoever has not signed in yet makes us store nothing.
"""

import asyncio
import base64
import hashlib
import http.client
import json
import logging
import re
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

from shared.adapters.identity.attempt import BACK, Attempt, Back, attempt_of
from shared.adapters.identity.fetching import fetch, send_form
from shared.adapters.identity.key_set import KeySet
from shared.adapters.identity.settings import SAFE, SignInSettings
from shared.adapters.identity.tokens import Tokens, principal_of
from shared.domain.errors import InvalidArgumentError, SetupError, TransientError
from shared.domain.principal import Principal

_log = logging.getLogger(__name__)

_FRESH = 3600.0
_AT_ONCE = 8
_LONGEST = 2_048
"""Characters of a code."""
_AWAY = (OSError, http.client.HTTPException, ValueError)
_ERROR = re.compile(r"[a-z_]{1,40}", re.ASCII)


class Endpoints(NamedTuple):
    """Where the issuer signs people in, changes codes for tokens, and signs people out."""

    authorize: str
    token: str
    end: str | None


class SignIn:
    """Signs people in by the issuer of the settings."""

    def __init__(
        self, settings: SignInSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._back = settings.sign_in_url + BACK
        key_set = KeySet(settings.token_keys)
        self._tokens = Tokens(
            settings.token_issuer, settings.sign_in_client, "JWT", key_set, untyped=True
        )
        self._known: Endpoints | None = None
        self._known_at = float("-inf")
        self._asking = asyncio.Semaphore(_AT_ONCE)

    async def begin(self, to: str) -> tuple[str, Attempt]:
        """Give the address at the issuer, and what the browser must keep until it comes back.

        Raises TransientError where the issuer does not answer.
        """
        attempt = Attempt(
            secrets.token_urlsafe(), secrets.token_urlsafe(), secrets.token_urlsafe(), to
        )
        challenge = base64.urlsafe_b64encode(hashlib.sha256(attempt.verifier.encode()).digest())
        asked = {
            "response_type": "code",
            "client_id": self._settings.sign_in_client,
            "redirect_uri": self._back,
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": challenge.rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return _with((await self._endpoints()).authorize, asked), attempt

    async def finish(self, kept: str, back: Back) -> tuple[Principal, str]:
        """Give who has signed in, and where they wanted to go.

        Raises InvalidArgumentError where this is not the attempt of this browser, or what the
        issuer says does not hold; TransientError where it does not answer.
        """
        attempt = attempt_of(kept)
        if attempt is None or not secrets.compare_digest(
            attempt.state.encode(), back.state.encode()
        ):
            raise InvalidArgumentError("this browser did not begin it here, or too long ago")
        if back.iss and back.iss != self._settings.token_issuer:
            raise InvalidArgumentError("iss: another issuer sent you back")
        if back.error or not 0 < len(back.code) <= _LONGEST:
            reason = back.error if _ERROR.fullmatch(back.error) else "it sends no code"
            raise InvalidArgumentError(f"the issuer did not sign you in ({reason})")
        claims = await self._tokens.claims(await self._changed(back.code, attempt.verifier))
        nonce = claims.get("nonce")
        if not isinstance(nonce, str) or not secrets.compare_digest(
            nonce.encode(), attempt.nonce.encode()
        ):
            raise InvalidArgumentError("nonce: the issuer's word is for another attempt")
        if claims.get("azp", self._settings.sign_in_client) != self._settings.sign_in_client:
            raise InvalidArgumentError("azp: the issuer's word is for another program")
        return principal_of(claims), attempt.to

    async def end_address(self) -> str | None:
        """Give where people end what the issuer remembers of them; None where that is not known."""
        try:
            end = (await self._endpoints()).end
        except TransientError:
            return None
        if end is None:
            return None
        asked = {
            "client_id": self._settings.sign_in_client,
            "post_logout_redirect_uri": self._settings.sign_in_url + "/",
        }
        return _with(end, asked)

    async def _changed(self, code: str, verifier: str) -> str:
        """Change a code for the token that says who signed in."""
        endpoints = await self._endpoints()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._back,
            "client_id": self._settings.sign_in_client,
            "code_verifier": verifier,
        }
        headers = self._secret_header()
        try:
            async with self._turn():
                answer = await asyncio.to_thread(send_form, endpoints.token, form, headers)
            told = json.loads(answer)
        except (OSError, http.client.HTTPException) as error:
            _log.warning("the issuer does not answer: %r", error)
            raise TransientError("the issuer of identities does not answer") from error
        except ValueError as error:
            _log.warning("the issuer gives no token: %r", error)
            raise InvalidArgumentError("the issuer does not take the code") from error
        token = told.get("id_token") if isinstance(told, dict) else None
        if not isinstance(token, str):
            raise InvalidArgumentError("the issuer does not say who you are (no id_token)")
        return token

    def _secret_header(self) -> dict[str, str]:
        path = self._settings.sign_in_secret_file
        if path is None:
            return {}
        secret = _secret(path)
        pair = f"{quote(self._settings.sign_in_client, safe='')}:{quote(secret, safe='')}"
        return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    async def _endpoints(self) -> Endpoints:
        """Give the addresses of the issuer, read anew once an hour."""
        if self._known is None or self._clock() - self._known_at > _FRESH:
            address = self._settings.sign_in_discovery
            try:
                async with self._turn():
                    told = json.loads(await asyncio.to_thread(fetch, address))
                self._known = endpoints_of(told, self._settings.token_issuer)
                self._known_at = self._clock()
            except _AWAY as error:
                _log.warning("the issuer at %s does not say where to sign in: %r", address, error)
                if self._known is None:
                    raise TransientError("the issuer of identities does not answer") from error
        return self._known

    def _turn(self) -> asyncio.Semaphore:
        """Take a turn to ask the issuer; raises TransientError where many do so just now."""
        if self._asking.locked():
            raise TransientError("many sign in at this moment")
        return self._asking


def endpoints_of(told: Any, issuer: str) -> Endpoints:
    """Read an openid-configuration; raises ValueError for what is none, or of another issuer."""
    if not isinstance(told, dict) or told.get("issuer") != issuer:
        raise ValueError(f"it is not of the issuer {issuer}")
    found = [
        told.get(name)
        for name in ("authorization_endpoint", "token_endpoint", "end_session_endpoint")
    ]
    for address in found:
        if address is not None and not (isinstance(address, str) and SAFE.match(address)):
            raise ValueError("it names an address that is not https")
    authorize, token, end = found
    if not authorize or not token:
        raise ValueError("it does not name where to sign in")
    return Endpoints(authorize, token, end)


def _with(address: str, asked: Mapping[str, str]) -> str:
    return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"


def _secret(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SetupError(f"VBP_SIGN_IN_SECRET_FILE: {path} cannot be read ({error})") from error

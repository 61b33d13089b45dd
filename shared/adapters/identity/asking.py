"""Asks every request who sends it: by an API key, or by a token of the issuer that is set."""

import re

from starlette.datastructures import Headers

from shared.adapters.identity.key_reader import KeyReader
from shared.adapters.identity.key_set import KeySet
from shared.adapters.identity.roles import unidentified
from shared.adapters.identity.settings import IdentitySettings
from shared.adapters.identity.tokens import Tokens
from shared.domain.errors import InvalidArgumentError
from shared.domain.principal import Principal

_BEARER = re.compile(r"bearer +([A-Za-z0-9._~+/=-]+)", re.ASCII | re.IGNORECASE)

_HOW = "Show a key or a token: `Authorization: Bearer …`. `vbp keys create` makes keys"


class Asking:
    """Identifies whom the one header `Authorization: Bearer` shows."""

    def __init__(self, reader: KeyReader, tokens: Tokens | None) -> None:
        self._reader = reader
        self._tokens = tokens

    async def close(self) -> None:
        """Let go of all connections."""
        await self._reader.close()

    async def identify(self, headers: Headers, method: str = "GET") -> Principal:
        """Give whose key or token it is; raises ProblemError (401) where nobody's."""
        told = headers.getlist("authorization")
        if not told:
            raise unidentified(_HOW)
        if len(told) > 1:
            problem = f"Authorization: was sent {len(told)} times. Send it once"
            raise unidentified(problem, error="invalid_request")
        found = _BEARER.fullmatch(told[0])
        if found is None:
            raise unidentified(f"Authorization: is no bearer. {_HOW}", error="invalid_request")
        return await self._identified(found[1])

    async def _identified(self, shown: str) -> Principal:
        if shown.startswith("vbp_"):
            principal = await self._reader.principal(shown)
            if principal is None:
                problem = "The key is not known, was revoked, or has expired. `vbp keys list` shows"
                raise unidentified(f"{problem} those that are taken", error="invalid_token")
            return principal
        if self._tokens is None:
            problem = "The key is none of ours, and no issuer of tokens is set (VBP_TOKEN_ISSUER)"
            raise unidentified(f"{problem}. {_HOW}", error="invalid_token")
        try:
            return await self._tokens.principal(shown)
        except InvalidArgumentError as error:
            raise unidentified(f"The token is not taken: {error}", error="invalid_token") from None


def asking(settings: IdentitySettings, database: str) -> Asking:
    """Make it as the settings want it; keys stand in `database`, a DSN."""
    tokens = None
    if settings.token_issuer:
        key_set = KeySet(settings.token_keys)
        tokens = Tokens(
            settings.token_issuer, settings.token_audience, settings.token_type, key_set
        )
    return Asking(KeyReader(database), tokens)

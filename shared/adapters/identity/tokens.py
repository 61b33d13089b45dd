"""Tokens of people and of machines (JWT, RFC 9068): read, checked, and whose they are.

What a token may do it says in claims of its own: `vbp_roles`, `vbp_jurisdictions` ("*" is all,
alone or in a list), `vbp_parties` (kind:code each), `vbp_sources`. What is absent is none.
"""

import re
from collections.abc import Mapping
from typing import Any

import jwt
from jwt.exceptions import (
    ExpiredSignatureError,
    ImmatureSignatureError,
    InvalidAudienceError,
    InvalidIssuerError,
    MissingRequiredClaimError,
    PyJWTError,
)

from shared.adapters.identity.key_set import KeySet
from shared.domain.errors import InvalidArgumentError
from shared.domain.principal import Principal, Role, party_of

ALGORITHMS = frozenset({"EdDSA", "ES256", "RS256"})
"""All that sign with a private key which we never see; each key goes with one of them."""

SKEW = 60
"""Seconds by which the issuer's clock may differ from ours."""

LONGEST = 8 << 10
"""Characters of a token; the head of a request has room for twice as many."""

_FORM = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+", re.ASCII)
_HEADER = frozenset({"alg", "typ", "kid", "x5t", "x5t#S256"})
_NAMED_AT_MOST = 1_000
_NAME = 256
_WRONG = {
    ExpiredSignatureError: "exp: the token has expired. Get a new one",
    ImmatureSignatureError: "nbf, iat: the token is not valid yet. Look at the clocks",
    InvalidAudienceError: "aud: the token is for another service. Get one for this service",
    InvalidIssuerError: "iss: the token is of another issuer. Get one of ours",
}


class Tokens:
    """Reads tokens of one issuer, for one audience, of one type; `untyped`: or of none."""

    def __init__(
        self, issuer: str, audience: str, kind: str, key_set: KeySet, *, untyped: bool = False
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._kinds = {kind.lower(), f"application/{kind}".lower()}
        self._key_set = key_set
        self._untyped = untyped

    async def principal(self, text: str) -> Principal:
        """Give whose token this is; raises as `claims` does."""
        return principal_of(await self.claims(text))

    async def claims(self, text: str) -> Mapping[str, Any]:
        """Give what a token says, once all that can be checked holds.

        Raises InvalidArgumentError that says what is wrong with it, and TransientError where the
        issuer's keys do not come.
        """
        if len(text) > LONGEST or _FORM.fullmatch(text) is None:
            raise InvalidArgumentError("it is neither a key of ours nor a signed token")
        header = self._header(text)
        key = await self._key_set.key(header["kid"])
        if key is None:
            raise InvalidArgumentError("kid: no key of the issuer has this id. Get a new token")
        if header["alg"] != key.algorithm:
            raise InvalidArgumentError(f"alg: the key that it names signs by {key.algorithm} alone")
        try:
            claims: Mapping[str, Any] = jwt.decode(
                text,
                key.key,
                algorithms=[key.algorithm],
                audience=self._audience,
                issuer=self._issuer,
                leeway=SKEW,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except MissingRequiredClaimError as error:
            raise InvalidArgumentError(f"{error.claim}: the token lacks it") from error
        except PyJWTError as error:
            found = next((text for kind, text in _WRONG.items() if isinstance(error, kind)), None)
            raise InvalidArgumentError(found or "its signature or a claim does not hold") from error
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise InvalidArgumentError("a claim cannot be read") from error
        return claims

    def _header(self, text: str) -> Mapping[str, Any]:
        try:
            header: Mapping[str, Any] = jwt.get_unverified_header(text)
        except (PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidArgumentError("its header cannot be read") from error
        if unknown := sorted(set(header) - _HEADER):
            names = ", ".join(name[:20] for name in unknown[:3] if name.isidentifier())
            raise InvalidArgumentError(f"its header says what is not taken here: {names}")
        algorithm = header.get("alg")
        if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
            raise InvalidArgumentError(f"alg: only {', '.join(sorted(ALGORITHMS))} are taken")
        kind = header.get("typ")
        untyped = self._untyped and kind is None
        if not untyped and (not isinstance(kind, str) or kind.lower() not in self._kinds):
            raise InvalidArgumentError(f"typ: only {min(self._kinds, key=len)} is taken")
        if not isinstance(header.get("kid"), str):
            raise InvalidArgumentError("kid: the token does not name its key")
        return header


def principal_of(claims: Mapping[str, Any]) -> Principal:
    """Give whom checked claims tell of; raises InvalidArgumentError for what cannot be meant."""
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= _NAME or not subject.isprintable():
        raise InvalidArgumentError("sub: names nobody")
    known = {role.value for role in Role}
    places = claims.get("vbp_jurisdictions", [])
    try:
        parties = frozenset(party_of(text) for text in _names(claims, "vbp_parties"))
    except ValueError as error:
        raise InvalidArgumentError(f"vbp_parties: {error}") from error
    return Principal(
        f"person:{subject}",
        frozenset(Role(name) for name in _names(claims, "vbp_roles") if name in known),
        None if places in ("*", ["*"]) else frozenset(_names(claims, "vbp_jurisdictions")),
        parties,
        frozenset(_names(claims, "vbp_sources")),
    )


def _names(claims: Mapping[str, Any], name: str) -> list[str]:
    told = claims.get(name, [])
    if not isinstance(told, list) or len(told) > _NAMED_AT_MOST:
        raise InvalidArgumentError(f"{name}: is no list of names")
    if not all(isinstance(one, str) for one in told):
        raise InvalidArgumentError(f"{name}: holds something else than names")
    return told

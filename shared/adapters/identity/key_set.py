"""The public keys of an issuer of tokens (JWKS), fetched from one fixed address and remembered."""

import asyncio
import http.client
import json
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from jwt import PyJWK
from jwt.exceptions import PyJWTError

from shared.adapters.identity.fetching import fetch
from shared.domain.errors import TransientError

_log = logging.getLogger(__name__)

FLOOR = 60.0
"""Seconds between two fetches at the least, whatever key a token names."""

FRESH = 3600.0
"""Seconds after which they are fetched again: so long a key that was taken back may be taken."""

STALE = 86_400.0
"""Seconds for which they are taken while their address does not answer."""

_KEYS_AT_MOST = 100
_RSA_BITS = 2048


class SigningKey(NamedTuple):
    """A public key, and the one algorithm that goes with it."""

    algorithm: str
    key: Any


class KeySet:
    """The keys at an address, by their ids."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._clock = clock
        self._keys: Mapping[str, SigningKey] = {}
        self._asked = self._fetched = float("-inf")
        self._fetching = asyncio.Lock()

    async def key(self, identity: str) -> SigningKey | None:
        """Give the key of an id; None where there is none.

        Raises TransientError where it is not known, since the address does not answer.
        """
        if identity not in self._keys or self._clock() - self._fetched > FRESH:
            async with self._fetching:
                await self._fetch_unless_just_asked(identity)
        age = self._clock() - self._fetched
        if age > STALE:
            raise TransientError(f"the keys of the issuer at {self._url} do not come. Try again")
        return self._keys.get(identity)

    async def _fetch_unless_just_asked(self, identity: str) -> None:
        known = identity in self._keys and self._clock() - self._fetched <= FRESH
        if known or self._clock() - self._asked < FLOOR:
            return
        self._asked = self._clock()
        try:
            self._keys = read(await asyncio.to_thread(fetch, self._url))
        except (OSError, http.client.HTTPException, ValueError) as error:
            _log.warning("the keys of the issuer at %s do not come: %r", self._url, error)
        else:
            self._fetched = self._clock()


def read(body: bytes) -> dict[str, SigningKey]:
    """Read a key set; keys that sign nothing we take, and ids that mean two keys, are left out.

    Raises ValueError for what is no key set.
    """
    told = json.loads(body)
    if not isinstance(told, dict) or not isinstance(told.get("keys"), list):
        raise ValueError("the answer is no key set")  # noqa: TRY004  # it is about the value
    found: dict[str, SigningKey] = {}
    twice: set[str] = set()
    for one in told["keys"][:_KEYS_AT_MOST]:
        key = _signing(one) if isinstance(one, dict) else None
        if key is None:
            continue
        identity = one["kid"]
        if identity in found:
            twice.add(identity)
        found[identity] = key
    return {identity: key for identity, key in found.items() if identity not in twice}


def _signing(told: Mapping[str, Any]) -> SigningKey | None:
    """Read a key; its kind alone says which algorithm it is for."""
    match told.get("kty"), told.get("crv"):
        case "RSA", None:
            algorithm = "RS256"
        case "EC", "P-256":
            algorithm = "ES256"
        case "OKP", "Ed25519":
            algorithm = "EdDSA"
        case _:
            return None
    fits = told.get("use", "sig") == "sig" and told.get("alg", algorithm) == algorithm
    if not fits or not isinstance(told.get("kid"), str) or "d" in told:
        return None
    try:
        key = PyJWK(dict(told), algorithm).key
    except (PyJWTError, ValueError, TypeError):
        return None
    if algorithm == "RS256" and key.key_size < _RSA_BITS:
        return None
    return SigningKey(algorithm, key)

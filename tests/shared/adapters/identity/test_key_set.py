import asyncio
import json

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from shared.adapters.identity.key_set import FLOOR, FRESH, STALE, KeySet, read
from shared.domain.errors import TransientError
from tests.support.issuer import Issuer, served

ISSUER = Issuer()


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def test_whatever_keys_tokens_name_the_issuer_is_asked_once_a_minute() -> None:
    issuer, clock = Issuer(ISSUER.private), Clock()
    with served(issuer) as address:
        keys = KeySet(address, clock)
        found = await asyncio.gather(*(keys.key(f"unknown {n}") for n in range(50)))
        assert (set(found), issuer.asked) == ({None}, 1)
        assert await keys.key("ES256") is not None
        clock.now += FLOOR
        await keys.key("unknown")
        await keys.key("unknown")
        assert issuer.asked == 2


async def test_keys_are_taken_while_their_address_is_away_but_not_for_ever() -> None:
    issuer, clock = Issuer(ISSUER.private), Clock()
    with served(issuer) as address:
        keys = KeySet(address, clock)
        assert await keys.key("ES256") is not None
        issuer.answers = False
        clock.now += FRESH + 1
        assert await keys.key("ES256") is not None
        clock.now += STALE
        with pytest.raises(TransientError, match="do not come"):
            await keys.key("ES256")
        issuer.answers = True
        clock.now += FLOOR
        assert await keys.key("ES256") is not None


async def test_a_key_that_was_taken_back_is_gone_within_the_hour() -> None:
    issuer, clock = Issuer(dict(ISSUER.private)), Clock()
    with served(issuer) as address:
        keys = KeySet(address, clock)
        assert await keys.key("RS256") is not None
        del issuer.private["RS256"]
        clock.now += FRESH + 1
        assert await keys.key("RS256") is None


def test_keys_that_sign_nothing_that_we_take_are_left_out() -> None:
    good = ISSUER.public("ES256")
    short = rsa.generate_private_key(65_537, 1024)  # noqa: S505  # which is why it is left out
    weak = json.loads(RSAAlgorithm.to_jwk(short.public_key()))
    told = [
        good,
        ISSUER.public("RS256") | {"kid": "encrypts", "use": "enc"},
        ISSUER.public("RS256") | {"kid": "other", "alg": "RS512"},
        ISSUER.public("EdDSA") | {"kid": "curve", "crv": "X25519"},
        weak | {"kid": "weak"},
        {"kty": "oct", "k": "c2VjcmV0", "kid": "secret", "alg": "HS256"},
        good | {"kid": None},
        good | {"kid": "broken", "x": "AAAA"},
        ISSUER.public("RS256") | {"kid": "twice"},
        ISSUER.public("EdDSA") | {"kid": "twice"},
        5,
    ]
    assert read(json.dumps({"keys": told}).encode()).keys() == {"ES256"}


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff"])
def test_what_is_no_key_set_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"key set|Expecting|codec"):
        read(body)

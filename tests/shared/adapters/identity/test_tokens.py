"""Forged tokens of many kinds are refused, honest ones taken, whatever else the request holds."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.datastructures import Headers

from shared.adapters.identity.asking import Asking, asking
from shared.adapters.identity.settings import IdentitySettings
from shared.adapters.problems import ProblemError
from shared.domain.principal import Party, Principal, Role
from tests.support.issuer import AUDIENCE, ISSUER, Issuer, a_claim_set, raw, served

NOBODY = "postgresql://nobody@127.0.0.1:1/nowhere"
NOW = int(time.time())


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture(scope="module")
def asker(issuer: Issuer) -> Iterator[Asking]:
    with served(issuer) as address:
        yield asking(
            IdentitySettings(
                identity="required",
                token_issuer=ISSUER,
                token_audience=AUDIENCE,
                token_keys=address,
            ),
            NOBODY,
        )


async def shown(asker: Asking, *values: str) -> Principal:
    return await asker.identify(Headers(raw=[(b"authorization", one.encode()) for one in values]))


async def refused(asker: Asking, *values: str) -> str:
    with pytest.raises(ProblemError) as caught:
        await shown(asker, *values)
    assert caught.value.status == 401
    assert caught.value.headers["WWW-Authenticate"].startswith('Bearer realm="vbp"')
    return str(caught.value)


def forged(issuer: Issuer) -> dict[str, str]:
    """Tokens that must not be taken, by what is wrong with each."""
    good, head = issuer.token(), {"alg": "ES256", "kid": "ES256", "typ": "at+jwt"}
    first, middle, last = good.split(".")
    pem = (
        issuer.private["RS256"]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    other, weak = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65_537, 2048)
    symmetric = jwt.api_jws.PyJWS()
    hmac_key = base64.urlsafe_b64encode(pem).decode()
    return {
        "no algorithm": jwt.encode(a_claim_set(), "", "none", headers={"kid": "ES256"}),
        "none, spelt otherwise": raw(head | {"alg": "nOnE"}, a_claim_set(), b""),
        "none, with a signature": raw(head | {"alg": "none"}, a_claim_set()),
        "HS256 by the public key": symmetric.encode(
            json.dumps(a_claim_set()).encode(),
            hmac_key,
            "HS256",
            headers={"kid": "RS256", "typ": "at+jwt"},
        ),
        "HS384 named": raw(head | {"alg": "HS384"}, a_claim_set()),
        "PS256 named": raw(head | {"alg": "PS256"}, a_claim_set()),
        "ES512 named": raw(head | {"alg": "ES512"}, a_claim_set()),
        "an algorithm that is a list": raw(head | {"alg": ["ES256"]}, a_claim_set()),
        "no algorithm named": raw({"kid": "ES256", "typ": "at+jwt"}, a_claim_set()),
        "the algorithm of another key": raw(head | {"alg": "RS256"}, a_claim_set()),
        "the key of another": issuer.token(signed_by=(other, "ES256")),
        "another key of RSA": issuer.token("RS256", signed_by=(weak, "RS256")),
        "RS256 under the id of ES256": issuer.token(
            header={"kid": "ES256"}, signed_by=(issuer.private["RS256"], "RS256")
        ),
        "no signature": f"{first}.{middle}.",
        "half a signature": f"{first}.{middle}.{last[:40]}",
        "a signature of zeros": f"{first}.{middle}." + "A" * 86,
        "other claims under the signature": f"{first}.{middle[:-4]}AAAA.{last}",
        "another header over the signature": f"{first[:-4]}AAAA.{middle}.{last}",
        "another issuer": issuer.token(iss="https://evil.example"),
        "an issuer that begins so": issuer.token(iss=ISSUER + ".evil.example"),
        "an issuer that is a list": issuer.token(
            signed_by=None, iss=None, iss_=[ISSUER]
        ),
        "no issuer": issuer.token(iss=None),
        "another audience": issuer.token(aud="account"),
        "several audiences, none of them ours": issuer.token(aud=["a", "b"]),
        "no audience": issuer.token(aud=None),
        "expired": issuer.token(exp=NOW - 90),
        "no end": issuer.token(exp=None),
        "an end that is a text": issuer.token(exp="never"),
        "an end without end": raw(head, a_claim_set() | {"exp": float("inf")}),
        "not valid yet": issuer.token(nbf=NOW + 90_000),
        "issued tomorrow": issuer.token(iat=NOW + 90_000),
        "no subject": issuer.token(sub=None),
        "an empty subject": issuer.token(sub=""),
        "a subject with a line end": issuer.token(sub="liwj\nrole=operator"),
        "an identity token": issuer.token(header={"typ": "JWT"}),
        "a logout token": issuer.token(header={"typ": "logout+jwt"}),
        "no type": issuer.token(header={"typ": None}),
        "an unknown key": issuer.token(header={"kid": "../../dev/null"}),
        "a key id that is SQL": issuer.token(header={"kid": "' OR 1=1 --"}),
        "no key id": raw({"alg": "ES256", "typ": "at+jwt"}, a_claim_set()),
        "a key id that is a number": raw(head | {"kid": 5}, a_claim_set()),
        "a key of its own": issuer.token(
            header={"jwk": {"kty": "EC"}}, signed_by=(other, "ES256")
        ),
        "an address of keys": issuer.token(header={"jku": "https://evil.example/keys"}),
        "an address of certificates": issuer.token(header={"x5u": "https://evil.example/c"}),
        "a critical extension": issuer.token(header={"crit": ["b64"], "b64": False}),
        "nested": issuer.token(header={"cty": "JWT"}),
        "huge": issuer.token(sub="a" * 20_000),
        "huge by its parties": issuer.token(vbp_parties=["hospital:H"] * 900),
        "roles that are a text": issuer.token(vbp_roles="auditor"),
        "roles that are numbers": issuer.token(vbp_roles=[1]),
        "a party of no kind": issuer.token(vbp_parties=["H1"]),
        "jurisdictions that are a text": issuer.token(vbp_jurisdictions="cn-sx"),
        "two parts": f"{first}.{middle}",
        "five parts": f"{first}.a.b.c.d",
        "claims that are a list": raw(head, [1]),
        "a header that is a list": raw([1], a_claim_set()),
        "a header in brackets without end": "W1tb" * 1_000 + f".{middle}.{last}",
    }  # fmt: skip


KINDS = sorted(forged(Issuer()))


@pytest.mark.parametrize("kind", KINDS)
async def test_a_forged_token_is_refused(issuer: Issuer, asker: Asking, kind: str) -> None:
    token = forged(issuer)[kind]
    detail = await refused(asker, f"Bearer {token}")
    assert token not in detail


def test_forty_kinds_are_told_apart() -> None:
    assert len(KINDS) >= 40


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"exp": -30},
        {"nbf": 30, "iat": 30},
        {"nbf": None, "iat": None},
        {"aud": ["other", AUDIENCE]},
        {"sub": "李文静"},
        {"vbp_parties": None},
        {"unknown": {"deep": [1]}},
        {"header": {"typ": "application/at+jwt"}},
        {"header": {"typ": "AT+JWT"}},
        {"header": {"x5t": "abc"}},
        {"jti": "1"},
        {"scope": "openid"},
        {"azp": "console"},
    ],
    ids=str,
)
async def test_an_honest_token_is_taken(
    issuer: Issuer, asker: Asking, algorithm: str, claims: dict[str, Any]
) -> None:
    # Instants are told as seconds from now: the test may wait for its turn.
    now = int(time.time())
    told: dict[str, Any] = {n: v + now if isinstance(v, int) else v for n, v in claims.items()}
    principal = await shown(asker, f"Bearer {issuer.token(algorithm, **told)}")
    assert principal == Principal(
        f"person:{claims.get('sub', 'liwj')}", frozenset({Role.AUDITOR}), frozenset({"cn-sx"})
    )


async def test_a_token_gives_what_it_says_and_nothing_that_it_does_not(
    issuer: Issuer, asker: Asking
) -> None:
    told: dict[str, Any] = {
        "vbp_roles": ["party", "root"],
        "vbp_parties": ["hospital:H1"],
        "vbp_sources": ["/a"],
    }
    one = await shown(asker, f"Bearer {issuer.token(**told, vbp_jurisdictions='*')}")
    assert one.roles == {Role.PARTY}
    assert one.jurisdictions is None
    assert await shown(asker, f"Bearer {issuer.token(**told, vbp_jurisdictions=['*'])}") == one
    several = await shown(asker, f"Bearer {issuer.token(vbp_jurisdictions=['*', 'cn-sx'])}")
    assert several.jurisdictions == frozenset({"*", "cn-sx"})
    assert one.parties == {Party("hospital", "H1")}
    assert one.sources == frozenset({"/a"})
    bare = await shown(asker, f"Bearer {issuer.token(vbp_roles=None, vbp_jurisdictions=None)}")
    assert bare == Principal("person:liwj", frozenset(), frozenset())


async def test_a_header_that_comes_twice_is_refused(issuer: Issuer, asker: Asking) -> None:
    good = f"Bearer {issuer.token()}"
    assert "2 times" in await refused(asker, good, good)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic {}", "{}", "Bearer {} x", "Bearer  \t{}", "Bearer {},{}",
     "DPoP {}", "Bearer\u00a0{}", "Bearer {}\u0000", " Bearer {}"],
)  # fmt: skip
async def test_what_is_no_bearer_is_refused(issuer: Issuer, asker: Asking, header: str) -> None:
    await refused(asker, header.replace("{}", issuer.token()))


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(header=st.text() | st.text().map("Bearer {}".format) | st.binary().map(str))
async def test_whatever_a_header_holds_nobody_is_identified(asker: Asking, header: str) -> None:
    try:
        await refused(asker, header)
    except UnicodeEncodeError:
        return


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(at=st.integers(0, 10_000), to=st.sampled_from("ABCabc012-_.="))
async def test_a_token_with_another_letter_is_refused(
    issuer: Issuer, asker: Asking, at: int, to: str
) -> None:
    good = issuer.token("EdDSA")
    place = at % (len(good) - 1)
    if good[place] != to:
        await refused(asker, f"Bearer {good[:place]}{to}{good[place + 1 :]}")

"""Tokens that must be taken, and tokens of many kinds that must not, with what is wrong."""

import base64
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.support.issuer import AUDIENCE, ISSUER, Issuer, a_claim_set, raw

ALGORITHMS = ("EdDSA", "ES256", "RS256")

HONEST: Mapping[str, Mapping[str, Any]] = {
    "as issuers make them": {},
    "just expired, by a clock that is ahead": {"exp": -30},
    "valid in a moment, by a clock that is behind": {"nbf": 30, "iat": 30},
    "without a beginning": {"nbf": None, "iat": None},
    "for several audiences": {"aud": ["other", AUDIENCE]},
    "of somebody Chinese": {"sub": "李文静"},
    "without parties": {"vbp_parties": None},
    "with a claim that nobody knows": {"unknown": {"deep": [1]}},
    "of the whole type": {"header": {"typ": "application/at+jwt"}},
    "of the type in capitals": {"header": {"typ": "AT+JWT"}},
    "with a thumbprint": {"header": {"x5t": "abc"}},
    "with an id": {"jti": "1"},
    "with a scope": {"scope": "openid"},
    "with the client that asked": {"azp": "console"},
}
"""What is told otherwise than usual, instants as seconds from now; all are auditor liwj's."""

_FORM = "it is neither a key of ours nor a signed token"
_ALG = "alg: only"
_PINNED = "alg: the key that it names signs by"
_HELD = "its signature or a claim does not hold"
_HEADER = "its header cannot be read"
_SAYS = "its header says what is not taken here: "
_TYPE = "typ: only at+jwt is taken"
_KEY = "kid: no key of the issuer has this id"


class Forged(NamedTuple):
    """A token, and how the reason begins for which it is refused."""

    token: str
    why: str


def forged(issuer: Issuer) -> dict[str, Forged]:
    """Tokens that must not be taken, by what is wrong with each."""
    return {
        **_of_other_algorithms(issuer),
        **_of_other_keys(issuer),
        **_with_other_headers(issuer),
        **_with_other_claims(issuer),
        **_of_other_forms(issuer),
    }


def _of_other_algorithms(issuer: Issuer) -> dict[str, Forged]:
    head, claims = {"alg": "ES256", "kid": "ES256", "typ": "at+jwt"}, a_claim_set()
    public = issuer.private["RS256"].public_key()
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    by_public_key = jwt.api_jws.PyJWS().encode(
        json.dumps(claims).encode(),
        base64.urlsafe_b64encode(pem).decode(),
        "HS256",
        headers={"kid": "RS256", "typ": "at+jwt"},
    )
    unsigned = jwt.encode(claims, "", "none", headers={"kid": "ES256"})
    return {
        "no algorithm": Forged(unsigned, _FORM),
        "none, spelt otherwise": Forged(raw(head | {"alg": "nOnE"}, claims, b""), _FORM),
        "none, with a signature": Forged(raw(head | {"alg": "none"}, claims), _ALG),
        "HS256 by the public key": Forged(by_public_key, _ALG),
        "HS384 named": Forged(raw(head | {"alg": "HS384"}, claims), _ALG),
        "PS256 named": Forged(raw(head | {"alg": "PS256"}, claims), _ALG),
        "ES512 named": Forged(raw(head | {"alg": "ES512"}, claims), _ALG),
        "es256 in small letters": Forged(raw(head | {"alg": "es256"}, claims), _ALG),
        "an algorithm that is a list": Forged(raw(head | {"alg": ["ES256"]}, claims), _ALG),
        "no algorithm named": Forged(raw({"kid": "ES256", "typ": "at+jwt"}, claims), _ALG),
        "the algorithm of another key": Forged(raw(head | {"alg": "RS256"}, claims), _PINNED),
    }


def _of_other_keys(issuer: Issuer) -> dict[str, Forged]:
    curve, rsa_key = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65_537, 2048)
    ours = issuer.private["RS256"]
    first, middle, last = issuer.token().split(".")
    named = issuer.token(header={"kid": "ES256"}, signed_by=(ours, "RS256"))
    return {
        "the key of another": Forged(issuer.token(signed_by=(curve, "ES256")), _HELD),
        "another key of RSA": Forged(issuer.token("RS256", signed_by=(rsa_key, "RS256")), _HELD),
        "RS256 under the id of ES256": Forged(named, _PINNED),
        "no signature": Forged(f"{first}.{middle}.", _FORM),
        "half a signature": Forged(f"{first}.{middle}.{last[:40]}", _HELD),
        "a signature of zeros": Forged(f"{first}.{middle}." + "A" * 86, _HELD),
        "a signature of another token": Forged(f"{first}.{middle}.{_signature(issuer)}", _HELD),
        "other claims under the signature": Forged(f"{first}.{middle[:-4]}AAAA.{last}", _HELD),
        "another header over the signature": Forged(f"{first[:-4]}AAAA.{middle}.{last}", _HEADER),
        "an unknown key": Forged(issuer.token(header={"kid": "../../dev/null"}), _KEY),
        "a key id that is SQL": Forged(issuer.token(header={"kid": "' OR 1=1 --"}), _KEY),
        "an empty key id": Forged(issuer.token(header={"kid": ""}), _KEY),
    }


def _with_other_headers(issuer: Issuer) -> dict[str, Forged]:
    head, claims = {"alg": "ES256", "typ": "at+jwt"}, a_claim_set()
    other = (ec.generate_private_key(ec.SECP256R1()), "ES256")
    own_key = issuer.token(header={"jwk": {"kty": "EC"}}, signed_by=other)
    elsewhere = "https://evil.example/keys"
    return {
        "an identity token": Forged(issuer.token(header={"typ": "JWT"}), _TYPE),
        "a logout token": Forged(issuer.token(header={"typ": "logout+jwt"}), _TYPE),
        "no type": Forged(issuer.token(header={"typ": None}), _TYPE),
        "no key id": Forged(raw(head, claims), "kid: the token does not name its key"),
        "a key id that is a number": Forged(raw(head | {"kid": 5}, claims), _HEADER),
        "a key of its own": Forged(own_key, f"{_SAYS}jwk"),
        "an address of keys": Forged(issuer.token(header={"jku": elsewhere}), f"{_SAYS}jku"),
        "an address of certificates": Forged(
            issuer.token(header={"x5u": elsewhere}), f"{_SAYS}x5u"
        ),
        "a chain of certificates": Forged(issuer.token(header={"x5c": ["MII"]}), f"{_SAYS}x5c"),
        "a critical extension": Forged(issuer.token(header={"crit": ["exp"]}), _HEADER),
        "claims that are elsewhere": Forged(
            issuer.token(header={"crit": ["b64"], "b64": False}), _FORM
        ),
        "nested": Forged(issuer.token(header={"cty": "JWT"}), f"{_SAYS}cty"),
        "packed": Forged(issuer.token(header={"zip": "DEF"}), f"{_SAYS}zip"),
    }


def _with_other_claims(issuer: Issuer) -> dict[str, Forged]:
    now, lacks = int(time.time()), "the token lacks it"
    issued, late = "iss: the token is of another issuer", "nbf, iat: the token is not valid yet"
    meant, nobody = "aud: the token is for another service", "sub: names nobody"
    wrong: dict[str, tuple[dict[str, Any], str]] = {
        "another issuer": ({"iss": "https://evil.example"}, issued),
        "an issuer that begins so": ({"iss": ISSUER + ".evil.example"}, issued),
        "an issuer with a slash more": ({"iss": ISSUER + "/"}, issued),
        "an issuer that is a list": ({"iss": [ISSUER]}, issued),
        "no issuer": ({"iss": None}, f"iss: {lacks}"),
        "another audience": ({"aud": "account"}, meant),
        "several audiences, none of them ours": ({"aud": ["a", "b"]}, meant),
        "an audience that holds ours": ({"aud": f"{AUDIENCE}-console"}, meant),
        "no audience": ({"aud": None}, f"aud: {lacks}"),
        "expired": ({"exp": now - 90}, "exp: the token has expired"),
        "no end": ({"exp": None}, f"exp: {lacks}"),
        "an end that is a text": ({"exp": "never"}, _HELD),
        "an end without end": ({"exp": float("inf")}, _HELD),
        "not valid yet": ({"nbf": now + 90_000}, late),
        "issued tomorrow": ({"iat": now + 90_000}, late),
        "no subject": ({"sub": None}, f"sub: {lacks}"),
        "a subject that is a number": ({"sub": 5}, _HELD),
        "an empty subject": ({"sub": ""}, nobody),
        "a subject with a line end": ({"sub": "liwj\nrole=operator"}, nobody),
        "a subject without end": ({"sub": "a" * 300}, nobody),
        "roles that are a text": ({"vbp_roles": "auditor"}, "vbp_roles: is no list"),
        "roles that are numbers": ({"vbp_roles": [1]}, "vbp_roles: holds something else"),
        "a party of no kind": ({"vbp_parties": ["H1"]}, "vbp_parties: 'H1' is no party"),
        "jurisdictions that are a text": (
            {"vbp_jurisdictions": "cn-sx"},
            "vbp_jurisdictions: is no list",
        ),
        "sources without end": ({"vbp_sources": ["a"] * 1_001}, "vbp_sources: is no list"),
    }
    return {
        kind: Forged(_signed(issuer, a_claim_set() | claims), why)
        for kind, (claims, why) in wrong.items()
    }


def _of_other_forms(issuer: Issuer) -> dict[str, Forged]:
    first, middle, last = issuer.token().split(".")
    brackets = "W1tb" * 1_000 + f".{middle}.{last}"
    return {
        "huge": Forged(issuer.token(sub="a" * 20_000), _FORM),
        "huge by its parties": Forged(issuer.token(vbp_parties=["hospital:H"] * 900), _FORM),
        "two parts": Forged(f"{first}.{middle}", _FORM),
        "five parts": Forged(f"{first}.a.b.c.d", _FORM),
        "padded": Forged(f"{first}.{middle}.{last}=", _FORM),
        "claims that are a list": Forged(_signed(issuer, [1]), _HELD),
        "a header that is a list": Forged(raw([1], a_claim_set()), _HEADER),
        "a header in brackets without end": Forged(brackets, _HEADER),
    }


def _signed(issuer: Issuer, claims: Any) -> str:
    """Sign claims of any form as the issuer would, which its library keeps from some of them."""
    if isinstance(claims, dict):
        claims = {name: value for name, value in claims.items() if value is not None}
    header = {"kid": "ES256", "typ": "at+jwt"}
    payload = json.dumps(claims).encode()
    return jwt.api_jws.PyJWS().encode(payload, issuer.private["ES256"], "ES256", headers=header)


def _signature(issuer: Issuer) -> str:
    return issuer.token(sub="somebody-else").rpartition(".")[2]

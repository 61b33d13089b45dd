"""An issuer of tokens as tests know it: keys of three kinds, served over HTTP, and their tokens.

It signs people in as well, and checks what a console owes it: address, client, secret, PKCE.
`python -m tests.support.issuer` serves one for work on the console, and says what to set.
"""

import base64
import hashlib
import http.server
import json
import secrets
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from html import escape
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from typing_extensions import override

from shared.adapters.identity.invented import INVENTED

ISSUER = "https://issuer.example"
AUDIENCE = "vbp"
CONSOLE = "vbp-console"

_MAKERS: dict[str, Any] = {
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "RS256": (lambda: rsa.generate_private_key(65_537, 2048), RSAAlgorithm),
}


@dataclass
class Issuer:
    """Private keys by the algorithm that they sign by, which is the `kid` of each."""

    private: dict[str, Any] = field(
        default_factory=lambda: {name: make() for name, (make, _) in _MAKERS.items()}
    )
    asked: int = 0
    answers: bool = True
    client: str = CONSOLE
    secret: str = ""
    codes: dict[str, tuple[dict[str, str], str]] = field(default_factory=dict)
    endpoints: dict[str, Any] = field(default_factory=dict)
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    def public(self, algorithm: str) -> dict[str, Any]:
        """The public key as a JWK."""
        kind = _MAKERS[algorithm][1]
        told: dict[str, Any] = json.loads(kind.to_jwk(self.private[algorithm].public_key()))
        return told | {"kid": algorithm, "use": "sig", "alg": algorithm}

    def key_set(self) -> bytes:
        """All public keys."""
        return json.dumps({"keys": [self.public(name) for name in self.private]}).encode()

    def token(
        self,
        algorithm: str = "ES256",
        *,
        header: dict[str, Any] | None = None,
        signed_by: tuple[Any, str] | None = None,
        **claims: Any,
    ) -> str:
        """A token that is taken, but for what is said here; a claim that is None is left out."""
        key, signing = signed_by or (self.private[algorithm], algorithm)
        told = a_claim_set() | claims
        head = {"kid": algorithm, "typ": "at+jwt"} | (header or {})
        kept = {name: value for name, value in told.items() if value is not None}
        return jwt.encode(kept, key, signing, headers=head)

    def sign_in(self, address: str, **claims: Any) -> str:
        """Sign somebody in who was sent to `address`, and give the code."""
        asked = dict(parse_qsl(urlsplit(address).query))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == self.client
        assert asked["code_challenge_method"] == "S256"
        told = {"aud": self.client, "nonce": asked["nonce"]} | claims
        code = secrets.token_urlsafe()
        self.codes[code] = (
            asked,
            self.token(header={"typ": "JWT"} | told.pop("header", {}), **told),
        )
        return code

    def page(self, path: str) -> str:
        """The page on which somebody says who they are: one link for each."""
        back = dict(parse_qsl(urlsplit(path).query))
        lines = []
        for name, claims in self.people.items():
            query = urlencode({"state": back["state"], "code": self.sign_in(path, **claims)})
            lines.append(f'<p><a href="{escape(back["redirect_uri"])}?{escape(query)}">{name}</a>')
        return "<!doctype html><title>issuer</title>" + "".join(lines)

    def change(self, form: dict[str, str], authorization: str) -> dict[str, str] | None:
        """Change a code for a token, once, for whom it was made; None otherwise."""
        asked, token = self.codes.pop(form.get("code", ""), ({}, ""))
        sum_of = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(sum_of).rstrip(b"=").decode()
        pair = base64.b64encode(f"{self.client}:{self.secret}".encode()).decode()
        honest = (
            form.get("grant_type") == "authorization_code"
            and challenge == asked.get("code_challenge")
            and form.get("redirect_uri") == asked.get("redirect_uri")
            and form.get("client_id") == self.client
            and authorization == (f"Basic {pair}" if self.secret else "")
        )
        return {"id_token": token, "access_token": "opaque"} if honest else None


def a_claim_set() -> dict[str, Any]:
    """The claims of an auditor's token that is taken now."""
    now = int(time.time())
    return {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "liwj",
        "iat": now,
        "nbf": now,
        "exp": now + 300,
        "vbp_roles": ["auditor"],
        "vbp_jurisdictions": ["cn-sx"],
    }


def raw(header: Any, claims: Any, signature: bytes = b"x") -> str:
    """A token of any parts, signed by nobody."""
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@contextmanager
def served(issuer: Issuer) -> Iterator[str]:
    """Serve the issuer on this machine; gives the address of its keys."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            self.send_response(200 if issuer.answers else 503)
            self.send_header("content-type", "text/html" if "authorize" in self.path else "json")
            self.end_headers()
            here = f"http://127.0.0.1:{server.server_port}"
            told = {
                "issuer": ISSUER,
                "authorization_endpoint": "https://issuer.example/authorize",
                "token_endpoint": f"{here}/token",
                "end_session_endpoint": "https://issuer.example/end",
            } | issuer.endpoints
            about = json.dumps(told).encode()
            if self.path.startswith("/authorize?"):
                self.wfile.write(issuer.page(self.path).encode())
            else:
                self.wfile.write(about if self.path == "/openid" else issuer.key_set())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            told = issuer.change(dict(parse_qsl(body)), self.headers.get("authorization", ""))
            self.send_response(400 if told is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(told or {"error": "invalid_grant"}).encode())

        @override
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/keys"
        finally:
            server.shutdown()
            thread.join()


def with_people() -> Issuer:
    """An issuer that knows the invented people of the demo."""
    issuer = Issuer()
    for one in INVENTED.values():
        who = one.principal
        issuer.people[one.en] = {
            "sub": who.subject.removeprefix("person:"),
            "vbp_roles": sorted(who.roles),
            "vbp_jurisdictions": "*",
            "vbp_parties": [f"{party.kind}:{party.code}" for party in who.parties],
        }
    return issuer


def main() -> None:
    """Serve one until Ctrl-C, and say what to set for `vbp serve compliance`."""
    issuer = with_people()
    with served(issuer) as keys:
        here = keys.removesuffix("/keys")
        issuer.endpoints = {"authorization_endpoint": f"{here}/authorize"}
        told = {
            "IDENTITY": "required",
            "TOKEN_ISSUER": ISSUER,
            "TOKEN_AUDIENCE": AUDIENCE,
            "TOKEN_KEYS": keys,
            "SIGN_IN_URL": "http://127.0.0.1:8003",
            "SIGN_IN_CLIENT": CONSOLE,
            "SIGN_IN_DISCOVERY": f"{here}/openid",
        }
        sys.stdout.writelines(f"export VBP_{name}={value}\n" for name, value in told.items())
        sys.stdout.flush()
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()

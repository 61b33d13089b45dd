"""An issuer of tokens as tests know it: keys of three kinds, served over HTTP, and their tokens."""

import base64
import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from typing_extensions import override

ISSUER = "https://issuer.example"
AUDIENCE = "vbp"

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
    """Serve the issuer's keys on this machine; gives their address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            issuer.asked += 1
            self.send_response(200 if issuer.answers else 503)
            self.end_headers()
            self.wfile.write(issuer.key_set())

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

"""Asks the issuer of identities over HTTP: one address, followed nowhere, a small answer."""

import http.client
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

_BYTES = 256 << 10
_WITHIN = 5.0


def fetch(url: str) -> bytes:
    """Fetch an address; raises OSError, HTTPException, ValueError."""
    return _asked("GET", url, None, {})


def send_form(url: str, form: Mapping[str, str], headers: Mapping[str, str]) -> bytes:
    """Send a form to an address; raises OSError, HTTPException, ValueError."""
    kind = {"content-type": "application/x-www-form-urlencoded"}
    return _asked("POST", url, urlencode(form).encode(), {**headers, **kind})


def _asked(method: str, url: str, body: bytes | None, headers: Mapping[str, str]) -> bytes:
    where = urlsplit(url)
    kind = http.client.HTTPSConnection if where.scheme == "https" else http.client.HTTPConnection
    connection = kind(where.hostname or "", where.port, timeout=_WITHIN)
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        connection.request(method, path, body, {"accept": "application/json", **headers})
        answer = connection.getresponse()
        told = answer.read(_BYTES + 1)
    finally:
        connection.close()
    if answer.status != http.client.OK or len(told) > _BYTES:
        raise ValueError(f"it answers {answer.status} with {len(told)} bytes")
    return told

"""One attempt to sign in: what a browser keeps of it, and comes back with."""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

BACK = "/signed-in"
"""Where the issuer sends the browser back to."""

_LONGEST = 4_000
_PATH = 1_024
_OURS = re.compile(r"/(?![/\\])[^\\]*", re.ASCII)


class Attempt(NamedTuple):
    """What one browser must show again when the issuer sends it back; `to` is where it wanted."""

    state: str
    nonce: str
    verifier: str
    to: str

    def text(self) -> str:
        """Write it for a cookie."""
        return ".".join((self.state, self.nonce, self.verifier, quote(self.to, safe="")))


class Back(NamedTuple):
    """What the issuer sends a browser back with; empty where it says nothing."""

    state: str
    code: str
    error: str
    iss: str


def attempt_of(text: str) -> Attempt | None:
    """Read what a browser kept; None for what is none."""
    parts = text.split(".", len(Attempt._fields) - 1)
    if len(text) > _LONGEST or len(parts) != len(Attempt._fields) or not all(parts):
        return None
    state, nonce, verifier, to = parts
    return Attempt(state, nonce, verifier, local_path(unquote(to)))


def local_path(told: str) -> str:
    r"""Give a path of ours as it was told; `/` for whatever a browser might take for another place.

    Browsers read `//host` and `/\host` as other machines, and leave out what they cannot print.
    """
    path, _, query = told.partition("?")
    plain = told.isprintable() and told.isascii() and len(told) <= _PATH
    if not plain or _OURS.fullmatch(path) is None or "\\" in query or "#" in query:
        return "/"
    return told

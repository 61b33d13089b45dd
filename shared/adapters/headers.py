"""What every answer says to browsers: nothing of ours is framed, guessed at, cached or told on."""

import base64
import hashlib
import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cache-control": "no-store",
}
"""The headers of an answer that is data; a page that needs more says so itself."""

_PAGES = {"/docs", "/redoc", "/docs/oauth2-redirect"}
"""The pages of FastAPI's documentation: nothing that a client sent stands in them."""

_FILES = "/static-offline-docs/"
"""Their scripts and styles, which are those of this version."""

_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)


class Secured:
    """ASGI middleware: gives each answer the headers of SECURITY that it does not have itself."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        path = scope.get("path", "")
        start: Message = {}

        async def secured(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if path.startswith(_FILES):
                    headers.setdefault("cache-control", "max-age=3600")
                if path in _PAGES and headers.get("content-type", "").startswith("text/html"):
                    start = message  # Its policy names the scripts that only its body shows.
                    return
                _add(headers)
            elif start:
                headers = MutableHeaders(scope=start)
                headers["content-security-policy"] = policy_of_page(message.get("body", b""))
                _add(headers)
                await send(start)
                start = {}
            await send(message)

        await self._app(scope, receive, secured if scope["type"] == "http" else send)


def _add(headers: MutableHeaders) -> None:
    for name, value in SECURITY.items():
        headers.setdefault(name, value)


def policy_of_page(html: bytes) -> str:
    """Give the content security policy under which a page of documentation works.

    Its own inline scripts are named by their sums; all else comes from this service.
    """
    sums = " ".join(f"'sha256-{_sum(script)}'" for script in _SCRIPT.findall(html))
    return (
        f"default-src 'none'; script-src 'self' {sums}; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def _sum(script: bytes) -> str:
    return base64.b64encode(hashlib.sha256(script).digest()).decode()

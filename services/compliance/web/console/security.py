"""That a form was sent by one of our own pages, and by whoever saw it."""

import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response

from services.compliance.web.bodies import read_form
from shared.adapters.problems import ProblemError

COOKIE: Final = "vbp-form"
_MOST_FIELDS: Final = 50


def token_of(request: Request) -> str:
    """Give the token that forms of this browser carry: that of its cookie, or a new one."""
    held = request.cookies.get(COOKIE, "")
    return held if len(held) == len(secrets.token_urlsafe()) else secrets.token_urlsafe()


def hand_out(response: Response, request: Request, token: str) -> None:
    """Give the browser the token, which it shows to our own pages alone.

    It must say where a form came from, which it does not under the usual policy.
    """
    response.headers["referrer-policy"] = "same-origin"
    if request.cookies.get(COOKIE) != token:
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, httponly=True, samesite="strict", secure=secure)


async def read_ours(request: Request) -> Mapping[str, str]:
    """Read a form; raises ProblemError (403) for one that no page of ours has sent."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise _foreign(f"it comes from {origin}")
    body = (await read_form(request)).decode(errors="replace")
    try:
        form = dict(parse_qsl(body, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError as error:
        raise ProblemError(400, "form", f"the form has more than {_MOST_FIELDS} fields") from error
    held, sent = request.cookies.get(COOKIE, ""), form.get("token", "")
    if not held or not secrets.compare_digest(held.encode(), sent.encode()):
        raise _foreign("its token is not the one of this browser")
    return form


def _foreign(why: str) -> ProblemError:
    detail = f"This form was not sent by a page of this service: {why}. Load the page and try again"
    return ProblemError(403, "foreign-form", detail)

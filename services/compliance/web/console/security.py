"""That a form was sent by one of our own pages, and by whoever saw it."""

import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request, Response

from services.compliance.web.bodies import MULTIPART, read_files, read_form
from services.compliance.web.console.uploads import fields_of
from shared.adapters.problems import ProblemError

COOKIE: Final = "vbp-form"
_MOST_FIELDS: Final = 50
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


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


class Form(NamedTuple):
    """A form that one of our pages has sent, with its fields in their order, and its files."""

    fields: Sequence[tuple[str, str]]
    files: Sequence[tuple[str, bytes]] = ()

    @property
    def told(self) -> Mapping[str, str]:
        """Give the last value of each field."""
        return dict(self.fields)


def read_number(told: str) -> int:
    """Read a number that a page of ours put into a form; raises ValueError for any other text."""
    if _NUMBER.fullmatch(told) is None:
        raise ValueError("the form holds a number that is none of ours")
    return int(told)


async def read_ours(request: Request) -> Mapping[str, str]:
    """Read a form; raises ProblemError (403) for one that no page of ours has sent."""
    return (await read_fields(request)).told


async def read_fields(request: Request, most: int = _MOST_FIELDS) -> Form:
    """Read a form whose fields may stand several times, as `read_ours` does."""
    _check_origin(request)
    body = (await read_form(request)).decode(errors="replace")
    try:
        form = Form(parse_qsl(body, keep_blank_values=True, max_num_fields=most))
    except ValueError as error:
        raise ProblemError(400, "form", f"the form has more than {most} fields") from error
    return _checked(request, form)


async def read_ours_with_files(request: Request, most: int) -> Form:
    """Read a form that may have files, of so many bytes at most, as `read_ours` does."""
    _check_origin(request)
    told = request.headers.get("content-type", "")
    if not told.lower().startswith(MULTIPART):
        return await read_fields(request)
    found = fields_of(told, await read_files(request, most))
    fields = [(one.name, one.data.decode(errors="replace")) for one in found if not one.filename]
    return _checked(
        request, Form(fields, [(one.filename, one.data) for one in found if one.filename])
    )


def _check_origin(request: Request) -> None:
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise _foreign(f"it comes from {origin}")


def _checked(request: Request, form: Form) -> Form:
    held, sent = request.cookies.get(COOKIE, ""), form.told.get("token", "")
    if not held or not secrets.compare_digest(held.encode(), sent.encode()):
        raise _foreign("its token is not the one of this browser")
    return form


def _foreign(why: str) -> ProblemError:
    detail = f"This form was not sent by a page of this service: {why}. Load the page and try again"
    return ProblemError(403, "foreign-form", detail)

"""Disputes over HTTP: of one violation or of several at once, with the files that prove them."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Final
from urllib.parse import quote
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from pydantic import Base64Bytes, Field

from services.compliance.answers import attachments
from services.compliance.answers.database import Database
from services.compliance.answers.shapes import Disputed, DisputedOne, ok
from services.compliance.people.acts import GROUNDS
from services.compliance.people.attachment import (
    MOST_BYTES,
    MOST_FILES,
    MOST_TOGETHER,
    Attachment,
    attachment,
    check_together,
)
from services.compliance.storage.reviews import Doing
from services.compliance.web.acting import Acting, given
from services.compliance.web.admitted import CONCERNED, SEEN
from services.compliance.web.bodies import MOST_BYTES as MOST_WORDS
from services.compliance.web.bodies import Body, body_of, read_body
from services.compliance.web.reviews import Text
from shared.adapters.answering import answered, only
from shared.adapters.identity.roles import Asker
from shared.adapters.problems import ProblemError, problems
from shared.domain.errors import InvalidArgumentError

MOST_VIOLATIONS: Final = 100
"""That one dispute is about."""

MOST_AT_ONCE: Final = 4
"""Disputes with files that a process takes in at a time: for so long they are held in memory."""

MOST_BODY: Final = MOST_TOGETHER * 4 // 3 + MOST_WORDS
"""Bytes of a body: files come as base64."""

FILE_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"
_FILE = {"description": "The file as it was brought", "content": {"application/octet-stream": {}}}


class DisputedBody(Body):
    """A violation that is disputed, as it was seen: `seq` is the number in its ETag."""

    id: UUID
    seq: Annotated[int, Field(ge=1, le=1 << 30)]


class FileBody(Body):
    """A file: PDF, PNG, JPEG or XLSX, as base64."""

    name: Annotated[str, Field(min_length=1, max_length=256)]
    data: Annotated[Base64Bytes, Field(max_length=MOST_BYTES * 4 // 3 + 4)]


class DisputeBody(Body):
    """A dispute: of which violations, on which ground, why, and what proves it."""

    violations: Annotated[list[DisputedBody], Field(min_length=1, max_length=MOST_VIOLATIONS)]
    ground: Annotated[str, Field(max_length=64, description=f"One of {', '.join(GROUNDS)}")]
    text: Text
    attachments: Annotated[Sequence[FileBody], Field(max_length=MOST_FILES)] = ()


class Room:
    """Lets a few disputes with files in at a time, and sends the others away."""

    def __init__(self) -> None:
        self._within = 0

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Take a place; raises ProblemError (503) where there is none."""
        if self._within >= MOST_AT_ONCE:
            detail = "other files are just being taken in: send yours again in a moment"
            raise ProblemError(503, "busy", detail, headers={"Retry-After": "2"})
        self._within += 1
        try:
            yield
        finally:
            self._within -= 1


ROOM: Final = Room()


def add_disputes(router: APIRouter, database: Database, acting: Acting) -> None:
    """Add the routes."""

    @router.post(
        "/v1/disputes",
        tags=["reviews"],
        summary="Dispute violations, with what proves it",
        dependencies=[CONCERNED, only()],
        responses=ok(Disputed) | problems(400, 404, 409, 412, 413, 415, 422, 503),
        openapi_extra=body_of(DisputeBody),
    )
    async def dispute(request: Request, asker: Asker) -> Response:
        """Dispute one violation or several as they were seen: all of them, or none.

        Files are kept with a hash in the history of each; at most five, 4 MiB each, 12 MiB in all.
        """
        with ROOM.taken():
            body = await read_body(request, DisputeBody, MOST_BODY)
            files = files_of([(one.name, one.data) for one in body.attachments])
            seen = {one.id: one.seq for one in body.violations}
            doing = doing_of(body.ground, body.text, files, len(seen))
            written = await acting.act_of_all(asker, seen, doing)
        told = [DisputedOne(str(name), one.seq) for name, one in written.items()]
        return answered(Disputed(doing.dispute, told))

    @router.get(
        "/v1/violations/{violation}/attachments/{sha256}",
        tags=["violations"],
        summary="A file that lies beside a dispute",
        dependencies=[SEEN, only()],
        response_class=Response,
        responses={200: _FILE, **problems(400, 404, 422, 503)},
    )
    async def show_attachment(violation: UUID, sha256: str) -> Response:
        """Give a file as it was brought, to be kept and never to be shown in a page."""
        try:
            digest = bytes.fromhex(sha256)
        except ValueError:
            digest = b""
        row = await attachments.bytes_of(database, violation, digest)
        if row is None:
            detail = f"violation {violation} has no attachment {sha256!r} that is kept"
            raise ProblemError(404, "not-found", detail)
        headers = {
            "content-disposition": f"attachment; filename*=UTF-8''{quote(row['name'], safe='')}",
            "x-content-type-options": "nosniff",
            "content-security-policy": FILE_POLICY,
            "cache-control": "no-store",
        }
        return Response(row["bytes"], media_type=row["type"], headers=headers)


def files_of(told: Sequence[tuple[str, bytes]]) -> list[Attachment]:
    """Take files that were sent; raises ProblemError (422) that says which are taken."""
    try:
        found = [attachment(name, data) for name, data in told]
        check_together(found)
    except InvalidArgumentError as error:
        raise ProblemError(422, "attachment", str(error)) from error
    return found


def doing_of(ground: str, text: str, files: Sequence[Attachment], violations: int) -> Doing:
    """Put a dispute together; one about several violations has a name."""
    name = str(uuid4()) if violations > 1 else None
    what = given(ground, text)
    return Doing("dispute", what, internal=False, files=files, dispute=name, together=violations)

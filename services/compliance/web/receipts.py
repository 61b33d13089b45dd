"""Receipts over HTTP: what became of an event, for whoever told it, and for overseers."""

from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import APIRouter, Path, Request, Response

from services.compliance.answers.database import Database
from services.compliance.answers.receipts import Receipt, ReceiptFound, receipt
from services.compliance.answers.shapes import ok
from shared.adapters.answering import answered, only
from shared.adapters.identity.asker import everything
from shared.adapters.identity.roles import Asker, admits
from shared.adapters.problems import ProblemError, problems
from shared.domain.principal import OVERSEERS, Principal, Role, may_do, may_reach, may_tell

_PREFIX = b"/v1/events/"


def add_receipts(router: APIRouter, database: Database) -> None:
    """Add the route."""

    @router.get(
        "/v1/events/{source:path}/{id}",
        tags=["receipts"],
        summary="What became of an event",
        dependencies=[admits(*OVERSEERS, Role.PUBLISHER), only()],
        responses=ok(Receipt) | problems(400, 404, 422, 503),
    )
    async def show_receipt(
        request: Request, asker: Asker, source: str, identity: Annotated[str, Path(alias="id")]
    ) -> Response:
        """Say whether an event was judged, what it led to, and why it was refused.

        `source` and `id` are percent-encoded (`/v1/events/%2Fhospitals%2FH1/e-1`). A publisher asks
        about its own sources. What a door has accepted is known here once a worker has read it.
        """
        source, identity = asked_for(request) or (source, identity)
        with everything():  # The source says whose it is.
            found = await receipt(database, source, identity)
        if found is None or not _concerns(asker, source, found):
            detail = f"no event {identity!r} of {source!r} was heard, or not yet"
            raise ProblemError(404, "not-found", f"{detail}. Ask again, or see what the door said")
        return answered(found.receipt)


def asked_for(request: Request) -> tuple[str, str] | None:
    """Give source and id as the address has them; None where the server does not tell that.

    Once the path is decoded nobody can tell a slash in them from one between them. Where a proxy
    decoded it, what follows the last slash is the id.
    """
    raw: bytes | None = request.scope.get("raw_path")
    if raw is None:
        return None
    source, _, identity = raw.partition(b"?")[0].removeprefix(_PREFIX).rpartition(b"/")
    try:
        return unquote_to_bytes(source).decode(), unquote_to_bytes(identity).decode()
    except UnicodeDecodeError as error:
        detail = "the address is not UTF-8. Write source and id percent-encoded"
        raise ProblemError(400, "address", detail) from error


def _concerns(asker: Principal, source: str, found: ReceiptFound) -> bool:
    if Role.PUBLISHER in asker.roles and may_tell(asker, source):
        return True
    if not may_do(asker, OVERSEERS):
        return False
    if found.jurisdiction is None:
        return asker.jurisdictions is None
    return may_reach(asker, found.jurisdiction)

"""Evidence packs, over HTTP."""

from typing import Annotated
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import APIRouter, Query, Response

from services.compliance.answers import packs
from services.compliance.answers.database import Database
from services.compliance.answers.filters import AsOf
from services.compliance.policies.policy import Policies
from services.compliance.web.api import found
from shared.adapters.answering import only
from shared.adapters.identity.roles import OVERSEEN
from shared.adapters.problems import ProblemError, problems
from shared.domain.errors import InvalidArgumentError

_ZIP = {"description": "A zip, signed", "content": {"application/zip": {}}}


def add_packs(
    router: APIRouter, database: Database, policies: Policies, key: Ed25519PrivateKey | None
) -> None:
    """Add the route; without a key nothing can be signed, and it says so."""

    @router.get(
        "/v1/violations/{violation}/pack",
        tags=["violations"],
        summary="One violation with all that it rests on, signed",
        dependencies=[OVERSEEN, only("as_of")],
        response_class=Response,
        responses={200: _ZIP, **problems(400, 404, 409, 413, 422, 501, 503)},
    )
    async def give_pack(violation: UUID, as_of: Annotated[AsOf, Query()] = None) -> Response:
        """Give the violation, all lines of its history, the facts and the clauses, as a zip.

        `vbp verify PACK --key KEY` checks it without server and database. The same pack asked for
        twice is the same bytes, unless the violation, a policy or the key has changed.
        """
        if key is None:
            detail = (
                "no key to sign with: make one with `vbp pack key FILE`, set VBP_PACK_KEY to it"
            )
            raise ProblemError(501, "no-signing-key", detail)
        try:
            raw = await packs.made(database, policies, key, violation, as_of)
        except InvalidArgumentError as error:
            raise ProblemError(413, "too-large", str(error)) from error
        except packs.BrokenError as error:
            detail = f"what is kept of {violation} does not hold, and is not signed: {error}"
            raise ProblemError(409, "not-as-written", detail) from error
        if raw is None:
            return found(violation, None, as_of)
        return Response(
            raw,
            media_type="application/zip",
            headers={
                "content-disposition": f'attachment; filename="vbp-{violation}.zip"',
                "cache-control": "no-store",
            },
        )

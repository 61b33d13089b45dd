"""What people do with violations, over HTTP: reviews, comments, assignments, one or many."""

import re
from typing import Annotated, Any, Final, Literal
from uuid import UUID

import pydantic
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from services.compliance.answers import violations
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Asked, Filters, asked_under
from services.compliance.answers.shapes import ManyDone, SkippedOne, ViolationInFull, ok
from services.compliance.people.acts import DISMISSALS, GROUNDS, Decision
from services.compliance.policies.policy import Policies
from services.compliance.storage.reviews import Doing
from services.compliance.web.acting import Acting, etag_of, given
from services.compliance.web.admitted import CONCERNED, OFFICIALS
from services.compliance.web.bodies import Body, body_of, read_body
from shared.adapters.answering import answered, only
from shared.adapters.identity.roles import Asker
from shared.adapters.problems import ProblemError, problems
from shared.domain.principal import Principal

MOST: Final = 10_000
"""What one call does at most, of all that match."""

_ETAG: Final = re.compile(r'"([0-9]{1,9})"', re.ASCII)
_SEARCHED: Final = Filters.model_fields.keys() - {"as_of"}
"""By what those are found of which something is done: nothing is done of the past."""


Text = Annotated[str, Field(max_length=4_000, pattern=r"^[^\x00]*$")]
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00]+$")]


class ReviewBody(Body):
    """An act of the review of a violation."""

    act: Decision
    reason: str | None = Field(
        None,
        max_length=64,
        description=f"Of a dispute: {', '.join(GROUNDS)}. To dismiss: {', '.join(DISMISSALS)}",
    )
    text: Text = Field("", description="Why, in words; the history has their hash")


class CommentBody(Body):
    """Words about a violation; `internal` ones are for officers and reviewers."""

    text: Text
    internal: bool = True


class AssignmentBody(Body):
    """Who works on it from now on, as a subject such as person:liwj; null: nobody."""

    assignee: Name | None


class ManyBody(Body):
    """One act of many violations: `ids`, or all that the `filter` of the list lets through.

    `expect` is how many those are; where it is another number, nothing is done.
    """

    act: Literal["acknowledge", "assign", "comment"]
    ids: Annotated[list[UUID], Field(max_length=1_000)] | None = None
    filter: dict[str, Any] | None = None
    expect: int | None = Field(None, ge=0, le=MOST)
    text: Text = ""
    assignee: Name | None = None


def add_reviews(router: APIRouter, database: Database, acting: Acting, policies: Policies) -> None:
    """Add the routes."""
    _add_acts(router, database, acting)
    _add_many(router, database, acting, asked_under(policies))


def _add_acts(router: APIRouter, database: Database, acting: Acting) -> None:
    def declared(part: str, body: type[BaseModel], admitted: Any) -> dict[str, Any]:
        return {
            "path": f"/v1/violations/{{violation}}/{part}",
            "tags": ["reviews"],
            "dependencies": [admitted, only()],
            "responses": ok(ViolationInFull)
            | problems(400, 404, 409, 412, 413, 415, 422, 428, 503),
            "openapi_extra": body_of(body),
        }

    async def done(asker: Principal, violation: UUID, seq: int | None, doing: Doing) -> Response:
        written = await acting.act(asker, violation, seq, doing)
        answer = answered(await violations.in_full(database, violation))
        answer.headers["etag"] = etag_of(written.seq)
        return answer

    @router.post(**declared("reviews", ReviewBody, CONCERNED), summary="Decide about it")
    async def review(request: Request, violation: UUID, asker: Asker) -> Response:
        """Move the review of a violation as it was seen: If-Match has its ETag.

        A state from which the act does not lead is a 409 with the acts allowed now.
        """
        seq, body = seen_seq(request), await read_body(request, ReviewBody)
        doing = Doing(body.act, given(body.reason, body.text), internal=body.act != "dispute")
        return await done(asker, violation, seq, doing)

    @router.post(**declared("comments", CommentBody, OFFICIALS), summary="Say something of it")
    async def comment(request: Request, violation: UUID, asker: Asker) -> Response:
        """Put words into the history; it does not matter what came since it was seen."""
        body = await read_body(request, CommentBody)
        doing = Doing("comment", given(text=body.text), internal=body.internal)
        return await done(asker, violation, None, doing)

    @router.post(
        **declared("assignments", AssignmentBody, OFFICIALS), summary="Say who works on it"
    )
    async def assign(request: Request, violation: UUID, asker: Asker) -> Response:
        """Give a violation, as it was seen, to somebody."""
        seq, body = seen_seq(request), await read_body(request, AssignmentBody)
        doing = Doing("assign", given(assignee=body.assignee))
        return await done(asker, violation, seq, doing)


def _add_many(router: APIRouter, database: Database, acting: Acting, filters: type[Asked]) -> None:
    @router.post(
        "/v1/reviews",
        tags=["reviews"],
        summary="Acknowledge, assign or comment on many",
        dependencies=[OFFICIALS, only()],
        responses=ok(ManyDone) | problems(400, 409, 413, 415, 422, 503),
        openapi_extra=body_of(ManyBody),
    )
    async def review_many(request: Request, asker: Asker) -> Response:
        """Do one act of each; every violation has a line of its own, whatever the others have."""
        body = await read_body(request, ManyBody)
        names = await wanted(database, filters, body)
        doing = Doing(body.act, given(text=body.text, assignee=body.assignee))
        done = await acting.act_of_many(asker, names, doing)
        skipped = [SkippedOne(str(one.id), one.why) for one in done.skipped]
        return answered(ManyDone(done.done, skipped))


async def wanted(database: Database, filters: type[Asked], body: ManyBody) -> list[UUID]:
    """Give the ids that a call for many is about; raises ProblemError where they are others."""
    if (body.ids is None) == (body.filter is None):
        raise ProblemError(422, "ids-or-filter", "give either ids or filter, and not both")
    if body.ids is not None:
        found = sorted(set(body.ids))
    elif unknown := sorted((body.filter or {}).keys() - _SEARCHED):
        raise ProblemError(422, "filter", f"filter: knows no {', '.join(unknown)}")
    else:
        try:
            asked = filters(**(body.filter or {}))
        except (pydantic.ValidationError, TypeError) as error:
            raise ProblemError(422, "filter", f"filter: {error}") from error
        if body.expect is None:
            raise ProblemError(422, "expect-missing", "expect: say how many you mean")
        found = await violations.matching(database, asked, MOST + 1)
    if len(found) > MOST:
        detail = f"more than {MOST:,} match: narrow the filter, and do it in parts"
        raise ProblemError(400, "too-many", detail)
    if body.expect is not None and body.expect != len(found):
        detail = f"you mean {body.expect}, and {len(found)} match now. Look again, and say how many"
        members = {"expected": body.expect, "found": len(found)}
        raise ProblemError(409, "count-changed", detail, members=members)
    return found


def seen_seq(request: Request) -> int:
    """Read in If-Match what was seen; raises ProblemError where it is missing, or no ETag."""
    told = request.headers.get("if-match")
    if told is None:
        detail = 'send If-Match with the ETag of what you saw, such as "4": its `seq` in quotes'
        raise ProblemError(428, "if-match-required", detail)
    found = _ETAG.fullmatch(told)
    if found is None:
        detail = f'If-Match: {told!r} is no ETag of a violation, such as "4"'
        raise ProblemError(400, "invalid-if-match", detail)
    return int(found[1])

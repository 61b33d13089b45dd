"""Cases and their letters, over HTTP."""

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, Field

from services.compliance.answers import cases
from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.case_shapes import CaseInFull, CasePage
from services.compliance.answers.database import Database
from services.compliance.answers.shapes import ok
from services.compliance.people.case import PartyCase
from services.compliance.people.delivery import Channel
from services.compliance.people.procedure import LetterKind, Outcome
from services.compliance.policies.policy import Policies
from services.compliance.storage.cases import Language
from services.compliance.web.acting import etag_of
from services.compliance.web.admitted import CONCERNED, OFFICIALS, SEEN
from services.compliance.web.api import tokens_refused
from services.compliance.web.bodies import Body, body_of, read_body
from services.compliance.web.casework import CaseWork, Wish, no_case
from services.compliance.web.reviews import Name, Text, seen_seq
from shared.adapters.answering import answered, check_jurisdiction, only, reaching
from shared.adapters.identity.roles import Asker, admits
from shared.adapters.problems import ProblemError, problems
from shared.domain.principal import Principal, Role

_LETTER = {"description": "The letter as it went out", "content": {"text/html": {}}}

Number = Annotated[int, Path(ge=1, le=1_000_000)]
"""Of a letter, within its case."""

LETTER_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""The content security policy of a letter: it carries its own style, and may do nothing."""


class ActBody(Body):
    """A step of the procedure of a case."""

    act: Literal["take", "decide", "reply", "close", "reopen", "remark", "hand-over"]
    text: Text = Field("", description="Why, or what; the history has its hash")
    assignee: Name | None = None
    outcome: Outcome | None = Field(None, description="To close: what it came to")
    though_open: bool = Field(default=False, description="To close though upheld ones go on")
    internal: bool = Field(default=True, description="Whether the words are for officials alone")


class LetterBody(Body):
    """A letter to be drafted: of what kind, and the words that stand in it."""

    kind: LetterKind
    text: Text
    language: Language = Field("zh", description="In which it is written; the law stays Chinese")


class LetterIssueBody(Body):
    """Under which number (文号) a letter goes out; `due` where practice cannot say until when."""

    number: Name
    due: date | None = None


class DeliveryBody(Body):
    """That a letter came to the party: how, on which day, and `text` by whom it was received."""

    channel: Channel
    day: date
    text: Text


def add_cases(router: APIRouter, database: Database, work: CaseWork, policies: Policies) -> None:
    """Add the routes."""
    _add_reading(router, database, work, policies)
    _add_steps(router, database, work)


def _add_reading(router: APIRouter, database: Database, work: CaseWork, policies: Policies) -> None:
    usual = min(policies.jurisdictions)

    @router.get(
        "/v1/cases",
        tags=["cases"],
        summary="Cases: who is accused under which rule in which month",
        dependencies=[SEEN, reaching(usual), only(*CasesAsked.model_fields)],
        responses=ok(CasePage) | problems(400, 404, 422, 503),
    )
    async def list_cases(asked: Annotated[CasesAsked, Query()]) -> Response:
        """List cases of a jurisdiction, the latest month first; nobody makes them, they follow.

        With `assignee`, `overdue`, `corrections_due` or a stage other than `found` only those that
        somebody works on or has worked on.
        """
        jurisdiction = asked.jurisdiction or usual
        check_jurisdiction(jurisdiction, policies.jurisdictions)
        with tokens_refused():
            return answered(await cases.list_cases(database, asked, jurisdiction))

    @router.get(
        "/v1/cases/{case}",
        tags=["cases"],
        summary="One case, with what is done of it",
        dependencies=[SEEN, only()],
        responses=ok(CaseInFull) | problems(400, 404, 422, 503),
    )
    async def show_case(case: str, asker: Asker) -> Response:
        """Give a case, its letters, its history, and the steps that whoever asks may take.

        Its violations are those that `/v1/violations` lists of its jurisdiction, rule, month,
        accused_role and accused.
        """
        return await shown(database, work, asker, read_case(case))

    @router.get(
        "/v1/cases/{case}/letters/{n}",
        tags=["cases"],
        summary="A letter as it went out",
        dependencies=[SEEN, only()],
        response_class=Response,
        responses={200: _LETTER, **problems(400, 404, 422, 503)},
    )
    async def show_letter(case: str, n: Number, asker: Asker) -> Response:
        """Give the bytes whose SHA-256 the history of the case has, and their signature if any."""
        named = read_case(case)
        seen = await work.show(database, asker, named)
        row = None if seen is None else await cases.letter_body(database, named, n)
        if row is None:
            raise ProblemError(404, "not-found", f"case {case!r} has no letter {n} that went out")
        headers = {"content-security-policy": LETTER_POLICY, "cache-control": "no-store"}
        if row["signature"] is not None:
            headers |= {"x-vbp-signature": row["signature"].hex(), "x-vbp-key": row["signed_with"]}
        return Response(row["body"], media_type="text/html; charset=utf-8", headers=headers)


def _add_steps(router: APIRouter, database: Database, work: CaseWork) -> None:
    def declared(part: str, body: type[BaseModel], admitted: Any) -> dict[str, Any]:
        return {
            "path": f"/v1/cases/{{case}}/{part}",
            "tags": ["cases"],
            "dependencies": [admitted, only()],
            "responses": ok(CaseInFull) | problems(400, 404, 409, 412, 413, 415, 422, 428, 503),
            "openapi_extra": body_of(body),
        }

    async def done(asker: Principal, case: str, seq: int | None, wish: Wish) -> Response:
        named = read_case(case)
        await work.take(asker, named, seq, wish)
        return await shown(database, work, asker, named)

    @router.post(**declared("acts", ActBody, CONCERNED), summary="Take a step of its procedure")
    async def act(request: Request, case: str, asker: Asker) -> Response:
        """Take a step of a case as it was seen: If-Match has its ETag, "0" before anybody acted.

        What does not lead on from its stage is a 409 with the steps allowed now.
        """
        seq, body = seen_seq(request), await read_body(request, ActBody)
        wish = Wish(
            body.act,
            body.text,
            body.assignee,
            body.outcome,
            though_open=body.though_open,
            internal=body.internal,
        )
        return await done(asker, case, seq, wish)

    @router.post(**declared("letters", LetterBody, OFFICIALS), summary="Draft a letter")
    async def draft(request: Request, case: str, asker: Asker) -> Response:
        """Keep a draft. It lists nothing yet: that is settled when somebody else issues it."""
        body = await read_body(request, LetterBody)
        return await done(
            asker, case, None, Wish("draft", body.text, letter=body.kind, language=body.language)
        )

    @router.post(
        **declared("letters/{n}/issue", LetterIssueBody, admits(Role.REVIEWER)),
        summary="Issue a letter",
    )
    async def issue(request: Request, case: str, n: Number, asker: Asker) -> Response:
        """Let a letter go out: it is written, lists what it holds against the party, and stays so.

        A notice lists what was acknowledged, a correction what was taken back since, all others
        what was upheld; a thousand at most, the next letter of the kind lists more.
        """
        seq, body = seen_seq(request), await read_body(request, LetterIssueBody)
        wish = Wish("issue", n=n, number=body.number, due=body.due)
        return await done(asker, case, seq, wish)

    @router.post(
        **declared("letters/{n}/deliveries", DeliveryBody, OFFICIALS),
        summary="Note that a letter was received",
    )
    async def deliver(request: Request, case: str, n: Number, asker: Asker) -> Response:
        """Note how, when and by whom a letter that went out was received; it stays in the history.

        What was published counts as received some days later, as practice gives it.
        """
        seq, body = seen_seq(request), await read_body(request, DeliveryBody)
        wish = Wish("deliver", body.text, n=n, channel=body.channel, day=body.day)
        return await done(asker, case, seq, wish)


def read_case(name: str) -> PartyCase:
    """Read the name of a case; raises ProblemError (404) for one that no case has."""
    found = cases.case_named(name)
    if found is None:
        raise no_case(name)
    return found


async def shown(database: Database, work: CaseWork, asker: Principal, case: PartyCase) -> Response:
    """Answer with a case; raises ProblemError (404) where it is none of theirs."""
    item = await work.show(database, asker, case)
    if item is None:
        raise no_case(case.name)
    answer = answered(item)
    answer.headers["etag"] = etag_of(item.seq)
    return answer

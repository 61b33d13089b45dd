"""The violations API: its routes, each short; answers.py reads what they answer."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response

from services.compliance.answers import paging
from services.compliance.answers.answers import COUNTED_AT_MOST, LETTERS_SHOWN, Answers, Row
from services.compliance.answers.catalogue import show_policy, show_rule
from services.compliance.answers.filters import Asked
from services.compliance.answers.shapes import (
    Count,
    Detail,
    Due,
    Letter,
    Letters,
    Page,
    Partition,
    PoliciesShown,
    PolicyShown,
    Rules,
    RuleShown,
    Status,
    Unjudged,
    ok,
)
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from shared.adapters.problems import ProblemError, problems
from shared.domain.errors import InvalidArgumentError


def _only(*known: str) -> Any:
    """Refuse parameters that a route does not know, and any but the listed ones given twice."""
    repeatable = {"rule", "status", "severity"}

    def check(request: Request) -> None:
        given = request.query_params
        if unknown := sorted(given.keys() - set(known)):
            names = ", ".join(known) or "none"
            detail = f"{', '.join(unknown)}: no such parameter here. Known are: {names}"
            raise ProblemError(400, "unknown-parameter", detail)
        if twice := sorted(n for n in set(given) - repeatable if len(given.getlist(n)) > 1):
            detail = f"{', '.join(twice)}: given more than once. Give one value"
            raise ProblemError(400, "repeated-parameter", detail)

    return Depends(check)


def build_router(answers: Callable[[], Answers], policies: Policies) -> APIRouter:
    """Make the routes; `answers` gives what reads the database, once the application has begun."""
    router = APIRouter()
    _add_violations(router, answers)
    _add_catalogue(router, policies)
    _add_status(router, answers)
    return router


def _add_violations(router: APIRouter, answers: Callable[[], Answers]) -> None:
    @router.get(
        "/v1/violations",
        tags=["violations"],
        summary="List violations, newest first",
        dependencies=[_only(*Asked.model_fields)],
        responses=ok(Page) | problems(400, 422, 503),
    )
    async def list_violations(asked: Annotated[Asked, Query()]) -> Response:
        """List violations of every status that all given filters let through.

        Severity: `breach` 违约, a duty broken by the numbers of clause or contract; `explain`
        须说明, more than 原则上 allows, or judged under a draft; `warning` 提示, it rests on an
        assumed number.
        """
        return _json(await _page(answers(), asked))

    @router.get(
        "/v1/violations/{violation}",
        tags=["violations"],
        summary="One violation, with what shows that it can be trusted",
        dependencies=[_only()],
        responses=ok(Detail) | problems(400, 404, 422, 503),
    )
    async def show_violation(violation: UUID) -> Response:
        """Give a violation, every change of it, and the events it rests on."""
        told = await answers().violation(violation)
        if told is None:
            detail = f"no violation has the id {violation}. /v1/violations lists them"
            raise ProblemError(404, "not-found", detail)
        chain = told.verdict._asdict()
        parts = {"history": told.history, "facts": told.facts, "chain": chain}
        return _json(msgspec.structs.asdict(told.item) | parts)


def _add_catalogue(router: APIRouter, policies: Policies) -> None:
    judged = {rule.name: show_rule(rule, policies) for rule in RULES}
    shown = {policy.id: show_policy(policy) for policy in policies.all}

    @router.get(
        "/v1/rules",
        tags=["catalogue"],
        summary="The rules, and the clauses they judge",
        dependencies=[_only()],
        responses=ok(Rules) | problems(400),
    )
    async def list_rules() -> Response:
        return _json(Rules(list(judged.values())))

    @router.get(
        "/v1/rules/{rule}",
        tags=["catalogue"],
        summary="One rule",
        dependencies=[_only()],
        responses=ok(RuleShown) | problems(400, 404, 422),
    )
    async def show_one_rule(rule: str) -> Response:
        return _named(judged, rule, "no rule has the name")

    @router.get(
        "/v1/policies",
        tags=["catalogue"],
        summary="The policies, clause by clause",
        dependencies=[_only()],
        responses=ok(PoliciesShown) | problems(400),
    )
    async def list_policies() -> Response:
        return _json(PoliciesShown(list(shown.values())))

    @router.get(
        "/v1/policies/{policy}",
        tags=["catalogue"],
        summary="One policy",
        dependencies=[_only()],
        responses=ok(PolicyShown) | problems(400, 404, 422),
    )
    async def show_one_policy(policy: str) -> Response:
        return _named(shown, policy, "no policy has the id")


def _add_status(router: APIRouter, answers: Callable[[], Answers]) -> None:
    @router.get(
        "/v1/status",
        tags=["operation"],
        summary="How far the service is",
        dependencies=[_only()],
        responses=ok(Status) | problems(400, 503),
    )
    async def status() -> Response:
        """Say until when everything was heard, and what waits."""
        return _json(await _status(answers()))


async def _page(answers: Answers, asked: Asked) -> dict[str, Any]:
    seal = asked.fingerprint()
    try:
        after = paging.place_of(asked.page_token, seal) if asked.page_token is not None else None
    except InvalidArgumentError as error:
        raise ProblemError(400, "invalid-page-token", str(error)) from error
    # One more than asked for tells whether there is a next page.
    rows = await answers.violations(asked, after, asked.page_size + 1)
    shown = rows[: asked.page_size]
    more = len(rows) > len(shown)
    token = paging.token_of(paging.place_in(shown[-1]), seal) if more else None
    return {"items": shown, "next_page_token": token}


async def _status(answers: Answers) -> Status:
    partitions = [Partition(**row) for row in await answers.all("positions")]
    waiting = await answers.one("waiting", COUNTED_AT_MOST)
    letters = [Letter(**row) for row in await answers.all("letters", LETTERS_SHOWN)]
    counts = await answers.all("letter_counts", COUNTED_AT_MOST)
    kept = sum(row["count"] for row in counts)
    return Status(
        heard_until=min((partition.heard_until for partition in partitions), default=None),
        lag=sum(partition.lag for partition in partitions),
        partitions=partitions,
        unjudged=[Unjudged(**row) for row in await answers.all("unjudged") if row["count"]],
        dead_letters=Letters(kept, kept >= COUNTED_AT_MOST, letters),
        touches_waiting=_count(waiting, "touches"),
        due=Due(_count(waiting, "due_by_clock"), _count(waiting, "due_by_hearing")),
        untold=_count(waiting, "untold"),
    )


def _count(row: Row, column: str) -> Count:
    return Count(row[column], row[column] >= COUNTED_AT_MOST)


def _named(shown: Mapping[str, object], name: str, none: str) -> Response:
    if name not in shown:
        detail = f"{none} {name!r}. Known are: {', '.join(shown)}"
        raise ProblemError(404, "not-found", detail)
    return _json(shown[name])


def _json(answer: object) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")

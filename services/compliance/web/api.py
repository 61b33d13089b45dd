"""The violations API: its routes, each short; answers/ reads what they answer."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response
from msgspec import Struct

from services.compliance.answers import contradictions, letters, operation, parts, violations
from services.compliance.answers.catalogue import (
    PoliciesShown,
    PolicyShown,
    Rules,
    RuleShown,
    show_policy,
    show_rule,
)
from services.compliance.answers.contradictions import ContradictionsAsked
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Asked, AsOf, asked_under
from services.compliance.answers.letters import LetterPage, LettersAsked
from services.compliance.answers.parts import PartAsked
from services.compliance.answers.service_shapes import ContradictionPage, ServiceStatus
from services.compliance.answers.shapes import (
    EvidencePage,
    FactPage,
    HistoryPage,
    Page,
    ViolationInFull,
    ok,
)
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from services.compliance.web.acting import etag_of, hide_internal
from services.compliance.web.admitted import SEEN, WATCHED
from shared.adapters.answering import answered, only
from shared.adapters.identity.asker import whole_service
from shared.adapters.identity.roles import IDENTIFIED, Asker
from shared.adapters.problems import ProblemError, problems
from shared.domain.calendar import instant_text
from shared.domain.errors import InvalidArgumentError

REPEATABLE = ("rule", "status", "severity", "review")
"""The filters that take several values."""


def build_router(database: Database, policies: Policies) -> APIRouter:
    """Make the routes, with the filters and the catalogue of some policies."""
    router = APIRouter()
    _add_violations(router, database, asked_under(policies))
    _add_parts(router, database)
    _add_catalogue(router, policies)
    _add_status(router, database)
    _add_contradictions(router, database)
    _add_letters(router, database)
    return router


def _add_violations(router: APIRouter, database: Database, filters: type[Asked]) -> None:
    @router.get(
        "/v1/violations",
        tags=["violations"],
        summary="List violations, newest first",
        dependencies=[SEEN, only(*Asked.model_fields, repeatable=REPEATABLE)],
        responses=ok(Page) | problems(400, 422, 503),
    )
    async def list_violations(
        asked: Annotated[filters, Query()],  # type: ignore[valid-type]  # the class at hand
    ) -> Response:
        """List violations of every status that all given filters let through.

        Severity: `breach` 违约, a duty broken by the numbers of clause or contract; `explain`
        须说明, more than 原则上 allows, or judged under a draft; `warning` 提示, it rests on an
        assumed number.
        """
        with tokens_refused():
            return answered(await violations.page(database, asked))

    @router.get(
        "/v1/violations/{violation}",
        tags=["violations"],
        summary="One violation, with what shows that it can be trusted",
        dependencies=[SEEN, only("as_of")],
        responses=ok(ViolationInFull) | problems(400, 404, 422, 503),
    )
    async def show_violation(
        violation: UUID, asker: Asker, as_of: Annotated[AsOf, Query()] = None
    ) -> Response:
        """Give a violation, every change of it, and the events it rests on.

        Of evidence, facts and history the first page, under 200 kB all together; `next` links more.
        `as_of` answers by what was known then: without an ETag, for nothing is done of the past.
        Parties are called as they are now, and the chain is checked up to now.
        """
        item = await violations.in_full(database, violation, as_of)
        if item is not None:
            hide_internal(asker, item.history)
        answer = found(violation, item, as_of)
        if item is not None and as_of is None:
            answer.headers["etag"] = etag_of(item.seq)
        return answer


def _add_parts(router: APIRouter, database: Database) -> None:
    def declared(part: str, shape: type[Struct]) -> dict[str, Any]:
        return {
            "path": f"/v1/violations/{{violation}}/{part}",
            "tags": ["violations"],
            "dependencies": [SEEN, only(*PartAsked.model_fields, repeatable=REPEATABLE)],
            "responses": ok(shape) | problems(400, 404, 422, 503),
        }

    @router.get(**declared("evidence", EvidencePage), summary="What it rests on, page by page")
    async def list_evidence(violation: UUID, asked: Annotated[PartAsked, Query()]) -> Response:
        with tokens_refused():
            page = await parts.evidence(database, violation, asked)
        return found(violation, page, asked.as_of)

    @router.get(**declared("facts", FactPage), summary="The events it rests on, page by page")
    async def list_facts(violation: UUID, asked: Annotated[PartAsked, Query()]) -> Response:
        with tokens_refused():
            page = await parts.facts(database, violation, asked)
        return found(violation, page, asked.as_of)

    @router.get(**declared("history", HistoryPage), summary="Its changes, page by page")
    async def list_history(
        violation: UUID, asked: Annotated[PartAsked, Query()], asker: Asker
    ) -> Response:
        with tokens_refused():
            page = await parts.history(database, violation, asked)
        if page is not None:
            hide_internal(asker, page.items)
        return found(violation, page, asked.as_of)


@contextmanager
def tokens_refused() -> Iterator[None]:
    """Answer 400 where a token is not one of the list that is asked."""
    try:
        yield
    except InvalidArgumentError as error:
        raise ProblemError(400, "invalid-page-token", str(error)) from error


def found(violation: UUID, answer: object | None, as_of: datetime | None = None) -> Response:
    """Answer with a violation or a part of it; raises ProblemError where there is none."""
    if answer is None:
        then = "" if as_of is None else f" or none was known by {instant_text(as_of)}"
        detail = f"no violation has the id {violation}{then}. /v1/violations lists them"
        raise ProblemError(404, "not-found", detail)
    return answered(answer)


def _add_catalogue(router: APIRouter, policies: Policies) -> None:
    judged = {rule.name: show_rule(rule, policies) for rule in RULES}
    shown = {policy.id: show_policy(policy) for policy in policies.all}

    @router.get(
        "/v1/rules",
        tags=["catalogue"],
        summary="The rules, and the clauses they judge",
        dependencies=[IDENTIFIED, only()],
        responses=ok(Rules) | problems(400),
    )
    async def list_rules() -> Response:
        return answered(Rules(list(judged.values())))

    @router.get(
        "/v1/rules/{rule}",
        tags=["catalogue"],
        summary="One rule",
        dependencies=[IDENTIFIED, only()],
        responses=ok(RuleShown) | problems(400, 404, 422),
    )
    async def show_one_rule(rule: str) -> Response:
        return _named(judged, rule, "no rule has the name")

    @router.get(
        "/v1/policies",
        tags=["catalogue"],
        summary="The policies, clause by clause",
        dependencies=[IDENTIFIED, only()],
        responses=ok(PoliciesShown) | problems(400),
    )
    async def list_policies() -> Response:
        return answered(PoliciesShown(list(shown.values())))

    @router.get(
        "/v1/policies/{policy}",
        tags=["catalogue"],
        summary="One policy",
        dependencies=[IDENTIFIED, only()],
        responses=ok(PolicyShown) | problems(400, 404, 422),
    )
    async def show_one_policy(policy: str) -> Response:
        return _named(shown, policy, "no policy has the id")


def _add_status(router: APIRouter, database: Database) -> None:
    @router.get(
        "/v1/status",
        tags=["operation"],
        summary="How far the service is",
        dependencies=[WATCHED, only()],
        responses=ok(ServiceStatus) | problems(400, 503),
    )
    async def status() -> Response:
        """Say until when everything was heard, and what waits."""
        with whole_service():
            return answered(await operation.status(database))


def _add_contradictions(router: APIRouter, database: Database) -> None:
    @router.get(
        "/v1/contradictions",
        tags=["operation"],
        summary="Events that contradict others, newest first",
        dependencies=[WATCHED, only(*ContradictionsAsked.model_fields, repeatable=REPEATABLE)],
        responses=ok(ContradictionPage) | problems(400, 422, 503),
    )
    async def list_contradictions(asked: Annotated[ContradictionsAsked, Query()]) -> Response:
        """List what was told of one order and does not agree, each with both events.

        They change no judgement: of the same thing the first telling holds. One that is none any
        more, since other tellings came, is not listed.
        """
        with tokens_refused(), whole_service():
            return answered(await contradictions.page(database, asked))


def _add_letters(router: APIRouter, database: Database) -> None:
    @router.get(
        "/v1/dead-letters",
        tags=["operation"],
        summary="Messages that could not be taken, the last first",
        dependencies=[WATCHED, only(*LettersAsked.model_fields, repeatable=REPEATABLE)],
        responses=ok(LetterPage) | problems(400, 422, 503),
    )
    async def list_letters(asked: Annotated[LettersAsked, Query()]) -> Response:
        """List what could not be taken, and why; `vbp dead-letters show` gives one whole."""
        with tokens_refused(), whole_service():
            return answered(await letters.page(database, asked))


def _named(shown: Mapping[str, object], name: str, none: str) -> Response:
    if name not in shown:
        detail = f"{none} {name!r}. Known are: {', '.join(shown)}"
        raise ProblemError(404, "not-found", detail)
    return answered(shown[name])

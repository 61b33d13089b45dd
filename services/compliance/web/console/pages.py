"""The pages: their routes, each short; answers/ reads what they show."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse
from pydantic import ValidationError
from starlette.datastructures import QueryParams

from services.compliance.answers import operation, violations
from services.compliance.answers.catalogue import RuleShown, show_policy, show_rule
from services.compliance.answers.database import Database
from services.compliance.answers.figures import Figures
from services.compliance.answers.filters import Asked, asked_under
from services.compliance.answers.neighbours import Neighbour
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from services.compliance.storage.desk import Desk
from services.compliance.web.admitted import SEEN, WATCHED
from services.compliance.web.casework import Doors
from services.compliance.web.console import following, security, shown
from services.compliance.web.console.bulletins import add_bulletin_list
from services.compliance.web.console.case_list import add_case_list
from services.compliance.web.console.cases import add_case_page
from services.compliance.web.console.catalogue import add_catalogue
from services.compliance.web.console.coverage import add_coverage_page
from services.compliance.web.console.exemptions import add_exemption_list
from services.compliance.web.console.go import add_go
from services.compliance.web.console.granting import GrantPages, add_granting
from services.compliance.web.console.grouping import groups
from services.compliance.web.console.languages import Language, language_of, translate
from services.compliance.web.console.many import add_many
from services.compliance.web.console.me import Ways, add_me
from services.compliance.web.console.overview import add_overview
from services.compliance.web.console.parties import add_parties
from services.compliance.web.console.refusing import faults_of
from services.compliance.web.console.renderer import Renderer, title_of
from services.compliance.web.console.sign_in import Signing, add_sign_in
from services.compliance.web.console.violation import Pages, add_violation
from services.compliance.web.console.wording import (
    INSTANTS,
    PARTIES,
    REVIEWS,
    ROLES,
    SEVERITIES,
    STATUSES,
)
from services.compliance.web.stream import Streams
from shared.adapters.identity.asker import whole_service
from shared.adapters.identity.roles import OPEN, Asker
from shared.domain.calendar import day_of
from shared.domain.errors import ForbiddenError, InvalidArgumentError, SetupError, TransientError
from shared.domain.principal import Role

STATIC = Path(__file__).parent / "static"

FILES = {
    "style.css": "text/css",
    "console.js": "text/javascript",
    "htmx.min.js": "text/javascript",
}
"""What pages load, by its kind. htmx is that of its release 4.0.1, as it was published."""

_LIST = "/violations"
_REPEATED = ("rule", "status", "severity", "review")


MOST_ROWS = 50
"""Rows of a page, which is to stay light; whoever asks for more finds it as data."""


class Chip(NamedTuple):
    """A filter in use, and the address of the list without it."""

    text: str
    without: str


class Sources(NamedTuple):
    """What pages are made of."""

    renderer: Renderer
    database: Database
    policies: Policies
    figures: Figures
    streams: Streams
    desk: Desk
    orders: Neighbour


def build_console(
    sources: Sources, doors: Doors, signing: Signing | None, *, local: bool
) -> APIRouter:
    """Make the routes of the pages.

    `signing` is how people sign in, where they do; `local` where nobody is asked who they are.
    """
    renderer, database, policies, figures, streams, desk, orders = sources
    router = APIRouter(include_in_schema=False)
    rules = {rule.name: show_rule(rule, policies) for rule in RULES}
    shown_policies = {policy.id: show_policy(policy) for policy in policies.all}
    _add_files(router)
    add_overview(router, renderer, database, policies, doors.violations.deadlines)
    for add in (add_case_list, add_coverage_page, add_exemption_list):
        add(router, renderer, database, policies)
    add_case_page(router, renderer, database, doors)
    add_parties(router, renderer, database, figures, sorted(policies.jurisdictions))
    add_granting(router, GrantPages(renderer, database, orders, policies.jurisdictions))
    add_bulletin_list(router, renderer, database, policies.jurisdictions)
    _add_list(router, sources, list(rules.values()))
    add_many(router, renderer, database, doors.violations, asked_under(policies))
    pages = Pages(renderer, database, doors.violations, shown_policies, streams)
    add_violation(router, pages)
    add_me(router, renderer, database, desk, Ways(local, signing is not None))
    if signing is not None:
        add_sign_in(router, renderer, signing)
    add_go(router, doors.violations.deadlines)
    add_catalogue(router, renderer, rules, shown_policies)
    _add_quality(router, sources)
    return router


def _add_files(router: APIRouter) -> None:
    def add(name: str, kind: str) -> None:
        @router.get(f"/console/{name}", dependencies=[OPEN])
        async def file() -> Response:
            headers = {"cache-control": "max-age=3600"}
            return FileResponse(STATIC / name, media_type=kind, headers=headers)

    for name, kind in FILES.items():
        add(name, kind)


def _add_list(router: APIRouter, sources: Sources, rules: list[RuleShown]) -> None:
    renderer, database, policies, _, streams, *_ = sources
    asked_here = asked_under(policies)

    @router.get(_LIST, dependencies=[SEEN])
    async def list_violations(request: Request, asker: Asker) -> Response:
        language = language_of(request)
        form = _filled(request.query_params)
        if "" in request.query_params.values():
            # The address of a page is its query: it is shared and kept without what asks nothing.
            return RedirectResponse(_address(request.query_params), 303)
        follow = following.of_list(form.multi_items(), streams.place)
        shows: dict[str, Any] = {"items": []} | dict.fromkeys(("total", "older", "fault", "as_of"))
        status, query = 200, _query(form)
        try:
            _check_names(form)
            asked = asked_here(**_fields(form))
            asked = asked.model_copy(update={"page_size": min(asked.page_size, MOST_ROWS)})
            shows["as_of"] = asked.as_of
            page = await violations.page(database, asked)
            shows["items"] = page.items
            shows["total"] = await violations.total(database, asked)
            if page.next_page_token is not None:
                token = ("page_token", page.next_page_token)
                kept = [(n, v) for n, v in form.multi_items() if n != "page_token"]
                shows["older"] = f"{_LIST}?{urlencode([*kept, token])}"
        except ValidationError as error:
            status, shows["fault"] = 422, faults_of(error)
        except InvalidArgumentError as error:
            status, shows["fault"] = 400, str(error)
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        official = asker.roles & {Role.OFFICER, Role.REVIEWER} and shows["as_of"] is None
        form_token = security.token_of(request)
        response = await renderer.answer(
            request,
            "violations.html",
            status,
            here=_LIST,
            data=f"/v1/violations?{query}",
            filters=_query(form, "page_size"),
            now_instead=f"{_LIST}?{_query(form, 'as_of')}",
            follow=follow,
            form=form,
            asker=asker,
            chips=list(_chips(form, language)),
            groups=list(groups(form.multi_items())),
            rules=rules,
            jurisdictions=sorted(policies.jurisdictions),
            token=form_token if official else "",
            form_token=form_token,
            **shows,
        )
        security.hand_out(response, request, form_token)
        return response


def _filled(params: QueryParams) -> QueryParams:
    """Give what a form asks for; it also sends the fields that were left empty."""
    return QueryParams([(n, v) for n, v in params.multi_items() if v != "" and n != "lang"])


def _address(params: QueryParams) -> str:
    asked = [(name, value) for name, value in params.multi_items() if value != ""]
    return f"{_LIST}?{urlencode(asked)}" if asked else _LIST


def _check_names(form: QueryParams) -> None:
    """Raise InvalidArgumentError for what the list cannot be asked: it would look as if it were."""
    unknown = sorted(set(form) - set(Asked.model_fields))
    if unknown:
        raise InvalidArgumentError(f"{', '.join(unknown)}: no filter of this list; take it away")


def _fields(form: QueryParams) -> dict[str, Any]:
    known = Asked.model_fields
    names = dict.fromkeys(name for name in form if name in known)
    return {name: form.getlist(name) if name in _REPEATED else form[name] for name in names}


def _query(form: QueryParams, *without: str) -> str:
    left_out = {"page_token", *without}
    return urlencode([(name, value) for name, value in form.multi_items() if name not in left_out])


def _chips(form: QueryParams, language: Language) -> Iterator[Chip]:
    """Give the filters in use; each page of a list has the same."""
    used = [(n, v) for n, v in form.multi_items() if n not in {"page_token", "page_size"}]
    for number, (name, value) in enumerate(used):
        rest = used[:number] + used[number + 1 :]
        yield Chip(_chip(name, value, language), f"{_LIST}?{urlencode(rest)}" if rest else _LIST)


def _chip(name: str, value: str, language: Language) -> str:
    if name == "rule":
        return title_of(value, language)
    if name in PARTIES or name == "as_of":
        return f"{translate(PARTIES.get(name, '当时所知'), language)} {value}"
    words: Mapping[str, str] = {
        "accused_role": ROLES.get(value, value),
        "severity": SEVERITIES.get(value, value),
        "status": STATUSES.get(value, value),
        "review": REVIEWS.get(value, value),
        "stale": "认定后事实有变" if value == "true" else "认定后事实未变",
        "exempt": "仅豁免" if value == "true" else "不含豁免",
    }
    if name not in Asked.model_fields:
        return f"{name} {value}"
    if name in INSTANTS:
        return f"{translate(INSTANTS[name], language)} {shown.value(value)}"
    return translate(words[name], language) if name in words else value


def _add_quality(router: APIRouter, sources: Sources) -> None:
    renderer, database, calendar = sources.renderer, sources.database, sources.policies.table

    @router.get("/quality", dependencies=[WATCHED])
    async def quality(request: Request) -> Response:
        try:
            with whole_service():
                status = await operation.status(database)
        except ForbiddenError as error:
            return await renderer.problem(request, 403, str(error))
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        return await renderer.page(
            request,
            "quality.html",
            here="/quality",
            data="/v1/status",
            status=status,
            horizon=calendar.horizon,
            days_left=calendar.days_left(day_of(datetime.now(UTC))),
        )

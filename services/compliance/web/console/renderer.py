"""Makes pages of templates: the words of a language, and what every page shows."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from services.compliance.answers import operation
from services.compliance.answers.database import Database
from services.compliance.findings.words import name_en, name_zh, source_zh
from services.compliance.people.lines import MACHINE
from services.compliance.rules import RULES
from services.compliance.web.admitted import SEEN, WATCHED
from services.compliance.web.console import shown, telling, wording
from services.compliance.web.console.languages import COOKIE, Language, language_of, translate
from services.compliance.web.console.places import area_name, jurisdiction_name
from shared.adapters.identity import invented
from shared.adapters.identity.roles import IDENTIFIED, OVERSEEN, PRINCIPAL
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import LOCAL, Principal

TEMPLATES = Path(__file__).parent / "templates"

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The content security policy of a page: our own style sheet and scripts, and nothing within it."""

BEHIND = 60.0
"""Seconds since all was heard from which on a page says that judging lags behind."""

_TITLES = {rule.name: {"zh": rule.title_zh, "en": rule.title_en} for rule in RULES}
_ORDER: Mapping[Language, str] = {"zh": "订单 {}", "en": "Order {}"}
_BRIEF: Mapping[Language, int] = {"zh": 78, "en": 100}
"""Characters of a violation in a list: fifty, with all beside, are to fit into 60 kB."""

_YEAR = 365 * 24 * 3600


class Freshness(NamedTuple):
    """How far what a page shows was heard, and what is missing from it.

    `until` is None before anything was heard, `age` is in seconds. Letters and what is unjudged are
    of the whole service: None to whom that is not shown.
    """

    until: datetime | None
    age: float
    lag: int
    letters: int | None
    unjudged: int | None


class Renderer:
    """Makes pages; `database` tells each how fresh it is, `signs` whether packs can be had."""

    def __init__(self, database: Database, *, signs: bool = False) -> None:
        self._signs = signs
        self._database = database
        self._environments: dict[Language, Environment] = {
            "zh": _environment("zh"),
            "en": _environment("en"),
        }

    async def page(
        self, request: Request, name: str, /, *, here: str, data: str = "", **shows: Any
    ) -> Response:
        """Make a page of the template `name`; `here` is its place in the navigation."""
        return await self.answer(request, name, 200, here=here, data=data, **shows)

    async def problem(self, request: Request, status: int, detail: str) -> Response:
        """Make the page that says why there is none."""
        heading = translate(_HEADINGS[status], language_of(request))
        return await self.answer(
            request,
            "problem.html",
            status,
            here="",
            data="",
            heading=heading,
            detail=detail,
            forbidden=status == HTTPStatus.FORBIDDEN,
        )

    async def answer(
        self, request: Request, name: str, code: int, /, *, nobody: bool = False, **shows: Any
    ) -> Response:
        """Make a page with a status of HTTP; `nobody`: for who is not known, or not any more."""
        language = language_of(request)
        address = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        me = "" if nobody else called(request, language)
        asker = request.scope.get(PRINCIPAL)
        oversees = isinstance(asker, Principal) and asker.oversees
        html = (
            self._environments[language]
            .get_template(name)
            .render(
                fresh=await self._freshness() if me else None,
                address=address,
                other_language=in_language(request, "en" if language == "zh" else "zh"),
                now=datetime.now(UTC),
                me=me,
                navigation=navigation(request),
                oversees=oversees,
                packs=oversees and self._signs,
                **shows,
            )
        )
        response = Response(html, code, media_type="text/html")
        response.headers["content-security-policy"] = POLICY
        response.headers["vary"] = "accept-language, cookie"
        if request.query_params.get("lang") == language:
            response.set_cookie(COOKIE, language, _YEAR, httponly=True, samesite="strict")
        return response

    async def _freshness(self) -> Freshness | None:
        """Say how fresh the page is; None while the database is away."""
        try:
            heard = await operation.hearing(self._database)
            letters = unjudged = None
            if not self._database.confined:
                letters = sum((await operation.letter_counts(self._database)).values())
                unjudged = sum(one.count for one in await operation.unjudged(self._database))
            return Freshness(
                until=heard.until,
                age=heard.age or 0.0,
                lag=sum(one.lag for one in await operation.partitions(self._database)),
                letters=letters,
                unjudged=unjudged,
            )
        except (TransientError, SetupError):
            return None


def navigation(request: Request) -> list[tuple[str, str]]:
    """Give the pages that whoever asks may open: address and word."""
    asker = request.scope.get(PRINCIPAL)
    roles = asker.roles if isinstance(asker, Principal) else frozenset()
    admits = {path: _ADMITS.get(path, SEEN).dependency.roles for path in wording.PAGES}
    return [(path, word) for path, word in wording.PAGES.items() if roles & admits[path]]


def called(request: Request, language: Language) -> str:
    """Give what whoever asks is called."""
    asker = request.scope.get(PRINCIPAL)
    if not isinstance(asker, Principal):
        return ""
    return name_of(asker.subject, language)


def name_of(subject: str, language: Language) -> str:
    """Give what somebody is called, where they have a name or are known without one."""
    if subject == MACHINE:
        return translate("系统", language)
    if subject == LOCAL.subject:
        return translate("本机用户", language)
    return invented.called(subject, language)


def in_language(request: Request, language: Language) -> str:
    """Give the address of the same page in another language."""
    asked = [(name, value) for name, value in request.query_params.multi_items() if name != "lang"]
    return f"{request.url.path}?{urlencode([*asked, ('lang', language)])}"


def title_of(rule: str, language: Language) -> str:
    """Give the title of a rule; a rule of another version has its name alone."""
    return _TITLES.get(rule, {}).get(language, rule)


def value_name(name: str, language: Language) -> str:
    """Give what a value of a policy is called; in English names are words already."""
    return name_zh(name) if language == "zh" else name_en(name).capitalize()


def lasted(item: Any, until: datetime | None = None, *, language: Language) -> str:
    """Show how long a violation has gone on until an instant (None is now), or went on.

    What was done at once, as a refusal, went on for no time.
    """
    began, ended = shown.instant_of(item.occurred_at), shown.instant_of(item.cured_at)
    if began is None or ended == began:
        return "–"
    return shown.span((ended or until or datetime.now(UTC)) - began, language)


def since(instant: datetime, *, language: Language) -> str:
    """Show how long ago an instant was."""
    return shown.span(datetime.now(UTC) - instant, language)


def brief(item: Any, *, language: Language) -> str:
    """Say a violation in a list: of an order, which stands beside, by what was ordered."""
    told = item.message_zh if language == "zh" else item.message_en
    order, product = _ORDER[language].format(item.order), item.names.get("product")
    if product and told.startswith(order):
        told = product + told.removeprefix(order)
    return shown.brief(told, _BRIEF[language])


def _raw(data: object) -> str:
    return msgspec.json.encode(data).decode()


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "message": shown.message,
        "seconds": shown.seconds,
        "minutes": shown.minutes,
        "value": shown.value,
        "said": partial(shown.said, language=language),
        "share": shown.share,
        "number": shown.number,
        "weight": shown.weight,
        "span": lambda age, lang: shown.span(shown.seconds_of(age), lang),
        "paragraphs": partial(shown.breaking, language=language),
        "marked": partial(shown.marked, language=language),
    }
    environment.tests |= {"instant": lambda told: shown.instant_of(told) is not None}
    environment.globals |= {
        **_WORDS,
        "_": partial(translate, language=language),
        "lang": language,
        "behind": BEHIND,
        "name_of": partial(name_of, language=language),
        "place": partial(jurisdiction_name, language=language),
        "area_name": partial(area_name, language=language),
        "title": partial(title_of, language=language),
        "CELLS": _CELLS,
        "LANGUAGES": _LANGUAGES,
        "value_name": partial(value_name, language=language),
        "lasted": partial(lasted, language=language),
        "source": source_zh if language == "zh" else str,
        "since": partial(since, language=language),
        "brief": partial(brief, language=language),
        "raw": _raw,
    }
    return environment


_WORDS: Mapping[str, Any] = {
    name: value
    for words in (wording, telling)
    for name, value in vars(words).items()
    if name.isupper()
}

_LANGUAGES = {"zh": "中文", "en": "English"}
"""Each in its own words, whatever the page is in."""

_CELLS = {"clean": "zero", "unjudged": "unjudged", "none": "none", "not-applicable": "na"}
"""How a cell in which nothing was found looks, by its state."""

_ADMITS: Mapping[str, Any] = {
    "/coverage": OVERSEEN,
    "/bulletins": OVERSEEN,
    "/quality": WATCHED,
    "/rules": IDENTIFIED,
}
"""Whom pages of the navigation admit, where not all to whom violations are shown."""

_HEADINGS = {
    400: "不能受理",
    401: "不能受理",
    403: "不能受理",
    404: "没有此页",
    421: "不能受理",
    422: "条件有误",
    503: "暂时不能应答",
}

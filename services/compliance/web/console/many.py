"""Acts of many violations from the list: what is meant is shown first, counted, and then done."""

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final, Literal, NamedTuple, cast, get_args
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.compliance.answers import violations
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Asked
from services.compliance.storage.reviews import Doing
from services.compliance.web.acting import Acting, given
from services.compliance.web.admitted import OFFICIALS
from services.compliance.web.console import security
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.reviews import ManyBody, wanted
from shared.adapters.identity.roles import Asker
from shared.adapters.problems import ProblemError
from shared.domain.errors import SetupError, TransientError

ManyAct = Literal["acknowledge", "assign", "comment"]

MOST_CHOSEN: Final = 1_000
"""Violations that are chosen one by one; of all that match, reviews.MOST."""

_FIELDS: Final = MOST_CHOSEN + 50
_MOST_WORDS: Final = 4_000
_REPEATED: Final = frozenset({"rule", "status", "severity", "review"})


class Meant(NamedTuple):
    """What somebody wants done: the act, of which violations, and what they were counted as.

    `query` are the filters of the list, `every` whether all that they let through are meant.
    """

    act: ManyAct
    ids: Sequence[UUID]
    query: str
    every: bool
    text: str
    assignee: str

    @property
    def body(self) -> dict[str, Any]:
        """Give what `reviews.wanted` takes, but for how many are expected."""
        if not self.every:
            return {"act": self.act, "ids": list(self.ids)}
        pairs = parse_qsl(self.query)
        filters: dict[str, Any] = {name: value for name, value in pairs if name not in _REPEATED}
        for name, value in pairs:
            if name in _REPEATED:
                filters.setdefault(name, []).append(value)
        return {"act": self.act, "filter": filters}


def add_many(
    router: APIRouter,
    renderer: Renderer,
    database: Database,
    acting: Acting,
    filters: type[Asked],
) -> None:
    """Add the routes."""
    steps = _Steps(renderer, database, acting, filters)

    @router.post("/violations/acts", dependencies=[OFFICIALS])
    async def act_of_many(request: Request, asker: Asker) -> Response:
        try:
            form = await security.read_fields(request, _FIELDS)
            meant = _meant(form)
            expected = int(form.told["expect"]) if form.told.get("sure") == "true" else None
            return await steps.take(request, asker, meant, expected)
        except ProblemError as error:
            return await renderer.problem(request, _shown(error.status), str(error))
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        except (ValidationError, ValueError, KeyError) as error:
            return await renderer.problem(request, 400, str(error))


class _Steps:
    """Shows what is meant, and does it once it was confirmed as it was counted."""

    def __init__(
        self, renderer: Renderer, database: Database, acting: Acting, filters: type[Asked]
    ) -> None:
        self._renderer = renderer
        self._database = database
        self._acting = acting
        self._filters = filters

    async def take(
        self, request: Request, asker: Any, meant: Meant, expected: int | None
    ) -> Response:
        """Do what was confirmed; ask where it was not, or where it is another number by now."""
        if expected is not None:
            try:
                body = ManyBody(**meant.body, expect=expected)
                names = await wanted(self._database, self._filters, body)
            except ProblemError as error:
                if error.kind != "count-changed":
                    raise
                return await self._ask(request, meant, moved=True)
            doing = Doing(meant.act, given(text=meant.text, assignee=meant.assignee or None))
            done = await self._acting.act_of_many(asker, names, doing)
            return await self._show(request, meant, done=done)
        return await self._ask(request, meant, moved=False)

    async def _ask(self, request: Request, meant: Meant, *, moved: bool) -> Response:
        names = await self._names(meant)
        counts = await violations.by_severity(self._database, names)
        return await self._show(request, meant, count=len(names), counts=counts, moved=moved)

    async def _names(self, meant: Meant) -> list[UUID]:
        """Find which are meant now, however many those are."""
        body = ManyBody(**meant.body, expect=0)
        try:
            return await wanted(self._database, self._filters, body)
        except ProblemError as error:
            if error.kind != "count-changed":
                raise
            sure = body.model_copy(update={"expect": error.members["found"]})
            return await wanted(self._database, self._filters, sure)

    async def _show(self, request: Request, meant: Meant, **shows: Any) -> Response:
        token = security.token_of(request)
        blank: dict[str, Any] = {"count": 0, "counts": {}, "moved": False, "done": None}
        page = blank | shows
        done = page["done"]
        response = await self._renderer.answer(
            request,
            "many.html",
            409 if page["moved"] else 200,
            here="/violations",
            data="",
            meant=meant,
            back=f"/violations?{meant.query}",
            why=Counter(one.why for one in done.skipped) if done is not None else {},
            token=token,
            **page,
        )
        security.hand_out(response, request, token)
        return response


def _meant(form: security.Form) -> Meant:
    """Read what a form wants; raises ProblemError or ValueError for what no page of ours has."""
    told = {name: value.replace("\x00", "") for name, value in form.told.items()}
    act = told.get("act")
    if act not in get_args(ManyAct):
        raise ProblemError(400, "form", f"act: {act!r} is not done of many")
    ids = [UUID(value) for name, value in form.fields if name == "id"]
    every = told.get("every") == "true"
    if not ids and not every:
        raise ProblemError(422, "nothing-chosen", "Choose at least one violation · 请至少选择一项")
    if act == "comment" and not told.get("text", "").strip():
        raise ProblemError(422, "reason-missing", "text: say it in words · 须写明内容")
    query = urlencode([(n, v) for n, v in parse_qsl(told.get("query", "")) if n != "lang"])
    text, assignee = told.get("text", "")[:_MOST_WORDS], told.get("assignee", "")[:256].strip()
    return Meant(cast(ManyAct, act), ids, query, every, text, assignee)


def _shown(status: int) -> int:
    """Give the status of a page that tells a problem; there are pages for few."""
    return status if status in {400, 403, 422} else 400

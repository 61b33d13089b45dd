"""The page of one violation, and the form by which people decide about it."""

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple, cast, get_args
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import ValidationError

from services.compliance.answers import violations
from services.compliance.answers.catalogue import PolicyShown
from services.compliance.answers.database import Database
from services.compliance.answers.parts import PartAsked
from services.compliance.answers.shapes import FactShown, ViolationInFull
from services.compliance.people.acts import DISMISSALS, GROUNDS, Act, State
from services.compliance.people.attachment import MOST_TOGETHER
from services.compliance.storage.reviews import Doing
from services.compliance.web.acting import Acting, given, hide_internal
from services.compliance.web.admitted import CONCERNED, SEEN
from services.compliance.web.bodies import MOST_BYTES as MOST_WORDS
from services.compliance.web.console import following, security, shown
from services.compliance.web.console.languages import Language, language_of, translate
from services.compliance.web.console.refusing import faults_of
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.disputes import ROOM, doing_of, files_of
from services.compliance.web.stream import Streams
from shared.adapters.identity.roles import Asker
from shared.adapters.problems import ProblemError
from shared.domain.calendar import instant_text
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import Principal

_MOST_WORDS = 4_000


class Step(NamedTuple):
    """Something on the timeline of a violation: a fact, its deadline or its end."""

    at: str
    fact: FactShown | None = None
    text: str = ""
    deadline: bool = False
    end: bool = False


class Typed(NamedTuple):
    """What somebody has sent by the form and was not done: it is shown again, with the reason."""

    act: str
    reason: str
    text: str
    assignee: str
    refusal: str
    due: str | None = None
    changes: tuple[Mapping[str, Any], ...] = ()
    detail: str = ""


class Pages:
    """Makes the page of a violation for whoever asks."""

    def __init__(
        self,
        renderer: Renderer,
        database: Database,
        acting: Acting,
        policies: Mapping[str, PolicyShown],
        streams: Streams,
    ) -> None:
        self.renderer = renderer
        self.acting = acting
        self._database = database
        self._policies = policies
        self._streams = streams

    async def show(
        self, request: Request, asker: Principal, violation: str, typed: Typed | None, status: int
    ) -> Response:
        """Make the page, with what was typed and not done."""
        language, place = language_of(request), self._streams.place
        try:
            told = request.query_params.get("as_of") or None
            as_of = PartAsked.model_validate({"as_of": told} if told else {}).as_of
            item = await violations.in_full(self._database, UUID(violation), as_of)
            may = () if item is None or as_of is not None else await self._allowed(asker, item)
        except ValidationError as error:
            detail = faults_of(error)
            return await self.renderer.problem(request, 422, detail)
        except ValueError:
            item, may, as_of = None, (), None
        except (TransientError, SetupError) as error:
            return await self.renderer.problem(request, 503, str(error))
        if item is None:
            detail = translate("没有编号为此的违约事项：", language) + violation
            if as_of is not None:
                then = translate("当时尚未发现（截至所给时点）：", language)
                detail = f"{then}{instant_text(as_of)}, {violation}"
            return await self.renderer.problem(request, 404, detail)
        hide_internal(asker, item.history)
        token = security.token_of(request)
        response = await self.renderer.answer(
            request,
            "violation.html",
            status,
            here="/violations",
            data=f"/v1/violations/{item.id}{shown.as_of(as_of)}",
            item=item,
            pack=f"/v1/violations/{item.id}/pack{shown.as_of(as_of)}",
            follow=following.of_one(item, place) if as_of is None else None,
            as_of=as_of,
            now_instead=f"/violations/{item.id}",
            may=may,
            typed=typed,
            me_subject=asker.subject,
            token=token,
            due=self._due(item),
            grounds=GROUNDS if "dispute" in may else (),
            dismissals=DISMISSALS if "propose-dismiss" in may else (),
            timeline=_timeline(item, language),
            **self._checked(item, language),
        )
        security.hand_out(response, request, token)
        return response

    async def _allowed(self, asker: Principal, item: ViolationInFull) -> tuple[Act, ...]:
        return await self.acting.allowed(self._database, asker, item.id)

    def _due(self, item: ViolationInFull) -> str | None:
        """Give the day until which the next step is due; None where none is, or it is not known."""
        since = {
            name: shown.instant_of(getattr(item, name))
            for name in ("detected_at", "acknowledged_at", "reviewed_at")
        }
        if item.status == "withdrawn":
            return None
        due = self.acting.deadlines.due(cast(State, item.review), item.severity, since)
        return due.isoformat() if isinstance(due, date) else None

    def _checked(self, item: ViolationInFull, language: Language) -> dict[str, Any]:
        policy = self._policies.get(item.policy)
        carried = None if policy is None else policy.rules.get(item.rule)
        titles = {} if policy is None else {"zh": policy.title_zh, "en": policy.title_en}
        verified = sum(fact.verified is True for fact in item.facts)
        return {
            "verified": verified,
            "evidence_checked": verified == item.evidence_count,
            "policy_title": titles.get(language, item.policy),
            "force": carried.force if carried else "",
        }


def add_violation(router: APIRouter, pages: Pages) -> None:
    """Add the routes."""

    @router.get("/violations/{violation}", dependencies=[SEEN])
    async def show_violation(request: Request, violation: str, asker: Asker) -> Response:
        return await pages.show(request, asker, violation, None, 200)

    @router.post("/violations/{violation}/acts", dependencies=[CONCERNED])
    async def act(request: Request, violation: str, asker: Asker) -> Response:
        typed = Typed("", "", "", "", "")
        try:
            with ROOM.taken():
                sent = await security.read_ours_with_files(request, MOST_TOGETHER + MOST_WORDS)
            form = sent.told
            words = form.get("text", "").replace("\x00", "")[:_MOST_WORDS]
            typed = Typed(
                form.get("act", ""), form.get("reason", ""), words, form.get("assignee", ""), ""
            )
            await _do(pages.acting, asker, UUID(violation), sent, typed)
        except ProblemError as error:
            refused = typed._replace(
                refusal=error.kind,
                detail=str(error) if error.kind == "attachment" else "",
                due=error.members.get("due"),
                changes=tuple(error.members.get("changes", ())),
            )
            return await pages.show(request, asker, violation, refused, error.status)
        except (TransientError, SetupError):
            busy = typed._replace(refusal="busy")
            return await pages.show(request, asker, violation, busy, 503)
        except ValueError:
            wrong = typed._replace(refusal="form")
            return await pages.show(request, asker, violation, wrong, 400)
        return RedirectResponse(f"/violations/{violation}#history", 303)


async def _do(
    acting: Acting, asker: Principal, violation: UUID, form: security.Form, typed: Typed
) -> None:
    """Do what a form asks for; raises ValueError for one that no page of ours has."""
    if typed.act not in get_args(Act):
        raise ValueError(typed.act)
    act, seq = cast(Act, typed.act), security.read_number(form.told.get("seq", ""))
    if act == "dispute":
        disputing = doing_of(typed.reason, typed.text, files_of(form.files), 1)
        await acting.act_of_all(asker, {violation: seq}, disputing)
        return
    assignee = typed.assignee.replace("\x00", "")[:256].strip() or None
    doing = Doing(
        act,
        given(typed.reason or None, typed.text, assignee if act == "assign" else None),
    )
    await acting.act(asker, violation, seq, doing)


def _timeline(item: ViolationInFull, language: Language) -> list[Step]:
    """Give the facts, when the breach began and when it ended, in the order of their time."""
    steps = [Step(fact.event.time, fact) for fact in item.facts if fact.event is not None]
    began = translate("违约自此", language)
    steps.append(Step(item.occurred_at, text=began, deadline=True))
    if item.cured_at is not None and item.cured_at != item.occurred_at:
        steps.append(Step(item.cured_at, text=translate("至此结束", language), end=True))
    return sorted(steps, key=lambda step: (shown.instant_of(step.at) is None, step.at))

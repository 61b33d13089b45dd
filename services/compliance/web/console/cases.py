"""The page of a case, with its procedure, its letters and its violations."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, cast, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.compliance.answers import case_changes, cases, violations
from services.compliance.answers.case_shapes import CaseInFull
from services.compliance.answers.database import Database
from services.compliance.answers.filters import Asked
from services.compliance.findings.violation import ServedViolation
from services.compliance.people.acts import GROUNDS
from services.compliance.people.attachment import MOST_TOGETHER
from services.compliance.people.case import PartyCase
from services.compliance.people.delivery import Channel
from services.compliance.people.procedure import CaseAct, LetterKind, Outcome
from services.compliance.web.acting import Acting
from services.compliance.web.admitted import CONCERNED, SEEN
from services.compliance.web.bodies import MOST_BYTES as MOST_WORDS
from services.compliance.web.casework import CaseWork, Doors, Wish, is_accused
from services.compliance.web.console import security
from services.compliance.web.console.languages import language_of, translate
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.denominators import today
from services.compliance.web.disputes import ROOM, doing_of, files_of
from shared.adapters.identity.roles import Asker
from shared.adapters.problems import ProblemError
from shared.domain.errors import SetupError, TransientError
from shared.domain.principal import Principal

MEMBERS_SHOWN = 20
_LIST = "/cases"
_MOST_WORDS, _MOST_LETTERS = 4_000, 1_000_000


class Refused(NamedTuple):
    """What somebody has sent by a form of a case and was not done: shown again, with the reason."""

    form: Mapping[str, str]
    why: str
    detail: str = ""


HIGH, WIDE = 60, 10
"""Units of the chart of a month: how high it is, and how wide each day."""


class DaysDrawn(NamedTuple):
    """A month by day: how many it has, and the bars of what goes on and of what is over."""

    days: int
    open: str
    over: str


class CasePages:
    """Makes the page of a case for whoever asks."""

    def __init__(self, renderer: Renderer, database: Database, work: CaseWork) -> None:
        self.work = work
        self._renderer = renderer
        self._database = database

    async def show(
        self, request: Request, asker: Principal, name: str, refused: Refused | None, status: int
    ) -> Response:
        """Make the page, with what was typed and not done."""
        case = cases.case_named(name)
        try:
            item = None if case is None else await self.work.show(self._database, asker, case)
            if case is None or item is None:
                detail = translate("没有此案件：", language_of(request)) + name
                return await self._renderer.problem(request, 404, detail)
            wanted = _members(case)
            asked = Asked(**wanted, page_size=MEMBERS_SHOWN)
            members = await violations.page(self._database, asked)
            known = [one.id for one in members.items]
            listing = await case_changes.letters_listing(self._database, case, known)
        except (TransientError, SetupError) as error:
            return await self._renderer.problem(request, 503, str(error))
        token = security.token_of(request)
        response = await self._renderer.answer(
            request,
            "case.html",
            status,
            here=_LIST,
            data=f"/v1/cases/{name}",
            case=item,
            table=_table(item),
            members=members.items,
            wanted=urlencode(wanted, doseq=True),
            listing=listing,
            drawn=_drawn(item),
            refused=refused,
            me_subject=asker.subject,
            disputable=_disputable(asker, case, members.items),
            grounds=GROUNDS,
            token=token,
            outcomes=get_args(Outcome),
            today=today(),
        )
        security.hand_out(response, request, token)
        return response


def add_case_page(router: APIRouter, renderer: Renderer, database: Database, doors: Doors) -> None:
    """Add the routes."""
    acting, work = doors
    pages = CasePages(renderer, database, work)
    _add_disputing(router, pages, acting)

    @router.get("/cases/{case}", dependencies=[SEEN])
    async def show_case(request: Request, case: str, asker: Asker) -> Response:
        return await pages.show(request, asker, case, None, 200)

    @router.post("/cases/{case}/acts", dependencies=[CONCERNED])
    async def act(request: Request, case: str, asker: Asker) -> Response:
        form: Mapping[str, str] = {}
        try:
            form = await security.read_ours(request)
            await _do(work, asker, case, form)
        except ProblemError as error:
            refused = Refused(form, error.kind, str(error))
            return await pages.show(request, asker, case, refused, error.status)
        except (TransientError, SetupError):
            return await pages.show(request, asker, case, Refused(form, "busy"), 503)
        except ValueError:
            return await pages.show(request, asker, case, Refused(form, "form"), 400)
        return RedirectResponse(f"/cases/{case}#history", 303)


def _add_disputing(router: APIRouter, pages: CasePages, acting: Acting) -> None:
    @router.post("/cases/{case}/disputes", dependencies=[CONCERNED])
    async def dispute(request: Request, case: str, asker: Asker) -> Response:
        form = security.Form(())
        try:
            with ROOM.taken():
                form = await security.read_ours_with_files(request, MOST_TOGETHER + MOST_WORDS)
                await _dispute(acting, asker, form)
        except ProblemError as error:
            refused = Refused(form.told, error.kind, str(error))
            return await pages.show(request, asker, case, refused, error.status)
        except (TransientError, SetupError):
            return await pages.show(request, asker, case, Refused(form.told, "busy"), 503)
        except ValueError:
            return await pages.show(request, asker, case, Refused(form.told, "form"), 400)
        return RedirectResponse(f"/cases/{case}", 303)


async def _dispute(acting: Acting, asker: Principal, form: security.Form) -> None:
    """Dispute what a form has chosen; raises ValueError for one that no page of ours has."""
    told = form.told
    seen = dict(_seen(value) for name, value in form.fields if name == "violation")
    if not seen:
        raise ProblemError(422, "nothing-chosen", "")
    words = told.get("text", "").replace("\x00", "")[:_MOST_WORDS]
    doing = doing_of(told.get("reason", ""), words, files_of(form.files), len(seen))
    await acting.act_of_all(asker, seen, doing)


def _seen(value: str) -> tuple[UUID, int]:
    """Read a violation of the form and its last line that was seen; raises ValueError."""
    name, _, seq = value.partition(":")
    return UUID(name), security.read_number(seq)


def _disputable(asker: Principal, case: PartyCase, members: Sequence[ServedViolation]) -> set[str]:
    """Give which violations of a case that are shown its own party may dispute together."""
    if not is_accused(asker, case):
        return set()
    return {
        str(one.id)
        for one in members
        if one.review in {"new", "acknowledged"} and one.status != "withdrawn"
    }


async def _do(work: CaseWork, asker: Principal, name: str, form: Mapping[str, str]) -> None:
    """Do what a form asks for; raises ValueError for one that no page of ours has."""
    case = PartyCase.named(name) if cases.case_named(name) else None
    if case is None or form.get("act") not in get_args(CaseAct):
        raise ValueError(form.get("act"))
    told = {field: value.replace("\x00", "") for field, value in form.items()}
    outcome, letter = told.get("outcome"), told.get("letter")
    due, channel = told.get("due"), told.get("channel")
    wish = Wish(
        cast(CaseAct, told["act"]),
        told.get("text", "")[:_MOST_WORDS],
        told.get("assignee", "")[:256].strip() or None,
        cast(Outcome, outcome) if outcome in get_args(Outcome) else None,
        though_open=told.get("though_open") == "true",
        letter=cast(LetterKind, letter) if letter in get_args(LetterKind) else None,
        n=min(security.read_number(told.get("n", "0")), _MOST_LETTERS),
        number=told.get("number", "")[:256],
        due=date.fromisoformat(due) if due else None,
        internal=told.get("internal", "true") == "true",
        language="en" if told.get("language") == "en" else "zh",
        channel=cast(Channel, channel) if channel in get_args(Channel) else None,
        day=date.fromisoformat(told["day"]) if told.get("day") else None,
    )
    await work.take(asker, case, security.read_number(told.get("seq", "")), wish)


def _members(case: PartyCase) -> dict[str, Any]:
    """Give the filters that let the violations of a case through, and no others."""
    return {
        "jurisdiction": case.jurisdiction,
        "rule": [case.rule],
        "month": case.month,
        "accused_role": case.role,
        "accused": case.party,
    }


def _table(item: CaseInFull) -> dict[str, dict[str, int]]:
    """Count the violations of a case by severity, and by what is the case with them."""
    rows: dict[str, dict[str, int]] = {}
    for one in item.shares:
        column = "exempt" if one.exempt and one.status != "withdrawn" else one.status
        row = rows.setdefault(one.severity, dict.fromkeys(_COLUMNS, 0))
        row[column] += one.count
        row["all"] += one.count
    return {name: rows[name] for name in ("breach", "explain", "warning") if name in rows}


def _drawn(item: CaseInFull) -> DaysDrawn:
    """Draw the days of a case's month: what goes on stands on the line, what is over upon that."""
    counted = {date.fromisoformat(one.day).day: one for one in item.days}
    most = max((one.found for one in item.days), default=1)

    def bar(day: int, first: int, last: int) -> str:
        low, high = (round(HIGH - HIGH * number / most, 1) for number in (first, last))
        return f"M{day * WIDE - WIDE + 1} {low:g}V{high:g}h{WIDE - 2}V{low:g}z"

    year, month = map(int, item.month.split("-"))
    return DaysDrawn(
        monthrange(year, month)[1],
        "".join(bar(day, 0, one.open) for day, one in counted.items() if one.open),
        "".join(bar(day, one.open, one.found) for day, one in counted.items()),
    )


_COLUMNS = ("open", "closed", "withdrawn", "exempt", "all")

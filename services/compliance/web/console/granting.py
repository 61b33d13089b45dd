"""The pages by which an officer grants an exemption: typed, looked at with its counts, and told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from services.compliance.answers import exemptions
from services.compliance.answers.database import Database
from services.compliance.answers.exemptions import Covering, address_of, covered_by
from services.compliance.answers.names import called
from services.compliance.answers.neighbours import Neighbour
from services.compliance.register.exemption import PARTIES, Exemption
from services.compliance.rules import RULES
from services.compliance.web import granting
from services.compliance.web.console import security
from services.compliance.web.console.exemptions import HERE
from services.compliance.web.console.languages import language_of, translate
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.granting import LONGEST, WORDS, Fault, Proposed
from shared.adapters.identity.roles import Asker, admits
from shared.adapters.problems import ProblemError
from shared.domain.calendar import instant_text, parse_instant
from shared.domain.errors import InvalidEventError, SetupError, TransientError
from shared.domain.principal import Principal, Role, may_reach

OFFICER: Final = admits(Role.OFFICER)
"""To what officers grant; the event bears their name."""

LOOKED_AT: Final = timedelta(hours=1)
"""How long what a page has counted may be confirmed."""

_STEPS: Final = frozenset({"look", "mend", "grant"})


class Looked(NamedTuple):
    """What is granted if it is confirmed, and what it covers now.

    `known` is whether there is one of its id, which it replaces; `at` is the instant of the event.
    """

    exemption: Exemption
    counts: Covering
    link: str | None
    names: Mapping[str, str]
    known: bool
    at: str


class NotGranted(NamedTuple):
    """Why something was not done: in one of the words of GRANT_REFUSALS, and in detail."""

    why: str
    detail: str = ""


class Said(NamedTuple):
    """What a page says beside what was typed; with `looked` it is no form any more."""

    status: int = 200
    faults: Sequence[Fault] = ()
    refused: NotGranted | None = None
    looked: Looked | None = None


BLANK: Final = Said()


class GrantPages:
    """Makes the pages: the form, and what it would grant."""

    def __init__(
        self,
        renderer: Renderer,
        database: Database,
        orders: Neighbour,
        jurisdictions: Collection[str],
    ) -> None:
        self.orders = orders
        self._renderer = renderer
        self._database = database
        self._jurisdictions = sorted(jurisdictions)

    def own(self, asker: Principal) -> list[str]:
        """Give the jurisdictions in which somebody grants."""
        return [where for where in self._jurisdictions if may_reach(asker, where)]

    async def begun(self, asker: Principal, query: Mapping[str, str]) -> Proposed | None:
        """Give what a form begins with; None where the one to be replaced is not known."""
        typed = Proposed.of(query)
        where, wanted = typed.fields["jurisdiction"], typed.fields["exemption"]
        if not wanted:
            return typed
        held = await self._held(where, wanted) if where in self.own(asker) else None
        if held is None:
            return None
        said = (await exemptions.told_of(self._database, [held])).get(wanted, {})
        words = {name: str(said.get(name) or "") for name in WORDS}
        days = {"start": held.start.isoformat(), "end": held.end.isoformat()}
        whose = {"jurisdiction": where, "exemption": wanted, "rule": held.rule}
        return Proposed.of(whose | held.parties | days | words)

    async def look(self, typed: Proposed, raw: bytes, at: datetime) -> Looked:
        """Count what would be covered.

        Raises ProblemError (422) for what no worker could read, and where there is none to replace.
        """
        where = typed.fields["jurisdiction"]
        try:
            one = granting.read_as_told(raw)
        except InvalidEventError as error:
            raise ProblemError(422, "refused", str(error)) from error
        known = await self._held(where, one.exemption) is not None
        if typed.fields["exemption"] and not known:
            raise ProblemError(422, "gone", one.exemption)
        asked = {(where, party, code): party for party, code in one.parties.items()}
        names = await called(self._database.fetch, asked.keys())
        return Looked(
            one,
            await exemptions.covering(self._database, where, one),
            address_of(covered_by(where, one)),
            {asked[of]: name for of, name in names.items()},
            known,
            instant_text(at),
        )

    async def _held(self, where: str, wanted: str) -> Exemption | None:
        known = await exemptions.known(self._database, where)
        return next((one for one in known if one.exemption == wanted), None)

    async def unknown(self, request: Request) -> Response:
        """Say that there is no exemption to be replaced."""
        detail = translate("没有此豁免：", language_of(request))
        return await self._renderer.problem(
            request, 404, detail + request.query_params.get("exemption", "")
        )

    async def show(
        self, request: Request, asker: Principal, typed: Proposed, shown: Said = BLANK
    ) -> Response:
        """Show the form with what was typed, or what it would grant, to be confirmed."""
        token = security.token_of(request)
        response = await self._renderer.answer(
            request,
            "granting.html",
            shown.status,
            here="/rules",
            data="",
            typed=typed.fields,
            faults=shown.faults,
            refused=shown.refused,
            looked=shown.looked,
            own=self.own(asker),
            rules=[rule.name for rule in RULES],
            parties=PARTIES,
            longest=LONGEST,
            officer=asker.subject,
            token=token,
        )
        security.hand_out(response, request, token)
        return response


def add_granting(router: APIRouter, pages: GrantPages) -> None:
    """Add the routes."""

    @router.get(f"{HERE}/new", dependencies=[OFFICER])
    async def show_form(request: Request, asker: Asker) -> Response:
        try:
            typed = await pages.begun(asker, request.query_params)
        except (TransientError, SetupError) as error:
            return await pages.show(request, asker, Proposed.of({}), _refused("busy", error, 503))
        if typed is None:
            return await pages.unknown(request)
        return await pages.show(request, asker, typed)

    @router.post(f"{HERE}/new", dependencies=[OFFICER])
    async def take_form(request: Request, asker: Asker) -> Response:
        typed = Proposed.of({})
        try:
            form = await security.read_ours(request)
            typed = Proposed.of(form)
            shown = await _step(pages, asker, form, typed)
        except ProblemError as error:
            shown = _refused(error.kind, error, error.status)
        except (TransientError, SetupError) as error:
            shown = _refused("busy", error, 503)
        if shown is not None:
            return await pages.show(request, asker, typed, shown)
        said = {"jurisdiction": typed.fields["jurisdiction"], "told": typed.exemption}
        return RedirectResponse(f"{HERE}?{urlencode(said)}", 303)


def _refused(why: str, error: Exception, status: int) -> Said:
    return Said(status, refused=NotGranted(why, str(error)))


async def _step(
    pages: GrantPages, asker: Principal, form: Mapping[str, str], typed: Proposed
) -> Said | None:
    """Take a step; gives what is shown then, None where the exemption was granted."""
    step, now = form.get("step", ""), datetime.now(UTC)
    if step not in _STEPS:
        raise ProblemError(400, "form", f"step: {step!r} is none of this form's")
    if step == "mend":
        return BLANK
    if faults := typed.faults(pages.own(asker)):
        return Said(422, faults)
    confirmed = _confirmed(form.get("at", ""), now) if step == "grant" else None
    raw = typed.event(asker.subject, confirmed or now)
    looked = await pages.look(typed, raw, confirmed or now)
    if step == "look":
        return Said(looked=looked)
    if confirmed is None:
        return Said(409, refused=NotGranted("stale"), looked=looked)
    return await _grant(pages.orders, raw, looked)


async def _grant(orders: Neighbour, raw: bytes, looked: Looked) -> Said | None:
    """Tell what was confirmed; gives what is shown where it was not taken."""
    try:
        await granting.tell(orders, raw)
    except ProblemError as error:
        return _refused(error.kind, error, error.status)._replace(looked=looked)
    except SetupError as error:
        return _refused("setup", error, 503)._replace(looked=looked)
    except TransientError as error:
        return _refused("busy", error, 503)._replace(looked=looked)
    return None


def _confirmed(text: str, now: datetime) -> datetime | None:
    """Read when what is confirmed was looked at; None where that is too long ago to be so still.

    The event is of that instant, so that confirming it twice tells the same event twice.
    """
    try:
        at = parse_instant(text)
    except InvalidEventError:
        return None
    return at if now - LOOKED_AT <= at <= now else None

"""The pages of parties: all that were judged, and one of them with its months."""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from services.compliance.answers import cases, denominators
from services.compliance.answers.case_listing import CasesAsked
from services.compliance.answers.database import Database
from services.compliance.answers.denominators import PartyShown
from services.compliance.answers.figures import Figures
from services.compliance.findings.accused import Role
from services.compliance.web.admitted import SEEN
from services.compliance.web.console.languages import language_of, translate
from services.compliance.web.console.overview import asked_of
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.console.wording import ROLES
from services.compliance.web.denominators import today
from shared.domain.errors import SetupError, TransientError

DRAWN_OF = {"distributor", "manufacturer"}
"""The parties of whom deliveries are scored."""

JUDGED = tuple(role for role in ROLES if role != "authority")
"""The roles of parties that have a page."""

FIGURES_WITHIN = 3.0
"""Seconds that a page waits for figures of another service; without them it says so."""

CASES_SHOWN = 8

HEIGHT, STEP, DASH = 120, 100, 8
"""Units of a chart: its height, from one month to the next, and a month that stands alone."""


class Punctuality(NamedTuple):
    """On time in full by month: paths of the party and of all, from `lowest` to 100 percent.

    `rows` are month, lines due and share of the party, and share of all; None where nothing fell
    due.
    """

    lowest: int
    own: str
    all: str
    rows: list[tuple[str, int, float | None, float | None]]


def add_parties(
    router: APIRouter,
    renderer: Renderer,
    database: Database,
    figures: Figures,
    known: list[str],
) -> None:
    """Add the routes; `known` are the jurisdictions."""

    @router.get("/parties", dependencies=[SEEN])
    async def list_parties(request: Request) -> Response:
        asked = asked_of(request, known)
        told = request.query_params.get("role")
        role = cast(Role, told) if told in ROLES else None
        begins = request.query_params.get("begins", "").replace("\x00", "")[:256]
        try:
            rows = await denominators.parties(database, asked.jurisdiction, role, begins, today())
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        query = {"jurisdiction": asked.jurisdiction, "begins": begins}
        return await renderer.page(
            request,
            "parties.html",
            here="/parties",
            data="/v1/parties?" + urlencode(query | ({"role": role} if role else {})),
            rows=rows,
            asked=asked,
            role=role,
            begins=begins,
            jurisdictions=known,
            most=denominators.PARTIES_SHOWN,
        )

    @router.get("/parties/{role}/{code:path}", dependencies=[SEEN])
    async def show_party(request: Request, role: str, code: str) -> Response:
        asked = asked_of(request, known)
        language = language_of(request)
        if role not in JUDGED:
            known_roles = translate("没有此类当事方；已知的有：", language) + ", ".join(JUDGED)
            return await renderer.problem(request, 404, known_roles)
        found = None
        if "\x00" not in code:
            try:
                found = await denominators.party(
                    database, asked.jurisdiction, cast(Role, role), code, today()
                )
            except (TransientError, SetupError) as error:
                return await renderer.problem(request, 503, str(error))
        if found is None:
            detail = translate("没有对此当事方判定过任何事项：", language) + code
            return await renderer.problem(request, 404, detail)
        own = CasesAsked(accused_role=role, accused=code, page_size=CASES_SHOWN)
        try:
            page = await cases.list_cases(database, own, asked.jurisdiction)
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        return await renderer.page(
            request,
            "party.html",
            here="/parties",
            data=f"/v1/parties/{role}/{code}?{urlencode({'jurisdiction': asked.jurisdiction})}",
            party=found,
            cases=page,
            jurisdiction=asked.jurisdiction,
            **await _drawn(figures, asked.jurisdiction, found),
        )


async def _drawn(figures: Figures, jurisdiction: str, party: PartyShown) -> dict[str, Any]:
    """Give what is drawn of a party: its punctuality, or why that cannot be had."""
    if party.role not in DRAWN_OF:
        return {"punctuality": None, "missing": None}
    span = (jurisdiction, party.months[0], party.months[-1])
    try:
        async with asyncio.timeout(FIGURES_WITHIN):
            own, everybody = await asyncio.gather(
                figures.scorecards_by_month(*span, **{party.role: party.party}),
                figures.scorecards_by_month(*span),
            )
    except (TransientError, SetupError, TimeoutError) as error:
        return {"punctuality": None, "missing": str(error) or "no answer in time"}
    return {
        "punctuality": punctuality(party.months, own["rows"], everybody["rows"]),
        "missing": None,
    }


def punctuality(
    months: Sequence[str], own: list[dict[str, Any]], everybody: list[dict[str, Any]]
) -> Punctuality:
    """Draw shares of months beside those of all; scorecards name their month in `code`."""
    of_own, of_all = (
        {row["code"]: row["punctuality"] for row in rows} for rows in (own, everybody)
    )
    rows = [
        (
            month,
            of_own.get(month, {}).get("due", 0),
            of_own.get(month, {}).get("share"),
            of_all.get(month, {}).get("share"),
        )
        for month in months
    ]
    shares = [share for _, _, *both in rows for share in both if share is not None]
    lowest = int(min([0.9, *shares]) * 10) * 10
    return Punctuality(
        lowest,
        _path([row[2] for row in rows], lowest),
        _path([row[3] for row in rows], lowest),
        rows,
    )


def _path(shares: Sequence[float | None], lowest: int) -> str:
    """Draw a line; a month without a share interrupts it, a single one is a dash."""
    steps, drawn = [], False
    for at, share in enumerate(shares):
        if share is not None:
            y = HEIGHT * (100 - share * 100) / (100 - lowest)
            steps.append(f"{'L' if drawn else 'M'}{at * STEP + STEP // 2} {y:.1f}")
            steps.append("" if drawn else f"h{DASH}")
        drawn = share is not None
    return "".join(steps)

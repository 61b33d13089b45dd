"""The page that says of how many, by rule and area: the overview."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from services.compliance.answers import denominators
from services.compliance.answers import queue as queues
from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import Deadlines
from services.compliance.answers.denominators import Matrix, MatrixAsked, MatrixRow, Shown
from services.compliance.answers.queue import Queue
from services.compliance.policies.policy import Policies
from services.compliance.web.admitted import SEEN
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.console.wording import SEVERITIES
from services.compliance.web.denominators import today
from shared.domain.calendar import instant_text
from shared.domain.errors import SetupError, TransientError


def add_overview(
    router: APIRouter,
    renderer: Renderer,
    database: Database,
    policies: Policies,
    deadlines: Deadlines,
) -> None:
    """Add the routes."""
    known = sorted(policies.jurisdictions)

    @router.get("/", dependencies=[SEEN])
    async def overview(request: Request) -> Response:
        asked = asked_of(request, known)
        carried = policies.carried(asked.jurisdiction)
        try:
            matrix = await denominators.matrix(database, asked, carried, today())
            waits = await queues.queue(database, asked.jurisdiction, deadlines, datetime.now(UTC))
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        return await renderer.page(
            request,
            "overview.html",
            here="/",
            data=f"/v1/matrix?{_query(asked)}",
            matrix=matrix,
            queue=_queue(waits, asked.jurisdiction),
            waits=waits,
            asked=asked,
            jurisdictions=known,
            totals=_totals(matrix),
            total=sum(row.found for row in matrix.rows),
            link=_link_of(matrix, asked),
        )


class Item(NamedTuple):
    """Something that waits: what it is, how many, and the list that shows just those."""

    name: str
    number: int
    link: str


def _queue(waits: Queue, jurisdiction: str) -> list[Item]:
    """Give what waits for people."""

    def item(name: str, number: int, filters: list[tuple[str, str]]) -> Item:
        standing = [("status", "open"), ("status", "closed"), ("exempt", "false")]
        wanted = [("jurisdiction", jurisdiction), *standing, *filters]
        return Item(name, number, f"/violations?{urlencode(wanted)}")

    def late(kind: str) -> tuple[str, str]:
        return "detected_to", instant_text(waits.overdue[kind].before)

    return [
        item("new", waits.by_state.get("new", 0), [("review", "new")]),
        item(
            "late-breach",
            waits.overdue["breach"].number,
            [("review", "new"), ("severity", "breach"), late("breach")],
        ),
        item(
            "late-other",
            waits.overdue["other"].number,
            [("review", "new"), ("severity", "explain"), ("severity", "warning"), late("other")],
        ),
        item("disputed", waits.by_state.get("disputed", 0), [("review", "disputed")]),
        item("stale", waits.stale, [("stale", "true")]),
    ]


def asked_of(request: Request, known: list[str]) -> MatrixAsked:
    """Read what a form asks for; what it cannot mean is as if it had not been said."""
    params = request.query_params
    jurisdiction, show = params.get("jurisdiction", ""), params.get("show", "")
    severity = params.get("severity", "")
    return MatrixAsked(
        jurisdiction if jurisdiction in known else known[0],
        cast(Shown, show) if show in get_args(Shown) else "open",
        params.get("exempt") == "true",
        severity if severity in SEVERITIES else None,
    )


def _query(asked: MatrixAsked) -> str:
    told: Mapping[str, Any] = asked._asdict() | {"exempt": str(asked.exempt).lower()}
    return urlencode({name: value for name, value in told.items() if value is not None})


def _totals(matrix: Matrix) -> dict[str, int]:
    return {rule: sum(row.cells[rule].found for row in matrix.rows) for rule in matrix.rules}


def _link_of(matrix: Matrix, asked: MatrixAsked) -> Any:
    """Give what makes the address of the list that a cell counts; None where no list can."""

    def link(row: MatrixRow, rule: str) -> str | None:
        if row.area in {"", denominators.OTHER}:
            return None
        wanted = [("jurisdiction", matrix.jurisdiction), ("rule", rule), ("area", row.area)]
        wanted += [("status", "open")]
        if matrix.show == "year":
            wanted += [("status", "closed")]
            wanted += [("occurred_from", f"{matrix.first_month}-01T00:00:00+08:00")]
        wanted += [] if asked.exempt else [("exempt", "false")]
        wanted += [("severity", asked.severity)] if asked.severity else []
        return f"/violations?{urlencode(wanted)}"

    return link

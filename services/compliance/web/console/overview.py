"""The overview: what waits, what was found of how many by rule and area, and what moves."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from msgspec.structs import replace

from services.compliance.answers import denominators, trends, views
from services.compliance.answers import queue as queues
from services.compliance.answers.database import Database
from services.compliance.answers.deadlines import Deadlines
from services.compliance.answers.denominators import Matrix, MatrixAsked, MatrixRow, Shown
from services.compliance.answers.queue import Queue
from services.compliance.answers.trends import FlowDay, Trends
from services.compliance.policies.policy import Policies
from services.compliance.web.admitted import SEEN
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.console.views import SHOWN as VIEWS_SHOWN
from services.compliance.web.console.wording import SEVERITIES
from services.compliance.web.denominators import today
from shared.adapters.identity.roles import Asker
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
    async def overview(request: Request, asker: Asker) -> Response:
        asked = asked_of(request, known)
        carried = policies.carried(asked.jurisdiction)
        try:
            matrix = await denominators.matrix(database, asked, carried, today())
            waits = None
            if not database.confined:
                now = datetime.now(UTC)
                waits = await queues.queue(database, asked.jurisdiction, deadlines, now)
            moves = await trends.trends(database, asked.jurisdiction, today())
            own = await views.own(database, asker.subject)
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        matrix = _of_what_is_known(matrix) if database.confined else matrix
        return await renderer.page(
            request,
            "overview.html",
            here="/",
            data=f"/v1/matrix?{_query(asked)}",
            matrix=matrix,
            stretch=stretch_of(matrix, asked, request.query_params.get("stretch", "")),
            queue=() if waits is None else _queue(waits, asked.jurisdiction),
            waits=waits,
            views=own[:VIEWS_SHOWN],
            more_views=len(own) > VIEWS_SHOWN,
            moves=moves,
            drawn=None if moves.flow is None else _drawn(moves.flow),
            most_of_an_age=_most_of_an_age(moves),
            asked=asked,
            jurisdictions=known,
            totals=_totals(matrix),
            total=sum(row.found for row in matrix.rows),
            link=_link_of(matrix, asked),
        )


def _of_what_is_known(matrix: Matrix) -> Matrix:
    """Leave out areas and rules of which nothing is known: to a party those are most of them."""
    told = {"found", "clean", "unjudged"}
    rows = [row for row in matrix.rows if told & {cell.state for cell in row.cells.values()}]
    rules = [rule for rule in matrix.rules if told & {row.cells[rule].state for row in rows}]
    return replace(matrix, rows=rows, rules=rules)


CELLS_SHOWN = 175
"""How many cells of the matrix a page has at most: with its link each weighs up to 300 bytes."""


class RowsShown(NamedTuple):
    """The rows of the matrix that a page has: of its areas those from `first` on until `last`.

    `earlier` and `later` are the addresses of the others; where all areas fit, there are none.
    """

    rows: list[MatrixRow]
    first: int
    last: int
    of: int
    earlier: str | None = None
    later: str | None = None


def stretch_of(matrix: Matrix, asked: MatrixAsked, told: str) -> RowsShown:
    """Give some areas of a matrix that is too large for a page, those with most findings first.

    What lies in no area, or in one where no hospital takes part, is on each page. A stretch that
    there is not is the nearest that there is.
    """
    beside = {"", denominators.OTHER}
    areas = [row for row in matrix.rows if row.area not in beside]
    rest = [row for row in matrix.rows if row.area in beside]
    if len(matrix.rows) * len(matrix.rules) <= CELLS_SHOWN:
        return RowsShown(matrix.rows, 1, len(areas), len(areas))
    areas.sort(key=lambda row: -row.found)
    room = max(1, CELLS_SHOWN // len(matrix.rules) - len(rest))
    last = max(1, -(-len(areas) // room))
    # Longer numbers than that name no stretch, and Python reads none that is endless.
    at = min(max(1, int(told)), last) if re.fullmatch("[0-9]{1,4}", told) else 1
    begin = (at - 1) * room
    shown = areas[begin : begin + room]

    def link(number: int) -> str | None:
        return f"/?{_query(asked)}&stretch={number}#mx" if 1 <= number <= last else None

    return RowsShown(
        [*shown, *rest], begin + 1, begin + len(shown), len(areas), link(at - 1), link(at + 1)
    )


class FlowDrawn(NamedTuple):
    """Thirty days as bars: up what was found, down what ended or was taken back.

    The bars are paths in a box of WIDE a day by HIGH to each side of its middle, with the sums.
    """

    found: str
    gone: str
    taken_back: str
    sums: Mapping[str, int]


WIDE, HIGH = 10, 50


def _drawn(flow: Sequence[FlowDay]) -> FlowDrawn:
    most = max(1, *(max(day.opened, day.closed + day.withdrawn) for day in flow))

    def bar(at: int, first: int, number: int, sign: int) -> str:
        height = round(number / most * HIGH, 1)
        begin = HIGH + sign * round(first / most * HIGH, 1)
        return f"M{at * WIDE + 1} {begin:g}v{sign * height:g}h8V{begin:g}z" if number else ""

    return FlowDrawn(
        "".join(bar(at, 0, day.opened, -1) for at, day in enumerate(flow)),
        "".join(bar(at, 0, day.closed, 1) for at, day in enumerate(flow)),
        "".join(bar(at, day.closed, day.withdrawn, 1) for at, day in enumerate(flow)),
        {
            name: sum(getattr(day, name) for day in flow)
            for name in ("opened", "closed", "withdrawn")
        },
    )


def _most_of_an_age(moves: Trends) -> int:
    return max(1, *(one.open for one in moves.ages or ()), 1)


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

    def case(name: str, number: int, **filters: str) -> Item:
        wanted = {"jurisdiction": jurisdiction, **filters}
        return Item(name, number, f"/cases?{urlencode(wanted)}")

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
        case("to-notify", waits.to_notify, stage="verifying"),
        item("disputed", waits.by_state.get("disputed", 0), [("review", "disputed")]),
        item("stale", waits.stale, [("stale", "true")]),
        case("late-case", waits.late_cases, overdue="true"),
        case("correction", waits.to_correct, corrections_due="true"),
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
        if row.area in {"", denominators.OTHER} or not row.cells[rule].found:
            return None
        wanted = [("jurisdiction", matrix.jurisdiction), ("rule", rule), ("area", row.area)]
        wanted += [("status", "open")]
        if matrix.show == "year":
            wanted += [("status", "closed")]
            wanted += [("occurred_from", f"{matrix.first_month}-01T00:00:00+08:00")]
        wanted += [] if asked.exempt else [("exempt", "false")]
        wanted += [("severity", asked.severity)] if asked.severity else []
        return f"/violations?{urlencode(wanted, safe=':')}"

    return link

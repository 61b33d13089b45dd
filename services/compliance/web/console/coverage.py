"""The page of coverage: hospitals with products at an instant, and where nobody may deliver."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from services.compliance.answers import coverage, denominators
from services.compliance.answers.coverage_shapes import Coverage, CoveredPair
from services.compliance.answers.database import Database
from services.compliance.policies.policy import Policies
from services.compliance.web.console.refusing import faults_of
from services.compliance.web.console.renderer import Renderer
from services.compliance.web.coverage import CoverageQuery
from shared.adapters.identity.roles import OVERSEEN
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError, InvalidEventError, SetupError, TransientError

MOST_ROWS: Final = 60
MOST_COLUMNS: Final = 40
MOST_GAPS: Final = 50
"""What a page shows, so that it stays under 60 kB; the rest is in its data."""


class Grid(NamedTuple):
    """The cells of a page, by hospital and product; what there is too much of is left out."""

    rows: list[str]
    columns: list[str]
    cells: Mapping[tuple[str, str], CoveredPair]
    left_out: int


def add_coverage_page(
    router: APIRouter, renderer: Renderer, database: Database, policies: Policies
) -> None:
    """Add the route."""
    known = sorted(policies.jurisdictions)

    @router.get("/coverage", dependencies=[OVERSEEN])
    async def show_coverage(request: Request) -> Response:
        form = {name: value for name, value in request.query_params.items() if value}
        fault, shown = "", None
        jurisdiction = form.get("jurisdiction", known[0])
        jurisdiction = jurisdiction if jurisdiction in known else known[0]
        try:
            areas = await denominators.areas(database, jurisdiction)
            if areas and not {"area", "product"} & form.keys():
                form["area"] = areas[0]
            wanted = {name: form[name] for name in form.keys() & CoverageQuery.model_fields.keys()}
            if {"area", "product"} & form.keys():
                query = CoverageQuery(**_instants(wanted) | {"jurisdiction": jurisdiction})
                shown = await coverage.coverage_of(database, policies, query.asked(jurisdiction))
        except ValidationError as error:
            fault = faults_of(error)
        except (InvalidArgumentError, InvalidEventError) as error:
            fault = str(error)
        except (TransientError, SetupError) as error:
            return await renderer.problem(request, 503, str(error))
        return await renderer.answer(
            request,
            "coverage.html",
            422 if fault else 200,
            here="/coverage",
            data=f"/v1/coverage?{urlencode(_instants(wanted))}" if shown else "",
            jurisdiction=jurisdiction,
            jurisdictions=known,
            areas=areas,
            form=form,
            fault=fault,
            coverage=shown,
            grid=None if shown is None else _grid(shown),
            most_gaps=MOST_GAPS,
        )


def _instants(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Read a day that a form gives as its first instant in China."""
    told = wanted.get("at")
    if told is None:
        return dict(wanted)
    return {**wanted, "at": calendar.instant_text(calendar.start_bound(told))}


def _grid(shown: Coverage) -> Grid:
    """Give rows and columns, those with the most gaps first if not all fit."""
    cells = {(pair.hospital, pair.product): pair for pair in shown.pairs}
    uncovered = [pair for pair in shown.pairs if pair.state != "covered"]
    rows = _first(
        [one.hospital for one in shown.hospitals], Counter(p.hospital for p in uncovered), MOST_ROWS
    )
    columns = _first(
        [one.product for one in shown.products], Counter(p.product for p in uncovered), MOST_COLUMNS
    )
    within = {(row, column) for row in rows for column in columns}
    return Grid(rows, columns, cells, len(cells.keys() - within))


def _first(codes: list[str], weights: Counter[str], most: int) -> list[str]:
    if len(codes) <= most:
        return codes
    return sorted(sorted(codes, key=lambda code: (-weights[code], code))[:most])

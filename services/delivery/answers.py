"""What the delivery service answers: scorecards, and shipments."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Response

from services.delivery import scorecards, shipments
from services.delivery.scorecards import CardsAsked, Group, Scorecards
from services.delivery.shipments import Shipments, ShipmentsAsked
from shared.adapters.answering import MONTH, answered, month_number, ok, only, reaching
from shared.adapters.identity.roles import OVERSEEN
from shared.adapters.problems import ProblemError, problems
from shared.adapters.reading import Database
from shared.domain import calendar

MIGRATIONS = Path(__file__).parent / "migrations"

SHAPES = (Scorecards, Shipments)
"""What is answered with."""

Code = Annotated[str | None, Query(min_length=1, max_length=256)]
Month = Annotated[str | None, Query(pattern=MONTH)]


def add_routes(app: FastAPI, database: Database, jurisdictions: Collection[str]) -> None:
    """Add the questions that the delivery service answers."""
    _add_scorecards(app, database, min(jurisdictions))
    _add_shipments(app, database, min(jurisdictions))


def _add_scorecards(app: FastAPI, database: Database, usual: str) -> None:
    @app.get(
        "/v1/scorecards",
        tags=["scorecards"],
        summary="How suppliers answer, deliver and fill orders, with denominators",
        dependencies=[
            OVERSEEN,
            reaching(usual),
            only(
                *("jurisdiction", "month", "from", "until", "group_by"),
                *("distributor", "area", "remote", "manufacturer", "product"),
            ),
        ],
        responses=ok(Scorecards) | problems(400, 404, 422, 503),
    )
    async def show_scorecards(  # noqa: PLR0913, PLR0917  # one parameter a question
        jurisdiction: Annotated[str, Query(min_length=1, max_length=256)] = usual,
        month: Month = None,
        first: Annotated[str | None, Query(alias="from", pattern=MONTH)] = None,
        until: Month = None,
        group_by: Group = "none",
        distributor: Code = None,
        area: Code = None,
        remote: bool | None = None,  # noqa: FBT001  # of the query
        manufacturer: Code = None,
        product: Code = None,
    ) -> Response:
        """Give scorecards of the lines that fell due in a month, or `from` one `until` another.

        The current month is meant unless one is given. In months that are not long over, what is
        not due yet is left out. Definitions are those of docs/months.md.
        """
        if month is not None and (first or until):
            detail = "month: given beside from or until. Give either one month or a span"
            raise ProblemError(400, "month-and-span", detail)
        now = datetime.now(UTC)
        today = calendar.day_of(now)
        last = month or until or f"{today.year:04}-{today.month:02}"
        months = (month_number(month or first or last), month_number(last))
        asked = CardsAsked(
            *(jurisdiction, *months, group_by),
            distributor=distributor,
            area=area,
            remote=remote,
            manufacturer=manufacturer,
            product=product,
        )
        return answered(await scorecards.scorecards(database, asked, now))


def _add_shipments(app: FastAPI, database: Database, usual: str) -> None:
    names = ("jurisdiction", "order", "month", "distributor", "product", "hospital", "after")

    @app.get(
        "/v1/shipments",
        tags=["shipments"],
        summary="What was shipped and received, order by order",
        dependencies=[OVERSEEN, reaching(usual), only(*names)],
        responses=ok(Shipments) | problems(400, 404, 422, 503),
    )
    async def show_shipments(  # noqa: PLR0913, PLR0917  # one parameter a question
        jurisdiction: Annotated[str, Query(min_length=1, max_length=256)] = usual,
        order: Code = None,
        month: Month = None,
        distributor: Code = None,
        product: Code = None,
        hospital: Code = None,
        after: Annotated[str, Query(max_length=256)] = "",
    ) -> Response:
        """Give a hundred orders at a time; `next_after` is the `after` of the next page."""
        number = None if month is None else month_number(month)
        of = (distributor, product, hospital)
        asked = ShipmentsAsked(jurisdiction, order, number, *of, after)
        return answered(await shipments.shipments(database, asked))

"""What the delivery service answers: scorecards, and shipments."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from fastapi import FastAPI, Query, Response

from services.delivery import scorecards, shipments
from services.delivery.scorecards import CardsAsked, Group, Scorecards
from services.delivery.shipments import Shipments, ShipmentsAsked
from shared.adapters.answering import (
    answered,
    check_jurisdiction,
    month_number,
    ok,
    only,
    reaching,
)
from shared.adapters.identity.roles import Asker, admits
from shared.adapters.parameters import Begin, Code, MonthText
from shared.adapters.problems import ProblemError, problems
from shared.adapters.reading import Database
from shared.adapters.tenancy import own_of
from shared.domain import calendar
from shared.domain.principal import OVERSEERS, Role

MIGRATIONS = Path(__file__).parent / "migrations"

ADMITTED = admits(*OVERSEERS, Role.PARTY)

SHAPES = (Scorecards, Shipments)
"""What is answered with."""


def add_routes(app: FastAPI, database: Database, jurisdictions: Collection[str]) -> None:
    """Add the questions that the delivery service answers."""
    _add_scorecards(app, database, jurisdictions)
    _add_shipments(app, database, jurisdictions)


def _add_scorecards(app: FastAPI, database: Database, jurisdictions: Collection[str]) -> None:
    usual = min(jurisdictions)

    @app.get(
        "/v1/scorecards",
        tags=["scorecards"],
        summary="How suppliers answer, deliver and fill orders, with denominators",
        dependencies=[
            ADMITTED,
            reaching(usual),
            only(
                *("jurisdiction", "month", "from", "until", "group_by"),
                *("distributor", "area", "remote", "manufacturer", "product"),
            ),
        ],
        responses=ok(Scorecards) | problems(400, 404, 422, 503),
    )
    async def show_scorecards(  # noqa: PLR0913, PLR0917  # one parameter a question
        asker: Asker,
        jurisdiction: Code = usual,
        month: MonthText | None = None,
        first: Annotated[MonthText | None, Query(alias="from")] = None,
        until: MonthText | None = None,
        group_by: Group = "none",
        distributor: Code | None = None,
        area: Code | None = None,
        remote: bool | None = None,  # noqa: FBT001  # of the query
        manufacturer: Code | None = None,
        product: Code | None = None,
    ) -> Response:
        """Give scorecards of the lines that fell due in a month, or `from` one `until` another.

        The current month is meant unless one is given. In months that are not long over, what is
        not due yet is left out. Definitions are those of docs/months.md. A party is given what
        the lines come to that it ordered, delivers, or makes the product of.
        """
        check_jurisdiction(jurisdiction, jurisdictions)
        if month is not None and (first or until):
            detail = "month: given beside from or until. Give either one month or a span"
            raise ProblemError(400, "month-and-span", detail)
        now = datetime.now(UTC)
        today = calendar.day_of(now)
        last = month or until or f"{today.year:04}-{today.month:02}"
        begin = month or first or last
        if begin > last:
            detail = f"from: {begin} comes after {last}, the last month. Give the earlier one first"
            raise ProblemError(422, "backward-span", detail)
        months = (month_number(begin), month_number(last))
        asked = CardsAsked(
            *(jurisdiction, *months, group_by),
            distributor=distributor,
            area=area,
            remote=remote,
            manufacturer=manufacturer,
            product=product,
            own=own_of(asker),
        )
        return answered(await scorecards.scorecards(database, asked, now))


def _add_shipments(app: FastAPI, database: Database, jurisdictions: Collection[str]) -> None:
    usual = min(jurisdictions)
    names = ("jurisdiction", "order", "month", "distributor", "product", "hospital", "after")

    @app.get(
        "/v1/shipments",
        tags=["shipments"],
        summary="What was shipped and received, order by order",
        dependencies=[ADMITTED, reaching(usual), only(*names)],
        responses=ok(Shipments) | problems(400, 404, 422, 503),
    )
    async def show_shipments(  # noqa: PLR0913, PLR0917  # one parameter a question
        asker: Asker,
        jurisdiction: Code = usual,
        order: Code | None = None,
        month: MonthText | None = None,
        distributor: Code | None = None,
        product: Code | None = None,
        hospital: Code | None = None,
        after: Begin = "",
    ) -> Response:
        """Give a hundred orders at a time; `next_after` is the `after` of the next page.

        A party is given those that it placed, that it delivers, or whose product it makes.
        """
        check_jurisdiction(jurisdiction, jurisdictions)
        number = None if month is None else month_number(month)
        of = (distributor, product, hospital)
        asked = ShipmentsAsked(jurisdiction, order, number, *of, after)
        return answered(await shipments.shipments(database, asked, own_of(asker)))

"""What the orders service answers: the life of an order, and purchase progress."""

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI, Response

from services.orders import life, progress
from services.orders.life import Life, OrderShown
from services.orders.progress import Group, Progress, ProgressAsked
from shared.adapters.answering import (
    answered,
    check_jurisdiction,
    month_number,
    ok,
    only,
    reaching,
)
from shared.adapters.identity.roles import Asker, admits
from shared.adapters.parameters import Code, MonthText
from shared.adapters.problems import ProblemError, problems
from shared.adapters.reading import Database
from shared.adapters.tenancy import own_of
from shared.domain import calendar
from shared.domain.errors import InvalidArgumentError
from shared.domain.principal import OVERSEERS, Party, Role, may_see

MIGRATIONS = Path(__file__).parent / "migrations"

SHAPES = (OrderShown, Progress)
"""What is answered with."""


def add_routes(app: FastAPI, database: Database, jurisdictions: Collection[str]) -> None:
    """Add the questions that the orders service answers."""
    usual = min(jurisdictions)

    @app.get(
        "/v1/orders/{order}",
        tags=["orders"],
        summary="One order: every step of its life, each with its event",
        dependencies=[admits(*OVERSEERS, Role.PARTY), reaching(), only("jurisdiction")],
        responses=ok(OrderShown) | problems(400, 404, 422, 503),
    )
    async def show_order(asker: Asker, order: Code, jurisdiction: Code | None = None) -> Response:
        """Give an order as it stands: placed, answered, shipped, accepted, paid.

        `jurisdiction` is needed only where several have an order of that name. A party sees orders
        that it placed, that it delivers, or of a product that it makes.
        """
        seen = None if asker.jurisdictions is None else sorted(asker.jurisdictions)
        try:
            found = await life.life(database, order, jurisdiction, seen)
        except InvalidArgumentError as error:
            raise ProblemError(400, "ambiguous-order", f"{order}: {error}") from error
        if found is None or not may_see(asker, found.order.jurisdiction, _parties(found)):
            detail = f"{order}: nobody has told of this order yet"
            raise ProblemError(404, "no-such-order", detail)
        return answered(found.order)

    @app.get(
        "/v1/progress",
        tags=["progress"],
        summary="Purchase progress, month by month: completion, 序时进度, the slowest first",
        dependencies=[
            admits(*OVERSEERS, Role.PARTY),
            reaching(usual),
            only("jurisdiction", "month", "group_by", "area", "hospital", "product"),
        ],
        responses=ok(Progress) | problems(400, 404, 422, 503),
    )
    async def show_progress(  # noqa: PLR0913, PLR0917  # one parameter a question
        asker: Asker,
        jurisdiction: Code = usual,
        month: MonthText | None = None,
        group_by: Group = "none",
        area: Code | None = None,
        hospital: Code | None = None,
        product: Code | None = None,
    ) -> Response:
        """Give what was bought in a month, and how far the agreements in force are by its end.

        `month` is the current one unless it is given; `group_by=month` gives what was bought in
        every month. Definitions and denominators are those of docs/months.md. A party is given
        what it buys, what it delivers, and what is bought of the products that it makes.
        """
        check_jurisdiction(jurisdiction, jurisdictions)
        today = calendar.day_of(datetime.now(UTC))
        number = today.year * 100 + today.month if month is None else month_number(month)
        own = own_of(asker)
        asked = ProgressAsked(jurisdiction, number, group_by, area, hospital, product, own)
        return answered(await progress.progress(database, asked, today))


def _parties(found: Life) -> set[Party]:
    """Give whose an order is; a winner that delivers its product itself stands as a distributor."""
    told = (
        ("hospital", found.order.hospital),
        ("distributor", found.order.distributor),
        ("manufacturer", found.order.distributor),
        ("manufacturer", found.manufacturer),
    )
    return {Party(kind, code) for kind, code in told if code is not None}

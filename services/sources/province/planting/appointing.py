"""How manufacturers appoint and release distributors."""

from datetime import date, datetime

from services.sources.province.plan import midnight
from services.sources.province.story import DAY
from services.sources.province.telling import Data
from services.sources.province.world import Cell, World

Bound = date | datetime


def appoint(  # noqa: PLR0913  # an appointment has this many things that may differ
    world: World,
    cell: Cell,
    distributor: str,
    start: Bound,
    end: Bound | None = None,
    *,
    hospitals: list[str] | None = None,
    appointment: str | None = None,
    told: datetime | None = None,
) -> str:
    """Tell an appointment for a cell, days ahead unless said otherwise; returns its number."""
    number = appointment or f"V{world.teller.mark}-{world.teller.count}"
    data: Data = {
        "appointment": number,
        "product": cell.product.code,
        "area": cell.area,
        "manufacturer": cell.product.manufacturer,
        "distributor": distributor,
        "hospitals": hospitals,
        "start": start.isoformat(),
    }
    if end is not None:
        data["end"] = end.isoformat()
    at = told or min(first_instant(start) - 5 * DAY, world.plan.end - DAY)
    world.told.append(world.teller.tell("distributor.appointed", maker(cell), at, data))
    return number


def release(
    world: World, cell: Cell, appointment: str, end: Bound, told: datetime | None = None
) -> None:
    """Tell the end of an appointment, a day ahead unless said otherwise."""
    data: Data = {
        "appointment": appointment,
        "product": cell.product.code,
        "area": cell.area,
        "end": end.isoformat(),
    }
    at = told or min(first_instant(end) - DAY, world.plan.end - DAY)
    world.told.append(world.teller.tell("distributor.released", maker(cell), at, data))


def maker(cell: Cell) -> str:
    """Name the manufacturer as a source."""
    return f"/manufacturers/{cell.product.manufacturer}"


def first_instant(bound: Bound) -> datetime:
    """Take an instant as it is and a day at its first instant."""
    return bound if isinstance(bound, datetime) else midnight(bound)


def before(cell: Cell) -> date:
    """Find a day on which the standing distributors were appointed, before anybody took part."""
    return cell.product.cycles[0].start - 20 * DAY


def stand(world: World, cell: Cell, count: int | None = None) -> list[str]:
    """Appoint the standing distributors, or `count`, from before the cycle; their numbers."""
    everyone = cell.standing + cell.spare
    chosen = cell.standing if count is None else everyone[:count]
    cell.standing, cell.spare = chosen, everyone[len(chosen) :]
    return [appoint(world, cell, distributor, before(cell)) for distributor in chosen]

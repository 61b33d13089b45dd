"""Plants stock-outs with a report that is late, elsewhere or over, and some that are reported."""

from datetime import datetime, timedelta

from services.sources.province import breaches
from services.sources.province.breaches import StockOut
from services.sources.province.planting.appointing import maker
from services.sources.province.planting.ground import HOUR, STALE
from services.sources.province.planting.shortages import (
    nothing_said,
    nothing_there,
    orders_in,
    quiet_cell,
)
from services.sources.province.story import DAY
from services.sources.province.telling import Data
from services.sources.province.terms import TERMS
from services.sources.province.world import Cell, World


def report(world: World, cell: Cell, told: datetime, areas: list[str] | None, **days: str) -> str:
    """Tell a shortage report of a cell's product; returns its number."""
    number = f"Q{world.teller.mark}-{world.teller.count}"
    data: Data = {
        "report": number,
        "product": cell.product.code,
        "manufacturer": cell.product.manufacturer,
        "areas": areas,
        "reason": "原料药供应不足",
        **days,
    }
    # Both instants are said, so that the bus and the archive can agree on when it was told.
    world.told.append(world.teller.tell("shortage.reported", maker(cell), told, data, told))
    return number


def stock_out_in_quiet_cell(world: World, *, whole: bool = False) -> tuple[Cell, StockOut]:
    """Let one order of a cell of its own be refused for want of goods."""
    cell = quiet_cell(world, whole=whole)
    (story,) = orders_in(world, cell, world.moment(STALE))
    return cell, nothing_there(world, story, "out_of_stock")


def reported_too_late(world: World) -> None:
    """Report a minute after the grace is over, with days reaching back."""
    cell, stock_out = stock_out_in_quiet_cell(world)
    told = stock_out.at + TERMS.report_grace + timedelta(minutes=1)
    report(world, cell, told, [cell.area], start=day(stock_out.at - 3 * DAY))
    breaches.shortage(world, cell, [stock_out])


def dated_back(world: World) -> None:
    """Date a report back: written down only after the grace was over."""
    cell, stock_out = stock_out_in_quiet_cell(world)
    report(world, cell, stock_out.at - DAY, [cell.area], start=day(stock_out.at - 3 * DAY))
    dated, event = world.told.pop()
    event["recordedtime"] = (dated + 4 * DAY).isoformat()
    world.told.append((dated + 4 * DAY, event))
    breaches.shortage(world, cell, [stock_out])


def reported_elsewhere(world: World) -> None:
    """Report the shortage for no area at all."""
    cell, stock_out = stock_out_in_quiet_cell(world)
    report(world, cell, stock_out.at - DAY, [], start=day(stock_out.at - 3 * DAY))
    breaches.shortage(world, cell, [stock_out])


def expected_to_be_over(world: World) -> None:
    """Report a shortage that was to end the day before."""
    cell, stock_out = stock_out_in_quiet_cell(world, whole=True)
    over = day(stock_out.at - DAY)
    report(world, cell, stock_out.at - 9 * DAY, None, start=over, expected_end=over)
    breaches.shortage(world, cell, [stock_out])


def told_to_be_over(world: World) -> None:
    """Report a shortage without an end and tell its end, the day before it goes on."""
    cell, stock_out = stock_out_in_quiet_cell(world)
    number = report(
        world, cell, stock_out.at - 9 * DAY, [cell.area], start=day(stock_out.at - 9 * DAY)
    )
    end(world, cell, number, stock_out.at - HOUR, day(stock_out.at - DAY))
    breaches.shortage(world, cell, [stock_out])


def end(world: World, cell: Cell, number: str, told: datetime, last: str) -> None:
    """Tell the last day of a reported shortage."""
    data: Data = {"report": number, "product": cell.product.code, "end": last}
    world.told.append(world.teller.tell("shortage.ended", maker(cell), told, data, told))


def day(instant: datetime) -> str:
    """Write the day of an instant in Shanghai."""
    return instant.date().isoformat()


def reported_at_the_last_moment(world: World) -> None:
    """Report at the very end of the grace, which is in time."""
    cell, stock_out = stock_out_in_quiet_cell(world)
    told = stock_out.at + TERMS.report_grace
    report(world, cell, told, [cell.area], start=day(stock_out.at), expected_end=day(stock_out.at))


def reported_longer_than_expected(world: World) -> None:
    """Report in time, and tell a later end than first expected: the day is covered after all."""
    cell, stock_out = stock_out_in_quiet_cell(world, whole=True)
    first, last = day(stock_out.at - 9 * DAY), day(stock_out.at - 3 * DAY)
    number = report(world, cell, stock_out.at - 9 * DAY, None, start=first, expected_end=last)
    end(world, cell, number, stock_out.at + 2 * DAY, day(stock_out.at + DAY))


def stopped_with_notice(world: World) -> None:
    """Stop production with a notice, which covers every area."""
    stop(world, covered=True)


def resumed_without_goods(world: World) -> None:
    """Resume production on paper the day before the shelf is found empty."""
    stop(world, covered=False)


def stop(world: World, *, covered: bool) -> None:
    """Give notice of a stop that covers the day of a stock-out, or ends the day before."""
    cell, stock_out = stock_out_in_quiet_cell(world, whole=True)
    told = stock_out.at - 9 * DAY
    data: Data = {
        "notice": f"N{world.teller.mark}-{world.teller.count}",
        "product": cell.product.code,
        "manufacturer": cell.product.manufacturer,
        "stop_on": day(stock_out.at - 4 * DAY),
        "resume_on": day(stock_out.at if covered else stock_out.at - DAY),
        "reason": "生产线检修",
        "planned": True,
    }
    world.told.append(world.teller.tell("production.stopping", maker(cell), told, data, told))
    if not covered:
        breaches.shortage(world, cell, [stock_out])


def reported_and_still_waiting(world: World) -> None:
    """Leave recent orders unanswered while the shortage is reported: late, but no secret."""
    cell = quiet_cell(world)
    placed = (world.plan.end - world.random.uniform(4, 20) * DAY).replace(microsecond=0)
    report(world, cell, placed, [cell.area], start=day(placed))
    for story in orders_in(world, cell, placed):
        nothing_said(world, story)


PLANTINGS = (
    (stopped_with_notice, 3),
    (resumed_without_goods, 2),
    (expected_to_be_over, 3),
    (reported_longer_than_expected, 3),
    (reported_at_the_last_moment, 4),
    (reported_too_late, 4),
    (dated_back, 3),
    (reported_elsewhere, 3),
    (told_to_be_over, 3),
    (reported_and_still_waiting, 12),
)

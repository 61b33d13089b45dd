"""What manufacturers tell in a long history: appointments, stocks, stops, shortages."""

from datetime import date, datetime, time, timedelta

from tests.support.histories.market import Market
from tests.support.histories.moments import SHANGHAI
from tests.support.histories.orders import NEAR
from tests.support.histories.register import AREAS


def tell_makers(market: Market) -> None:
    """Tell of who was appointed, of stocks, stops and shortages."""
    if market.scene.is_so(0.1):
        _crowd(market)
    for _ in range(market.scene.chance.choice((0, 1, 2, 3))):
        _appoint(market)
    for _ in range(market.scene.chance.choice((0, 0, 1, 2, 3))):
        _report_stock(market)
    for number in range(market.scene.chance.choice((0, 1, 2, 3))):
        _announce_stop(market, f"N{number}")
    if market.scene.is_so(0.2):
        _report_shortage(market)


def _appoint(market: Market) -> None:
    scene = market.scene
    start = scene.one_of((date(2018, 1, 1), market.day()))
    end = start + timedelta(days=scene.one_of((0, 30, 365, 2000)))
    scene.journal.say(
        "distributor.appointed",
        scene.long_ago() if scene.is_so(0.8) else market.at(),
        {"end": market.maybe(0.5, end.isoformat())},
        appointment=f"AP{len(scene.journal.events)}",
        product=scene.one_of(scene.products),
        area=scene.one_of(AREAS),
        manufacturer="M1",
        distributor=scene.one_of(("D1", "D1", "D2", "D3")),
        hospitals=scene.one_of((None, None, ["H1"], ["H2", "H1"], [])),
        start=start.isoformat(),
    )


def _crowd(market: Market) -> None:
    """One distributor more than an area may have."""
    scene, start = market.scene, market.day().isoformat()
    for number in range(6):
        scene.journal.say(
            "distributor.appointed",
            scene.long_ago(),
            appointment=f"AP-crowd-{number}",
            product=scene.products[0],
            area=AREAS[0],
            manufacturer="M1",
            distributor=f"D{number + 1}",
            hospitals=None,
            start=start,
        )


def _report_stock(market: Market) -> None:
    scene, day = market.scene, market.day()
    as_of = day - timedelta(days=scene.one_of((0, 0, 1, 9, 30, 31, -1)))
    scene.journal.say(
        "stock.reported",
        scene.instant(day),
        {"produced": market.maybe(0.3, 7)},
        late=0.3,
        product=scene.one_of(scene.products),
        manufacturer=scene.one_of(("M1", "M1", "M1", "M2")),
        quantity=scene.one_of((0, 1, 5, 30, 1000)),
        as_of=as_of.isoformat(),
    )


def _announce_stop(market: Market, notice: str) -> None:
    scene, stop_on = market.scene, max(market.day(), market.day())
    month = stop_on.month - 6
    deadline = date(stop_on.year - (month < 1), month + 12 * (month < 1), min(stop_on.day, 28))
    told = datetime.combine(deadline, time(), SHANGHAI) + timedelta(
        days=scene.one_of((1, 1, 4, 90))
    )
    scene.journal.say(
        "production.stopping",
        told + scene.one_of(NEAR),
        {"planned": scene.one_of((None, True, False)), "resume_on": None},
        late=0.2,
        notice=notice,
        product=scene.one_of(scene.products),
        manufacturer=scene.one_of(("M1", "M2")),
        stop_on=stop_on.isoformat(),
        reason="检修",
    )


def _report_shortage(market: Market) -> None:
    scene, day = market.scene, market.day()
    scene.journal.say(
        "shortage.reported",
        scene.instant(day),
        {"expected_end": market.maybe(0.5, (day + timedelta(days=9)).isoformat())},
        report=f"SR{len(scene.journal.events)}",
        product=scene.products[0],
        manufacturer="M1",
        areas=scene.one_of((None, ["1401"], [])),
        start=day.isoformat(),
        reason="原料 短缺",
    )

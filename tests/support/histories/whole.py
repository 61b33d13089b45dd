"""Random histories of all events, years long, thick with the days that decide in all 30 rules."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from tests.support.histories.conflicts import add_noise
from tests.support.histories.funds import tell_funds
from tests.support.histories.goods import order_goods
from tests.support.histories.journal import Event
from tests.support.histories.makers import tell_makers
from tests.support.histories.market import set_market
from tests.support.histories.moments import SHANGHAI
from tests.support.histories.voids import take_back

SMALL: dict[str, Any] = {
    "rate_min_orders": 2,
    "remote_min_orders": 1,
    "no_volume_months": 2,
    "reserve_min_days": 10,
    "settling_months": 1,
    "signing_days": 15,
}
FEEDS = ("orders", "payments", "onward", "prepayments", "stock")
FIRST_DAYS = {"cn-sx": "2022-04-01", "cn-tj": "2019-05-01"}


def whole_history(chance: Random) -> list[Event]:
    """One history of everything: valid structured CloudEvents, shuffled, some told twice."""
    market = set_market(chance)
    order_goods(market)
    tell_funds(market)
    tell_makers(market)
    add_noise(market.scene)
    take_back(market)
    chance.shuffle(market.scene.journal.events)
    return market.scene.journal.events


def whole_policies(chance: Random) -> dict[str, dict[str, Any]]:
    """Values in place of the shipped ones, by jurisdiction: mostly minima for small histories."""
    changed: dict[str, dict[str, Any]] = {}
    for jurisdiction, first in FIRST_DAYS.items():
        values = dict(SMALL) if chance.random() < 0.8 else {}
        if chance.random() < 0.1:
            values["quality_ratio"] = Decimal("0.1")
        for feed in FEEDS:
            if chance.random() < 0.12:
                values[f"{feed}_told_since"] = chance.choice(("never", first))
        changed[jurisdiction] = values
    return changed


def whole_moment(chance: Random, told: list[Event]) -> datetime:
    """An instant in UTC: well after everything, or on or a second around the start of a day."""
    times = [datetime.fromisoformat(event["time"]).astimezone(UTC) for event in told]
    last = max(times)
    if chance.random() < 0.55:
        return last + timedelta(days=chance.choice((1, 13, 40, 70, 400, 900)))
    days = [last.date(), *(time.date() for time in chance.sample(times, min(4, len(times))))]
    day = max(chance.sample(days, 2)) + timedelta(days=chance.choice((0, 1, 7, 8, 30, 31, 92)))
    if chance.random() < 0.6:
        day = date(day.year, day.month, 1)
    start = datetime(day.year, day.month, day.day, tzinfo=SHANGHAI).astimezone(UTC)
    return start + timedelta(seconds=chance.choice((0, 0, 1, -1, 32400)))

"""At which instants a history is worth judging."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from tests.support.histories.journal import Event

SHANGHAI = ZoneInfo("Asia/Shanghai")
WAITED_FOR = {
    "vbp.order.placed.v1": (1, 2, 4, 8, 24, 24, 48, 48, 48, 72, 96),
    "vbp.order.rejected.v1": (0, 24),
}
DAYS = (0, 7, 8, 14)


def moment(chance: Random, told: list[Event]) -> datetime:
    """An instant in UTC: on or a second around a deciding one, or well after everything told."""
    times = [datetime.fromisoformat(event["time"]) for event in told]
    if chance.random() < 0.4:
        return max(times).astimezone(UTC) + timedelta(days=chance.choice((1, 13, 40, 400)))
    # Late instants know of more, so of two that are drawn the later is asked at.
    orders = [event for event in told if event["type"] in WAITED_FOR] or told
    events = (chance.choice(told), chance.choice(orders))
    drawn = [chance.choice(list(_deciding(chance, event))) for event in events]
    at = max(drawn) if chance.random() < 0.6 else drawn[0]
    return at.astimezone(UTC) + timedelta(seconds=chance.choice((0, 0, 0, 1, -1)))


def _deciding(chance: Random, event: Event) -> Iterator[datetime]:
    """The instants that an event brings with it."""
    time = datetime.fromisoformat(event["time"])
    yield time
    if "recordedtime" in event:
        yield datetime.fromisoformat(event["recordedtime"])
    for name, value in event["data"].items():
        is_day = isinstance(value, str) and value[4:5] == value[7:8] == "-"
        if is_day:
            instant = datetime.fromisoformat(value)
            day = timedelta(days=1 if name == "deliver_by" else 0)
            yield instant if instant.tzinfo else instant.replace(tzinfo=SHANGHAI) + day
            if name == "deliver_by" and instant.tzinfo:
                yield instant + timedelta(days=chance.choice(DAYS))
    if event["type"] in WAITED_FOR:
        waited = WAITED_FOR[event["type"]]
        for days in DAYS:
            yield time + timedelta(days=days, hours=chance.choice(waited))

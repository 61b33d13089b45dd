"""Histories in which days, instants and numbers stand at the ends of what they may be."""

from datetime import date, datetime
from random import Random
from typing import Any

from shared.domain import topics
from shared.domain.calendar import Instant
from shared.domain.events.fields import Bound, Counted, Factor, Hours, Money, Ordered
from tests.support import histories

DAYS = (
    *("0001-01-01", "0001-01-02", "1000-01-01", "1582-10-15", "1899-12-30", "1900-01-01"),
    *("1900-12-31", "1901-01-01", "1901-01-02", "1940-06-03", "1970-01-01", "1986-05-04"),
    *("2000-02-29", "2022-03-01", "2038-01-19", "8999-12-31", "9000-01-01", "9999-12-30"),
    "9999-12-31",
)
INSTANTS = (
    *(f"{day}T00:00:00+08:00" for day in DAYS),
    *(f"{day}T23:59:59.999999Z" for day in DAYS),
    *(f"{day}T00:00:00-23:59" for day in DAYS),
    *(f"{day}T12:00:00+23:59" for day in DAYS),
    "1900-12-31T23:54:17+08:05",
    "1901-01-01T00:00:00Z",
    "1901-01-01T08:05:43Z",
)
ENDS: dict[Any, tuple[Any, ...]] = {
    date: DAYS,
    Bound: DAYS + INSTANTS,
    Instant: INSTANTS,
    Hours: (0, 5e-324, 1e-9, 0.1, 87_839.999999, 87_840),
    Factor: (5e-324, 1e-300, 0.3, 1e300, 1.7976931348623157e308),
    Ordered: (1, 10**15),
    Counted: (0, 1, 10**15),
    Money: ("0", "0." + "0" * 19 + "1", "9" * 20 + "." + "9" * 20, "00000.360"),
}


def ends_of(kind: str) -> dict[str, tuple[Any, ...]]:
    """The fields of an event's data that have ends, with the values there."""
    found = {}
    for name, of in topics.DATA_OF[kind].__annotations__.items():
        options = getattr(of, "__args__", ())
        for option in (of, *options):
            if option in ENDS:
                found[name] = ENDS[option] + ((None,) if type(None) in options else ())
    return found


def history(chance: Random) -> tuple[list[histories.Event], datetime]:
    """A history some of whose events are pushed to the ends, and a moment of asking."""
    written = histories.history(chance)
    as_of = histories.moment(chance, written)
    share = chance.choice((0.02, 0.1, 0.5))
    for event in written:
        if chance.random() < share:
            push(chance, event)
    return written, as_of


def push(chance: Random, event: histories.Event) -> None:
    """Put some fields of an event at an end."""
    for name, values in ends_of(event["type"]).items():
        if chance.random() < 0.5:
            event["data"][name] = chance.choice(values)
    for name in ("time", "recordedtime"):
        if chance.random() < 0.2:
            event[name] = chance.choice(INSTANTS)

"""The provinces that benchmarks measure by."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from services.sources.province import Plan, simulate

IN_SMALL = 100
"""Orders of a province in which nothing is measured, and which only shows that all runs."""

OF_SMALL = 800
"""The events of it that are told: beside its orders it has some thousand of what is planted."""


def lines(orders: int, until: datetime) -> Iterator[bytes]:
    """Give the events of a province as lines; of one in small only the first."""
    if orders > IN_SMALL:
        return simulate(Plan(until=until, orders=orders)).events
    small = simulate(Plan(until=until, orders=orders, hospitals=8, days=60))
    return islice(small.events, OF_SMALL)

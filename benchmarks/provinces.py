"""The provinces that benchmarks measure by."""

from collections.abc import Iterator
from datetime import datetime

from services.sources.province import Plan, simulate

IN_SMALL = 100
"""Orders of a province in which nothing is measured, and which only shows that all runs."""


def lines(orders: int, until: datetime) -> Iterator[bytes]:
    """Give the events of a province as lines; one in small has few hospitals too."""
    if orders > IN_SMALL:
        return simulate(Plan(until=until, orders=orders)).events
    return simulate(Plan(until=until, orders=orders, hospitals=8, days=60)).events

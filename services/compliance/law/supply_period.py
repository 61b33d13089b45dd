"""The supply period of a product: its cycles, with their bridges."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import NamedTuple

from services.compliance.policies.policy import Policy
from services.compliance.records.evidence import Term
from shared.domain import calendar
from shared.domain.records.product import Cycle, Product


class Stretch(NamedTuple):
    """One cycle and its bridge, as instants `[start, end)`."""

    cycle: Cycle
    start: datetime
    end: datetime


def stretches(product: Product, policy: Policy) -> list[Stretch]:
    """Give the supply period of a product, cycle by cycle, disjoint (rules.md, *Supply period*).

    A later cycle governs from its start; a deselection ends the cycles that began before it.
    """
    found: list[Stretch] = []
    starts = sorted(product.cycles)
    for start in starts:
        cycle = product.cycles[start]
        following = next((later for later in starts if later > start), date.max)
        end = min(max(cycle.end, _bridge_end(cycle, policy)), following)
        if product.deselected is not None and start < product.deselected.on:
            end = min(end, product.deselected.on)
        if start < min(cycle.end, end):
            found.append(Stretch(cycle, calendar.start_of(start), calendar.start_of(end)))
    return found


def selected_price(cycle: Cycle) -> Term:
    """Give the selected price of a cycle as a value: the clause says that it holds."""
    told = f"product.selected of {cycle.start}"
    return Term("selected_price", f"{cycle.selected_price:f}", "clause", told)


def _bridge_end(cycle: Cycle, policy: Policy) -> date:
    """Give the alignment day until which the winner goes on, where the policy has a bridge."""
    if policy.bridge == "none":
        return cycle.end
    if policy.bridge == "in_execution_at_notice" and (
        policy.notice_day is None or cycle.start >= policy.notice_day
    ):
        return cycle.end
    return first_day(policy.alignment_days, cycle.end)


def first_day(days: Iterable[str], since: date) -> date:
    """Give the first of some days of the year (`MM-DD`) at or after a day; itself if none is."""
    years = (since.year, min(since.year + 1, date.max.year))
    found = sorted(date.fromisoformat(f"{year:04}-{day}") for year in years for day in days)
    return next((day for day in found if day >= since), since)

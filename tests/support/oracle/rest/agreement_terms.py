"""`agreement-terms`: longer than a year, or at another than the selected price."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import Agreement, Cycle, judged_agreements
from tests.support.oracle.rest.days import by_now, year_after

RULE = "agreement-terms"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    for agreement, cycle in judged_agreements(world, RULE):
        longest = year_after(agreement.start)
        if agreement.end > longest:
            days = (agreement.end.isoformat(), longest.isoformat())
            yield from _finding(world, (agreement, cycle), "duration", *days)
        price, selected = agreement.data.get("unit_price"), cycle["selected_price"]
        if price is not None and Decimal(price) != Decimal(selected):
            for finding in _finding(world, (agreement, cycle), "price", price, selected):
                is_below = Decimal(price) < Decimal(selected)
                yield replace(finding, severity="explain") if is_below else finding


def _finding(
    world: World, whose: tuple[Agreement, Cycle], anchor: str, observed: str, limit: str
) -> Iterator[Finding]:
    agreement, cycle = whose
    occurred = midnight_of(max(agreement.start, world.policy.start))
    if occurred > world.now:
        return
    yield Finding(
        rule=RULE,
        subject=agreement.id,
        anchor=anchor,
        severity="explain" if agreement.start < world.policy.start else "breach",
        occurred_at=occurred,
        cured_at=by_now(world, midnight_of(agreement.end)),
        observed=observed,
        limit=limit,
        parties={
            "product": agreement.product,
            "hospital": agreement.hospital,
            "manufacturer": cycle["manufacturer"],
            "distributor": agreement.data.get("distributor"),
        },
    )

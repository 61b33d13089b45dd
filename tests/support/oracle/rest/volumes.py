"""`volume-shortfall` and `volume-pace`: what was agreed is taken, by the end and month by month."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import Agreement, Cycle, deselected, judged_agreements
from tests.support.oracle.rest.days import (
    DAY,
    Month,
    add,
    day_after,
    exact,
    last_of,
    months,
)
from tests.support.oracle.rest.goods import failed_at, missing_by, net_accepted, orders_of
from tests.support.oracle.rest.month_runs import Judged, runs_of
from tests.support.oracle.terms import area_on

SHORTFALL, PACE = "volume-shortfall", "volume-pace"


def find_shortfalls(world: World) -> Iterator[Finding]:
    """Findings of `volume-shortfall`."""
    for agreement, cycle in judged_agreements(world, SHORTFALL):
        end = midnight_of(agreement.end)
        orders = orders_of(world, agreement.hospital, agreement.product)
        accepted = net_accepted(orders, agreement.start, agreement.end)
        was_deselected = deselected(world, cycle) < agreement.end
        if accepted >= agreement.agreed or world.now <= end or was_deselected:
            continue
        failed = {}
        for order in orders:
            at = failed_at(world, order)
            if at is not None and at <= end and agreement.is_in_force(order.day):
                failed[order.id] = missing_by(order, agreement.end)
        suppliers = accepted + sum(failed.values()) >= agreement.agreed
        yield Finding(
            rule=SHORTFALL,
            subject=agreement.id,
            anchor="shortfall",
            severity="explain" if suppliers else "breach",
            occurred_at=end,
            cured_at=end,
            observed=accepted,
            limit=agreement.agreed,
            parties={
                "product": agreement.product,
                "hospital": agreement.hospital,
                "area": area_on(world, agreement.hospital, agreement.end - DAY),
                "manufacturer": cycle["manufacturer"] if suppliers else None,
            },
            details={"failed": sum(failed.values()), "orders": sorted(failed)},
        )


def pace_months(world: World, rule: str, agreement: Agreement, cycle: Cycle) -> Iterator[Month]:
    """The months in which an agreement's pace is looked at."""
    settled = add(agreement.start, world.policy.settling_months)
    for month in months(agreement.start, agreement.end):
        is_settled = settled <= day_after(month) < agreement.end
        is_law = world.policy.carries(rule, last_of(month))
        if is_settled and is_law and deselected(world, cycle) > last_of(month):
            yield month


def pace(world: World, agreement: Agreement, month: Month) -> Fraction:
    """What should have been taken by the end of a month."""
    elapsed = (day_after(month) - agreement.start).days
    total = (agreement.end - agreement.start).days
    return exact(world.policy.pace_ratio) * agreement.agreed * elapsed / total


def find_pace(world: World) -> Iterator[Finding]:
    """Findings of `volume-pace`."""
    for agreement, cycle in judged_agreements(world, PACE):
        orders = orders_of(world, agreement.hospital, agreement.product)
        judged = {}
        for month in pace_months(world, PACE, agreement, cycle):
            accepted = net_accepted(orders, agreement.start, day_after(month))
            wanted = pace(world, agreement, month)
            judged[month] = Judged(accepted < wanted, accepted, ceil(wanted))
        own_end = midnight_of(min(agreement.end, world.policy.until))
        for run in runs_of(judged, world.now, own_end=own_end):
            yield Finding(
                rule=PACE,
                subject=agreement.id,
                anchor=run.anchor,
                severity="warning",
                occurred_at=run.occurred_at,
                cured_at=run.cured_at,
                observed=run.observed,
                limit=run.limit,
                parties={
                    "product": agreement.product,
                    "hospital": agreement.hospital,
                    "area": area_on(world, agreement.hospital, last_of(run.first)),
                },
                details=run.details,
            )

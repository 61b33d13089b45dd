"""`non-selected-excess` and `non-selected-first`: more of the others than of the selected."""

from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from shared.domain.ids import pair
from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import (
    Agreement,
    Cycle,
    deselected,
    is_known,
    judged_agreements,
)
from tests.support.oracle.rest.days import (
    DAY,
    Month,
    add,
    day_after,
    due_month,
    last_of,
    months,
    shown,
)
from tests.support.oracle.rest.goods import (
    Use,
    factor,
    failed_at,
    kind_of,
    missing_by,
    net_accepted,
    orders_of,
    use_of,
    varieties_mixed,
)
from tests.support.oracle.rest.month_runs import Judged, Run, runs_of
from tests.support.oracle.rest.volumes import pace
from tests.support.oracle.terms import area_on, hospital_on

EXCESS, FIRST = "non-selected-excess", "non-selected-first"
Signed = list[tuple[Agreement, Cycle]]


def _by_variety(world: World, rule: str) -> Iterator[tuple[str, str, Signed]]:
    """The agreements of each hospital for each variety; orders of unknown products are unjudged."""
    found: dict[tuple[str, str], Signed] = {}
    for agreement, cycle in judged_agreements(world, rule):
        found.setdefault((agreement.hospital, cycle["variety"]), []).append((agreement, cycle))
    for order in world.orders:
        if world.policy.carries(rule, order.day) and not is_known(world, order.data["product"]):
            world.unjudged.add((rule, "product"))
    for (hospital, variety), signed in sorted(found.items(), key=lambda item: item[0]):
        if varieties_mixed(world, variety):
            world.unjudged.add((rule, "product.equivalent"))
        else:
            yield hospital, variety, signed


def find_excess(world: World) -> Iterator[Finding]:
    """Findings of `non-selected-excess`."""
    for hospital, variety, signed in _by_variety(world, EXCESS):
        for start, end in sorted({(a.start, a.end) for a, _ in signed}):
            told = hospital_on(world, hospital, start)
            if told is None:
                world.unjudged.add((EXCESS, "hospital"))
                continue
            if told.get("ownership") not in (None, "public"):
                continue
            own = [cycle for a, cycle in signed if (a.start, a.end) == (start, end)]
            gone = min(deselected(world, cycle) for cycle in own)
            yield from _year(world, hospital, variety, (start, end), gone)
            yield from _excess_months(world, hospital, variety, (start, end), gone)


def _year(
    world: World, hospital: str, variety: str, year: tuple[date, date], gone: date
) -> Iterator[Finding]:
    start, end = year
    use = use_of(world, hospital, variety, start, end)
    if gone < end or world.now <= midnight_of(end) or not use.is_excess:
        return
    yield Finding(
        rule=EXCESS,
        subject=pair(hospital, variety),
        anchor=f"{start}/{end}",
        severity="explain",
        occurred_at=midnight_of(end),
        cured_at=midnight_of(end),
        observed=shown(use.listed),
        limit=shown(use.selected),
        parties={"hospital": hospital, "area": area_on(world, hospital, end - DAY)},
    )


def _excess_months(
    world: World, hospital: str, variety: str, year: tuple[date, date], gone: date
) -> Iterator[Finding]:
    start, end = year
    settled = add(start, world.policy.settling_months)
    judged = {}
    for month in months(start, end):
        is_settled = settled <= day_after(month) < end
        is_law = world.policy.carries(EXCESS, last_of(month))
        if is_settled and is_law and gone > last_of(month):
            judged[month] = _judged(use_of(world, hospital, variety, start, day_after(month)))
    own_end = midnight_of(min(end, world.policy.until))
    for run in runs_of(judged, world.now, own_end=own_end):
        anchor = f"{start}/{end}:{run.anchor}"
        yield _run(world, (EXCESS, "warning"), (hospital, variety), anchor, run)


def _judged(use: Use, *, is_bad: bool = True) -> Judged:
    return Judged(use.is_excess and is_bad, shown(use.listed), shown(use.selected))


def _run(
    world: World, said: tuple[str, str], whose: tuple[str, str], anchor: str, run: Run
) -> Finding:
    rule, severity = said
    hospital, variety = whose
    return Finding(
        rule=rule,
        subject=pair(hospital, variety),
        anchor=anchor,
        severity=severity,
        occurred_at=run.occurred_at,
        cured_at=run.cured_at,
        observed=run.observed,
        limit=run.limit,
        parties={"hospital": hospital, "area": area_on(world, hospital, last_of(run.first))},
        details=run.details,
    )


def find_first(world: World) -> Iterator[Finding]:
    """Findings of `non-selected-first`."""
    for hospital, variety, signed in _by_variety(world, FIRST):
        begin, end = min(a.start for a, _ in signed), max(a.end for a, _ in signed)
        judged = {}
        for month in months(begin, min(end, world.policy.until)):
            running = _running(world, signed, month)
            is_law = world.policy.carries(FIRST, last_of(month))
            if not running or not is_law or _was_failed(world, hospital, variety, month):
                continue
            use = use_of(world, hospital, variety, date(*month, 1), day_after(month))
            judged[month] = _judged(use, is_bad=_is_behind(world, running, month))
        own_end = None if world.policy.until == date.max else midnight_of(world.policy.until)
        for run in runs_of(judged, world.now, own_end=own_end):
            yield _run(world, (FIRST, "explain"), (hospital, variety), run.anchor, run)


def _running(world: World, signed: Signed, month: Month) -> Signed:
    last = last_of(month)
    return [
        (agreement, cycle)
        for agreement, cycle in signed
        if agreement.is_in_force(last)
        and day_after(month) >= add(agreement.start, world.policy.settling_months)
        and deselected(world, cycle) > last
    ]


def _was_failed(world: World, hospital: str, variety: str, month: Month) -> bool:
    """Whether the supplier of a selected product of the variety failed the hospital that month."""
    for order in world.orders:
        kind = kind_of(world, order) if order.data["hospital"] == hospital else None
        if kind is None:
            continue
        is_selected, attributes = kind
        if not is_selected or attributes["variety"] != variety:
            continue
        at = failed_at(world, order)
        if at is None:
            continue
        if due_month(at) == month and missing_by(order, day_after(month)) > 0:
            return True
    return False


def _is_behind(world: World, running: Signed, month: Month) -> bool:
    taken = wanted = Fraction(0)
    for agreement, cycle in running:
        orders = orders_of(world, agreement.hospital, agreement.product)
        accepted = net_accepted(orders, agreement.start, day_after(month))
        taken += factor(cycle) * accepted
        wanted += factor(cycle) * pace(world, agreement, month)
    return taken < wanted

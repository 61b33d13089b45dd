"""`renewal-date`: agreements renewed on another day than the one they are aligned to."""

from collections.abc import Iterator
from datetime import date

from shared.domain.ids import pair
from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import (
    Agreement,
    Cycle,
    agreements,
    cycles,
    deselected,
    end_of,
    next_start,
    start_of,
)
from tests.support.oracle.rest.days import year_after

RULE = "renewal-date"
JUNE = 6


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    if RULE not in world.policy.rules:
        return
    told = world.last("product.selected", "product", "cycle_start")
    for product in sorted({telling.data["product"] for telling in told}):
        said: dict[tuple[str, str], Finding] = {}
        for cycle in cycles(world, product):
            aligned = alignment_day(world, cycle)
            if not _is_judged(world, cycle, aligned):
                continue
            yield from _cycle(world, cycle, aligned)
            # Of several cycles that would say one agreement, the last says it.
            said |= {(f.subject, f.anchor): f for f in _agreements(world, cycle, aligned)}
        yield from said.values()


def alignment_day(world: World, cycle: Cycle) -> date:
    """The first 1 January or 1 July at or after the cycle's end."""
    end = date.fromisoformat(cycle["cycle_end"])
    days = [date(end.year, 1, 1), date(end.year, 7, 1), date(end.year + 1, 1, 1)]
    days.append(date(end.year + 1, 7, 1))
    if world.policy.by_execution_start:
        month = 7 if start_of(cycle).month <= JUNE else 1
        days = [day for day in days if day.month == month]
    return min(day for day in days if day >= end)


def _is_judged(world: World, cycle: Cycle, aligned: date) -> bool:
    notice = world.policy.notice
    was_deselected = deselected(world, cycle) <= aligned
    return start_of(cycle) < notice < aligned and not was_deselected


def _is_law(world: World, day: date) -> bool:
    return midnight_of(day) <= world.now and world.policy.carries(RULE, day)


def _cycle(world: World, cycle: Cycle, aligned: date) -> Iterator[Finding]:
    following = next_start(world, cycle)
    if following in (aligned, date.max) or not _is_law(world, following):
        return
    parties = {"product": cycle["product"], "manufacturer": cycle["manufacturer"]}
    yield Finding(
        rule=RULE,
        subject=cycle["product"],
        anchor=f"cycle:{cycle['cycle_start']}",
        severity="warning",
        occurred_at=midnight_of(following),
        cured_at=midnight_of(following),
        observed=following.isoformat(),
        limit=aligned.isoformat(),
        parties=parties,
    )


def _agreements(world: World, cycle: Cycle, aligned: date) -> Iterator[Finding]:
    told = world.last("agreement.signed", "agreement")
    for hospital in sorted({telling.data["hospital"] for telling in told}):
        own = agreements(world, hospital, cycle["product"])
        first, until = start_of(cycle), end_of(world, cycle)
        if not any(agreement.meets(first, until) for agreement in own):
            continue
        renewed = _first_renewal(own, cycle, aligned)
        if renewed is None or renewed.start in (aligned, next_start(world, cycle)):
            continue
        if _is_law(world, renewed.start):
            yield _finding(hospital, cycle, renewed, aligned)


def _first_renewal(own: list[Agreement], cycle: Cycle, aligned: date) -> Agreement | None:
    """The first agreement for what comes next; of several with one start the last told."""
    end = date.fromisoformat(cycle["cycle_end"])
    later = [agreement for agreement in own if end <= agreement.start < year_after(aligned)]
    return min(reversed(later), key=lambda agreement: agreement.start, default=None)


def _finding(hospital: str, cycle: Cycle, renewed: Agreement, aligned: date) -> Finding:
    return Finding(
        rule=RULE,
        subject=pair(hospital, cycle["product"]),
        anchor=f"agreement:{renewed.id}",
        severity="breach",
        occurred_at=midnight_of(renewed.start),
        cured_at=midnight_of(renewed.start),
        observed=renewed.start.isoformat(),
        limit=aligned.isoformat(),
        parties={
            "product": cycle["product"],
            "hospital": hospital,
            "manufacturer": cycle["manufacturer"],
        },
    )

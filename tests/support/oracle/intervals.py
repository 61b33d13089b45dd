"""The two rules about states that last: too many distributors, nobody appointed."""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise

from tests.support.oracle.facts import World, day_of, instant_of, midnight_of, text_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.terms import (
    agreements_of,
    appointments,
    area_on,
    governing,
    is_enrolled,
    is_live,
    manufacturer_on,
    stretches,
)

Interval = tuple[datetime, datetime]


def joined(boundaries: set[datetime], holds: Callable[[datetime], bool]) -> list[Interval]:
    """The maximal intervals in which a question is answered with yes.

    Nothing changes between two neighbouring boundaries, so asking at the first of them is enough.
    """
    found: list[Interval] = []
    for start, end in pairwise(sorted(boundaries)):
        if not holds(start):
            continue
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], end)
        else:
            found.append((start, end))
    return found


def every_boundary(world: World, product: str) -> set[datetime]:
    """Every instant at which an answer about the product can change."""
    return world.once(("boundaries", product), lambda: _every_boundary(world, product))


def _every_boundary(world: World, product: str) -> set[datetime]:
    days = {world.policy.start, world.policy.until}
    for stretch in stretches(world, product):
        days |= {stretch.start, stretch.end}
    for telling in world.last("agreement.signed", "agreement"):
        days |= {date.fromisoformat(telling.data[name]) for name in ("start", "end")}
    for telling in world.every("hospital.enrolled"):
        days |= {day_of(telling.time), date.fromisoformat(telling.data["enrolled_on"])}
    for telling in world.every("hospital.withdrawn"):
        days.add(date.fromisoformat(telling.data["withdrawn_on"]))
    instants = {midnight_of(day) for day in days - {date.min, date.max}}
    for appointment in appointments(world, product):
        instants |= {
            instant_of(appointment[name]) for name in ("start", "end") if appointment[name]
        }
    return instants


def crowded_areas(world: World) -> Iterator[Finding]:
    """Findings of `distributor-cap`."""
    appointed = [telling.data for telling in world.last("distributor.appointed", "appointment")]
    for product, area in sorted({(a["product"], a["area"]) for a in appointed}):
        boundaries = every_boundary(world, product)
        for start, end in joined(boundaries, partial(_is_crowded, world, product, area)):
            if start > world.now:
                continue
            past = [at for at in boundaries if start <= at < end and at <= world.now]
            yield Finding(
                rule="distributor-cap",
                subject=f"{product}/{area}",
                anchor=text_of(start),
                severity="explain",
                occurred_at=start,
                cured_at=end if end <= world.now else None,
                observed=max(_count(world, product, area, at) for at in past),
                limit=_cap(world, product, start),
                parties={
                    "product": product,
                    "area": area,
                    "manufacturer": manufacturer_on(world, product, day_of(start)),
                },
            )


def _is_crowded(world: World, product: str, area: str, at: datetime) -> bool:
    if not world.policy.carries("distributor-cap", day_of(at)):
        return False
    if governing(world, product, day_of(at)) is None:
        return False
    return _count(world, product, area, at) > _cap(world, product, at)


def _cap(world: World, product: str, at: datetime) -> int:
    cycle = governing(world, product, day_of(at))
    assert cycle is not None, "a cap is asked for only in the supply period"
    return world.policy.cap(cycle["category"])


def _count(world: World, product: str, area: str, at: datetime) -> int:
    live = {
        appointment["distributor"]
        for appointment in appointments(world, product)
        if appointment["area"] == area and is_live(appointment, at)
    }
    if not world.policy.count_self_delivery:
        live.discard(manufacturer_on(world, product, day_of(at)))
    return len(live)


def coverage_gaps(world: World) -> Iterator[Finding]:
    """Findings of `coverage-gap`."""
    signed = [telling.data for telling in world.last("agreement.signed", "agreement")]
    for product, hospital in sorted({(a["product"], a["hospital"]) for a in signed}):
        for start, end in _uncovered(world, product, hospital):
            if start > world.now:
                continue
            yield Finding(
                rule="coverage-gap",
                subject=f"{product}/{hospital}",
                anchor=text_of(start),
                severity="breach",
                occurred_at=start,
                cured_at=end if end <= world.now else None,
                observed=0,
                limit=1,
                parties={
                    "product": product,
                    "hospital": hospital,
                    "area": area_on(world, hospital, day_of(start)),
                    "manufacturer": manufacturer_on(world, product, day_of(start)),
                },
            )


def _uncovered(world: World, product: str, hospital: str) -> list[Interval]:
    boundaries = every_boundary(world, product)
    taking_part = joined(boundaries, lambda at: _takes_part(world, product, hospital, day_of(at)))
    grace = timedelta(days=world.policy.coverage_grace_days)
    expected = [(start + grace, end) for start, end in taking_part]

    def must_be_covered_and_is_not(at: datetime) -> bool:
        is_expected = any(start <= at < end for start, end in expected)
        is_law = world.policy.carries("coverage-gap", day_of(at))
        return is_expected and is_law and not _is_covered(world, product, hospital, at)

    return joined(boundaries | {start for start, _ in expected}, must_be_covered_and_is_not)


def _takes_part(world: World, product: str, hospital: str, day: date) -> bool:
    if not is_enrolled(world, hospital, day):
        return False
    for stretch in stretches(world, product):
        if stretch.start <= day < stretch.end:
            starts = _agreement_starts_in(world, product, hospital, stretch.start, stretch.end)
            return bool(starts) and min(starts) <= day
    return False


def _agreement_starts_in(
    world: World, product: str, hospital: str, first: date, until: date
) -> list[date]:
    """The starts of the agreements in force on any day of `[first, until)`."""
    starts = []
    for agreement in agreements_of(world, hospital, product):
        start, end = date.fromisoformat(agreement["start"]), date.fromisoformat(agreement["end"])
        if max(start, first) < min(end, until):
            starts.append(start)
    return starts


def _is_covered(world: World, product: str, hospital: str, at: datetime) -> bool:
    for appointment in appointments(world, product):
        if not is_live(appointment, at):
            continue
        if appointment["hospitals"] is None:
            if appointment["area"] == area_on(world, hospital, day_of(at)):
                return True
        elif hospital in appointment["hospitals"]:
            return True
    return False

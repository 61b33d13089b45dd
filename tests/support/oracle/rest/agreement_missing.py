"""`agreement-missing`: no agreement, two at once, not signed by all, signed late."""

from collections.abc import Iterator
from datetime import date, timedelta

from shared.domain.ids import pair
from tests.support.oracle.facts import Order, World, day_of, midnight_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.cycles import (
    Agreement,
    Cycle,
    agreements,
    cycles,
    end_of,
    every_agreement,
    is_known,
    is_under_the_policy,
    judged_agreements,
    start_of,
)
from tests.support.oracle.rest.days import DAY, by_now, month_of, runs
from tests.support.oracle.rest.goods import lies_in_supply, orders_of
from tests.support.oracle.terms import area_on, is_enrolled

RULE = "agreement-missing"


def find(world: World) -> Iterator[Finding]:
    """Findings of the rule."""
    if RULE not in world.policy.rules:
        return
    pairs = {(o.data["hospital"], o.data["product"]) for o in world.orders if _is_law(world, o.day)}
    told = [a for a in every_agreement(world) if is_under_the_policy(world, a)]
    # An agreement of before the policy binds the hospital in a cycle that goes on under it.
    told += [a for a in every_agreement(world) if cycles(world, a.product)]
    pairs |= {(agreement.hospital, agreement.product) for agreement in told}
    for hospital, product in sorted(pairs):
        if not is_known(world, product):
            world.unjudged.add((RULE, "product"))
            continue
        for cycle in cycles(world, product):
            yield from _gaps(world, hospital, cycle)
            yield from _overlaps(world, hospital, cycle)
    for agreement, cycle in judged_agreements(world, RULE):
        yield from _signature(world, agreement, cycle)
        yield from _signed_late(world, agreement, cycle)


def _is_law(world: World, day: date) -> bool:
    return world.policy.carries(RULE, day)


def _boundaries(world: World, hospital: str, cycle: Cycle) -> set[date]:
    """Every day on which an answer about the cycle can change, between its ends."""
    first, until = start_of(cycle), end_of(world, cycle)
    days = {first, until, world.policy.start, world.policy.until}
    for agreement in agreements(world, hospital, cycle["product"]):
        days |= {agreement.start, agreement.end}
    days |= {order.day for order in _buying(world, hospital, cycle)}
    for telling in world.tellings:
        if telling.data.get("hospital") == hospital:
            told = (telling.data.get(name) for name in ("enrolled_on", "withdrawn_on"))
            days |= {date.fromisoformat(day) for day in told if day is not None}
    return {day for day in days if first <= day <= until}


def _buying(world: World, hospital: str, cycle: Cycle) -> list[Order]:
    """The orders in scope placed in the cycle and not cancelled."""
    return [
        order
        for order in orders_of(world, hospital, cycle["product"])
        if lies_in_supply(world, order)
        and start_of(cycle) <= order.day < end_of(world, cycle)
        and order.cancelled is None
    ]


def _in_force_in(world: World, hospital: str, cycle: Cycle) -> list[Agreement]:
    own = agreements(world, hospital, cycle["product"])
    return [
        agreement for agreement in own if agreement.meets(start_of(cycle), end_of(world, cycle))
    ]


def _bound_from(world: World, hospital: str, cycle: Cycle) -> date:
    signed = [max(a.start, start_of(cycle)) for a in _in_force_in(world, hospital, cycle)]
    bought = [order.day for order in _buying(world, hospital, cycle)]
    return min(signed + bought, default=date.max)


def _gaps(world: World, hospital: str, cycle: Cycle) -> Iterator[Finding]:
    was_enrolled = area_on(world, hospital, start_of(cycle)) is not None
    first = _bound_from(world, hospital, cycle)
    own = agreements(world, hospital, cycle["product"])

    def is_missing(day: date) -> bool:
        is_bound = first <= day and (not was_enrolled or is_enrolled(world, hospital, day))
        has_one = any(agreement.is_in_force(day) for agreement in own)
        return is_bound and _is_law(world, day) and not has_one

    signed_none = not _in_force_in(world, hospital, cycle)
    bought = {month_of(order.day) for order in _buying(world, hospital, cycle)}
    if signed_none and len(bought) < world.policy.no_volume_months:
        return
    for start, end in runs(_boundaries(world, hospital, cycle), is_missing):
        occurred = midnight_of(start) + timedelta(days=world.policy.signing_days)
        if (end - start).days <= world.policy.signing_days or world.now <= occurred:
            continue
        yield Finding(
            rule=RULE,
            subject=pair(hospital, cycle["product"]),
            anchor=f"gap:{start}",
            severity="warning" if signed_none else "breach",
            occurred_at=occurred,
            cured_at=by_now(world, midnight_of(end)),
            observed=0,
            limit=1,
            parties=_parties(world, hospital, cycle, day_of(occurred)),
        )


def _overlaps(world: World, hospital: str, cycle: Cycle) -> Iterator[Finding]:
    own = agreements(world, hospital, cycle["product"])

    def number(day: date) -> int:
        return sum(agreement.is_in_force(day) for agreement in own) if _is_law(world, day) else 0

    boundaries = _boundaries(world, hospital, cycle)
    for start, end in runs(boundaries, lambda day: number(day) > 1):
        if midnight_of(start) > world.now:
            continue
        past = [day for day in boundaries if start <= day < end and midnight_of(day) <= world.now]
        yield Finding(
            rule=RULE,
            subject=pair(hospital, cycle["product"]),
            anchor=f"overlap:{start}",
            severity="explain",
            occurred_at=midnight_of(start),
            cured_at=by_now(world, midnight_of(end)),
            observed=max(number(day) for day in past),
            limit=1,
            parties=_parties(world, hospital, cycle, start),
        )


def _signature(world: World, agreement: Agreement, cycle: Cycle) -> Iterator[Finding]:
    signed_by = agreement.data.get("signed_by")
    distributor = agreement.data.get("distributor")
    must = {"manufacturer", "hospital"}
    if distributor not in (None, cycle["manufacturer"]):
        must.add("distributor")
    first = max(agreement.start, world.policy.start)
    occurred = midnight_of(first) + timedelta(days=world.policy.signing_days)
    end = midnight_of(agreement.end)
    if signed_by is None or must <= set(signed_by) or not occurred < end or world.now <= occurred:
        return
    yield Finding(
        rule=RULE,
        subject=pair(agreement.hospital, agreement.product),
        anchor=f"signature:{agreement.id}",
        severity="explain" if agreement.start < world.policy.start else "breach",
        occurred_at=occurred,
        cured_at=by_now(world, end),
        observed=sorted(set(signed_by)),
        limit=sorted(must),
        parties=_parties(world, agreement.hospital, cycle, day_of(occurred)),
    )


def _signed_late(world: World, agreement: Agreement, cycle: Cycle) -> Iterator[Finding]:
    sign_by, signed_on = world.policy.sign_by, agreement.data.get("signed_on")
    if sign_by is None or signed_on is None or agreement.start > world.policy.start:
        return
    occurred = midnight_of(sign_by + DAY)
    if date.fromisoformat(signed_on) <= sign_by or occurred > world.now:
        return
    yield Finding(
        rule=RULE,
        subject=pair(agreement.hospital, agreement.product),
        anchor=f"signed-late:{agreement.id}",
        severity="breach",
        occurred_at=occurred,
        cured_at=by_now(world, midnight_of(signed_on)),
        observed=signed_on,
        limit=sign_by.isoformat(),
        parties=_parties(world, agreement.hospital, cycle, day_of(occurred)),
    )


def _parties(world: World, hospital: str, cycle: Cycle, day: date) -> dict[str, str | None]:
    return {
        "product": cycle["product"],
        "hospital": hospital,
        "area": area_on(world, hospital, day),
        "manufacturer": cycle["manufacturer"],
    }

"""Plain questions to the register: supply periods, hospitals, agreements, deadlines."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tests.support.oracle.facts import Order, World, day_of, instant_of
from tests.support.oracle.findings import UnjudgedError

JUNE = 6


@dataclass(frozen=True)
class Stretch:
    """One cycle and its bridge, `[start, end)` in days, with what was told of the cycle."""

    start: date
    end: date
    cycle: Mapping[str, Any]


def stretches(world: World, product: str) -> list[Stretch]:
    """The supply period of a product, disjoint and in the order of time."""
    return world.once(("stretches", product), lambda: _stretches(world, product))


def _stretches(world: World, product: str) -> list[Stretch]:
    told = world.last("product.selected", "product", "cycle_start")
    cycles = [telling.data for telling in told if telling.data["product"] == product]
    found = []
    for cycle in cycles:
        start, end = _days(cycle["cycle_start"], cycle["cycle_end"])
        later = [date.fromisoformat(other["cycle_start"]) for other in cycles]
        following = min((day for day in later if day > start), default=date.max)
        if following > end and _has_bridge(world, start):
            end = _alignment_day(end)
        end = min(end, following, deselected_on(world, product, start))
        if start < end:
            found.append(Stretch(start, end, cycle))
    return sorted(found, key=lambda stretch: stretch.start)


def _has_bridge(world: World, cycle_start: date) -> bool:
    if world.policy.bridge == "in_execution_at_notice":
        return cycle_start < world.policy.notice
    return world.policy.bridge == "all"


def _alignment_day(cycle_end: date) -> date:
    last = cycle_end - timedelta(days=1)
    return date(last.year, 7, 1) if last.month <= JUNE else date(last.year + 1, 1, 1)


def deselected_on(world: World, product: str, cycle_start: date) -> date:
    """The day on which a cycle ends because its product was withdrawn, or the last of days."""
    for telling in world.last("product.deselected", "product"):
        day = date.fromisoformat(telling.data["on"])
        # A cycle that starts on that day or later is a new selection.
        if telling.data["product"] == product and cycle_start < day:
            return day
    return date.max


def governing(world: World, product: str, day: date) -> Mapping[str, Any] | None:
    """What was told of the cycle in whose stretch the day lies."""
    for stretch in stretches(world, product):
        if stretch.start <= day < stretch.end:
            return stretch.cycle
    return None


def manufacturer_on(world: World, product: str, day: date) -> str | None:
    """The winner that supplies the product on that day."""
    cycle = governing(world, product, day)
    return None if cycle is None else cycle["manufacturer"]


def hospital_on(world: World, hospital: str, day: date) -> Mapping[str, Any] | None:
    """What was told of a hospital that holds on a day, None if nothing ever was."""
    told = [t for t in world.every("hospital.enrolled") if t.data["hospital"] == hospital]
    until = [telling for telling in told if day_of(telling.time) <= day]
    # The first telling reaches back.
    holding = until[-1:] or told[:1]
    return holding[0].data if holding else None


def area_on(world: World, hospital: str, day: date) -> str | None:
    """The area of a hospital on a day, None if the hospital was never told."""
    told = hospital_on(world, hospital, day)
    return None if told is None else told["area"]


def is_enrolled(world: World, hospital: str, day: date) -> bool:
    """Whether the hospital is enrolled on that day."""
    entered = _days_told(world, "hospital.enrolled", hospital, "enrolled_on")
    left = _days_told(world, "hospital.withdrawn", hospital, "withdrawn_on")
    return any(
        enrolled <= day and not any(enrolled < withdrawn <= day for withdrawn in left)
        for enrolled in entered
    )


def _days_told(world: World, kind: str, hospital: str, name: str) -> list[date]:
    told = [t.data for t in world.every(kind) if t.data["hospital"] == hospital]
    return [date.fromisoformat(data[name]) for data in told]


def area_of(world: World, order: Order) -> str:
    """The hospital's area on the day of placing, else the one the order names."""
    area = area_on(world, order.data["hospital"], order.day)
    return order.data["area"] if area is None else area


def is_in_scope(world: World, order: Order) -> bool:
    """Whether order rules look at the order at all, apart from the policy's days."""
    if world.policy.scope == "all":
        return True
    return governing(world, order.data["product"], order.day) is not None


def agreements_of(world: World, hospital: str, product: str) -> list[Mapping[str, Any]]:
    """The agreements of a hospital for a product, in the order of tellings."""
    told = world.last("agreement.signed", "agreement")
    return world.once(
        ("agreements", hospital, product),
        lambda: [
            telling.data
            for telling in told
            if (telling.data["hospital"], telling.data["product"]) == (hospital, product)
        ],
    )


def is_in_force(agreement: Mapping[str, Any], day: date) -> bool:
    """Whether the day is one of the agreement's."""
    start, end = _days(agreement["start"], agreement["end"])
    return start <= day < end


def agreement_of(world: World, order: Order) -> Mapping[str, Any] | None:
    """The agreement whose terms are the order's, in force or not.

    Raises UnjudgedError if the order names one that nobody told.
    """
    own = agreements_of(world, order.data["hospital"], order.data["product"])
    named = order.data.get("agreement")
    if named is not None:
        told = [t.data["agreement"] for t in world.last("agreement.signed", "agreement")]
        if named not in told:
            raise UnjudgedError("agreement")
        for agreement in own:
            if agreement["agreement"] == named:
                return agreement
    in_force = [agreement for agreement in own if is_in_force(agreement, order.day)]
    return in_force[-1] if in_force else None


def response_due(world: World, order: Order) -> tuple[datetime, bool]:
    """When an answer is due, and whether the agreement says so itself."""
    agreement = agreement_of(world, order) or {}
    name = "urgent_response_hours" if order.data["urgency"] == "urgent" else "response_hours"
    own = agreement.get(name)
    hours = getattr(world.policy, name) if own is None else own
    return order.placed + timedelta(hours=hours), own is not None


def delivery_due(world: World, order: Order) -> tuple[datetime, bool]:
    """When delivery is due, and whether order or agreement say so themselves.

    Raises UnjudgedError if a term is missing: an agreement named, or whether it is remote.
    """
    deliver_by = order.data.get("deliver_by")
    if deliver_by is not None:
        is_date = "T" not in deliver_by
        whole_day = timedelta(days=1) if is_date else timedelta(0)
        return instant_of(deliver_by) + whole_day, True
    agreement = agreement_of(world, order) or {}
    is_urgent = order.data["urgency"] == "urgent"
    own = agreement.get("urgent_delivery_hours" if is_urgent else "delivery_hours")
    if own is not None:
        return order.placed + timedelta(hours=own), True
    if world.policy.deliver_by_alone:
        raise UnjudgedError("deliver_by")
    if is_urgent:
        return order.placed + timedelta(hours=world.policy.urgent_delivery_hours), False
    hospital = hospital_on(world, order.data["hospital"], order.day)
    if hospital is None:
        raise UnjudgedError("hospital.remote")
    policy = world.policy
    hours = policy.remote_delivery_hours if hospital["remote"] else policy.delivery_hours
    return order.placed + timedelta(hours=hours), False


def is_beyond(world: World, order: Order) -> bool:
    """Whether the agreed quantity had been taken up on the day before the order."""
    agreement = agreement_of(world, order)
    if agreement is None or not is_in_force(agreement, order.day):
        return False
    start = date.fromisoformat(agreement["start"])
    taken = 0
    for other in world.orders:
        if any(other.data[name] != order.data[name] for name in ("hospital", "product")):
            continue
        received = [(receipt.time, receipt.accepted) for receipt in other.receipts]
        returned = [(time, -quantity) for time, quantity in other.returns]
        taken += sum(
            quantity for time, quantity in received + returned if start <= day_of(time) < order.day
        )
    agreed: int = agreement["agreed_quantity"]
    return taken >= agreed


def is_live(appointment: Mapping[str, Any], instant: datetime) -> bool:
    """Whether an appointment, with its release, stands at the instant."""
    end = appointment["end"]
    return instant_of(appointment["start"]) <= instant and (
        end is None or instant < instant_of(end)
    )


def appointments(world: World, product: str) -> list[Mapping[str, Any]]:
    """The appointments for a product, `end` being that of the release if there is one."""
    return world.once(("appointments", product), lambda: _appointments(world, product))


def _appointments(world: World, product: str) -> list[Mapping[str, Any]]:
    released = {
        telling.data["appointment"]: telling.data["end"]
        for telling in world.last("distributor.released", "appointment")
    }
    found: list[Mapping[str, Any]] = []
    for telling in world.last("distributor.appointed", "appointment"):
        if telling.data["product"] == product:
            own_end = telling.data.get("end")
            end = released.get(telling.data["appointment"], own_end)
            found.append({**telling.data, "end": end})
    return found


def _days(start: str, end: str) -> tuple[date, date]:
    return date.fromisoformat(start), date.fromisoformat(end)

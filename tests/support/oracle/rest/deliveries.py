"""`short-delivery`, `remote-service`, `quality-rejection`: months of a manufacturer's orders."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tests.support.oracle.facts import Order, World, day_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.rest.days import Month, due_month, exact, month_of, shown
from tests.support.oracle.rest.goods import is_in_scope
from tests.support.oracle.rest.month_runs import Judged, Run, end_of_month, runs_of
from tests.support.oracle.terms import area_of, delivery_due, hospital_on, manufacturer_on

SHORT, REMOTE, QUALITY = "short-delivery", "remote-service", "quality-rejection"
Key = tuple[str, ...]
Months = dict[Key, dict[Month, list[Any]]]


@dataclass(frozen=True)
class Due:
    """An order that belongs to the month in which its delivery was due."""

    order: Order
    due: datetime
    manufacturer: str


def _dues(world: World, rule: str, grace: timedelta) -> Iterator[Due]:
    """The orders that count `grace` after their due, and were not left out."""
    for order in world.orders:
        if not is_in_scope(world, order, rule):
            continue
        try:
            due, _ = delivery_due(world, order)
        except UnjudgedError as error:
            world.unjudged.add((rule, str(error)))
            continue
        cut = due + grace
        refused = [reason for time, reason in order.rejections if time <= cut]
        is_excused = bool(refused) and set(refused) <= set(world.policy.excused_reasons)
        if world.now > cut and not order.was_cancelled_by(due) and not is_excused:
            winner = manufacturer_on(world, order.data["product"], order.day)
            yield Due(order, due, str(winner))


def _gather(found: Iterator[tuple[Key, Month, Any]]) -> Months:
    months: Months = {}
    for key, month, value in found:
        months.setdefault(key, {}).setdefault(month, []).append(value)
    return months


def _say(
    world: World,
    rule: str,
    key: Key,
    judged: dict[Month, Judged],
    instant: Callable[[Month], datetime] = end_of_month,
) -> Iterator[Finding]:
    """The month runs of a manufacturer and product, and perhaps an area."""
    product, manufacturer, *area = key
    for run in runs_of(judged, world.now, instant=instant):
        yield _finding(rule, product, manufacturer, "".join(area) or None, run)


def _finding(rule: str, product: str, manufacturer: str, area: str | None, run: Run) -> Finding:
    whose = manufacturer if area is None else f"{manufacturer}:{area}"
    parties = {"product": product, "manufacturer": manufacturer}
    return Finding(
        rule=rule,
        subject=product,
        anchor=f"{whose}:{run.anchor}",
        severity="warning",
        occurred_at=run.occurred_at,
        cured_at=run.cured_at,
        observed=run.observed,
        limit=run.limit,
        parties=parties if area is None else {**parties, "area": area},
        details=run.details,
    )


def find_short(world: World) -> Iterator[Finding]:
    """Findings of `short-delivery`."""
    grace = timedelta(days=world.policy.stock_out_after_days)

    def counted() -> Iterator[tuple[Key, Month, tuple[int, int]]]:
        for due in _dues(world, SHORT, grace):
            ordered = due.order.data["quantity"]
            there = min(ordered, due.order.quantity_there_at(due.due + grace))
            key = (due.order.data["product"], due.manufacturer, area_of(world, due.order))
            yield key, due_month(due.due), (there, ordered)

    rate = world.policy.delivery_rate
    for key, months in sorted(_gather(counted()).items()):
        judged = {}
        for month, orders in months.items():
            delivered, ordered = (sum(part) for part in zip(*orders, strict=True))
            if len(orders) >= world.policy.rate_min_orders:
                seen = {"delivered": delivered, "ordered": ordered}
                is_bad = delivered < exact(rate) * ordered
                judged[month] = Judged(is_bad, seen, shown(exact(rate)))
        yield from _say(world, SHORT, key, judged, lambda month: end_of_month(month) + grace)


def find_remote(world: World) -> Iterator[Finding]:
    """Findings of `remote-service`."""

    def counted() -> Iterator[tuple[Key, Month, tuple[bool, bool]]]:
        for due in _dues(world, REMOTE, timedelta(0)):
            order = due.order
            hospital = hospital_on(world, order.data["hospital"], order.day)
            if hospital is None:
                world.unjudged.add((REMOTE, "hospital.remote"))
                continue
            in_time = order.quantity_there_at(due.due) >= order.data["quantity"]
            key = (order.data["product"], due.manufacturer)
            yield key, due_month(due.due), (bool(hospital["remote"]), in_time)

    for key, months in sorted(_gather(counted()).items()):
        judged = {}
        for month, orders in months.items():
            near = [in_time for is_remote, in_time in orders if not is_remote]
            far = [in_time for is_remote, in_time in orders if is_remote]
            if min(len(near), len(far)) >= world.policy.remote_min_orders:
                judged[month] = _compared(world, far, near)
        yield from _say(world, REMOTE, key, judged)


def _compared(world: World, far: list[bool], near: list[bool]) -> Judged:
    seen = {"r": sum(far), "R": len(far), "o": sum(near), "O": len(near)}
    gap = exact(world.policy.remote_gap)
    behind = seen["o"] * seen["R"] - seen["r"] * seen["O"]
    return Judged(behind > gap * seen["R"] * seen["O"], seen, shown(gap))


def find_quality(world: World) -> Iterator[Finding]:
    """Findings of `quality-rejection`."""

    def counted() -> Iterator[tuple[Key, Month, tuple[int, int]]]:
        for order in world.orders:
            if not order.receipts or not is_in_scope(world, order, QUALITY):
                continue
            winner = manufacturer_on(world, order.data["product"], order.day)
            for receipt in order.told["receipts"]:
                rejected = receipt.data.get("quantity_rejected", 0)
                inspected = receipt.data["quantity_accepted"] + rejected
                reason = (receipt.data.get("rejection_reason") or "").lower()
                is_quality = any(word in reason for word in world.policy.quality_reasons)
                month = month_of(day_of(receipt.time))
                key = (order.data["product"], str(winner))
                yield key, month, (rejected if is_quality else 0, inspected)

    ratio = exact(world.policy.quality_ratio)
    for key, months in sorted(_gather(counted()).items()):
        judged = {}
        for month, receipts in months.items():
            bad, inspected = (sum(part) for part in zip(*receipts, strict=True))
            if inspected > 0:
                allowed = ratio * inspected
                judged[month] = Judged(bad > allowed, bad, shown(allowed))
        yield from _say(world, QUALITY, key, judged)

"""The rule about shortages that nobody reported."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.support.oracle.facts import Order, Telling, World, day_of, text_of
from tests.support.oracle.findings import Finding, UnjudgedError
from tests.support.oracle.terms import area_of, delivery_due, is_in_scope, manufacturer_on

STOCK_OUT_REASONS = ("out_of_stock", "production_stopped")


@dataclass(frozen=True)
class StockOut:
    """An order that could not be supplied, and since when."""

    at: datetime
    order: Order


def unreported_shortages(world: World) -> Iterator[Finding]:
    """Findings of `unreported-shortage`."""
    silent: dict[tuple[str, str], list[StockOut]] = {}
    for order in world.orders:
        at = _stock_out(world, order)
        product, area = order.data["product"], area_of(world, order)
        if at is not None and _is_unreported(world, product, area, at):
            silent.setdefault((product, area), []).append(StockOut(at, order))
    for (product, area), stock_outs in sorted(silent.items()):
        for episode in _episodes(world, stock_outs):
            yield _finding(world, product, area, episode)


def _stock_out(world: World, order: Order) -> datetime | None:
    if not world.policy.carries("unreported-shortage", order.day) or not is_in_scope(world, order):
        return None
    found = [_refused_for_want(order), _never_came(world, order)]
    return min((at for at in found if at is not None), default=None)


def _refused_for_want(order: Order) -> datetime | None:
    wanting = [time for time, reason in order.rejections if reason in STOCK_OUT_REASONS]
    if wanting and not order.was_cancelled_by(wanting[0]):
        return wanting[0]
    return None


def _never_came(world: World, order: Order) -> datetime | None:
    try:
        due, _ = delivery_due(world, order)
    except UnjudgedError:
        return None
    last = due + timedelta(days=world.policy.stock_out_after_days)
    was_answered = (
        order.was_shipped_by(last) or order.had_arrived_by(last) or order.was_rejected_by(last)
    )
    if world.now > last and not was_answered and not order.was_cancelled_by(last):
        return last
    return None


def _is_unreported(world: World, product: str, area: str, at: datetime) -> bool:
    until = at + timedelta(hours=world.policy.report_grace_hours)
    if world.now <= until:
        return False
    return not any(
        telling.data["product"] == product
        and _covers(telling, area)
        and _first_told(world, telling) <= until
        and _days(world, telling)[0] <= day_of(at) <= _days(world, telling)[1]
        for telling in _warnings(world)
    )


def _warnings(world: World) -> list[Telling]:
    reports = world.last("shortage.reported", "report")
    return reports + world.last("production.stopping", "notice")


def _covers(telling: Telling, area: str) -> bool:
    areas = telling.data["areas"] if telling.kind == "shortage.reported" else None
    return areas is None or area in areas


def _first_told(world: World, telling: Telling) -> datetime:
    identity = "report" if telling.kind == "shortage.reported" else "notice"
    same = [t for t in world.every(telling.kind) if t.data[identity] == telling.data[identity]]
    return same[0].told


def _days(world: World, telling: Telling) -> tuple[date, date]:
    """The first and the last day of a report or notice, both included."""
    data = telling.data
    if telling.kind == "production.stopping":
        start, end = data["stop_on"], data.get("resume_on")
    else:
        start, end = data["start"], data.get("expected_end")
        for ended in world.last("shortage.ended", "report"):
            if ended.data["report"] == data["report"]:
                end = ended.data["end"]
    return date.fromisoformat(start), date.max if end is None else date.fromisoformat(end)


def _episodes(world: World, stock_outs: list[StockOut]) -> list[list[StockOut]]:
    gap = timedelta(days=world.policy.episode_gap_days)
    episodes: list[list[StockOut]] = []
    for stock_out in sorted(stock_outs, key=lambda s: (s.at, s.order.id)):
        if episodes and stock_out.at - episodes[-1][-1].at < gap:
            episodes[-1].append(stock_out)
        else:
            episodes.append([stock_out])
    return episodes


def _finding(world: World, product: str, area: str, episode: list[StockOut]) -> Finding:
    first = episode[0]
    over = episode[-1].at + timedelta(days=world.policy.episode_gap_days)
    return Finding(
        rule="unreported-shortage",
        subject=f"{product}/{area}",
        anchor=text_of(first.at),
        severity="warning",
        occurred_at=first.at,
        cured_at=over if over <= world.now else None,
        observed={
            "orders": len(episode),
            "hospitals": len({stock_out.order.data["hospital"] for stock_out in episode}),
        },
        limit=world.policy.report_grace_hours,
        parties={
            "product": product,
            "area": area,
            "manufacturer": manufacturer_on(world, product, first.order.day),
        },
    )

"""`stock-report-missing`, `reserve-below`, `stop-notice-late`: what a manufacturer tells."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from math import ceil

from tests.support.oracle.facts import Telling, World, day_of, midnight_of, text_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.rest.days import DAY, add, by_now, feed_since, months
from tests.support.oracle.rest.goods import net_accepted
from tests.support.oracle.terms import governing, stretches

MISSING, RESERVE, NOTICE = "stock-report-missing", "reserve-below", "stop-notice-late"


@dataclass(frozen=True)
class Era:
    """Stretches of one manufacturer that touch, `[start, end)` in days."""

    manufacturer: str
    start: date
    end: date


@dataclass(frozen=True)
class Report:
    """A stock report as it holds; `told` is the least of its tellings."""

    as_of: date
    quantity: int
    manufacturer: str
    told: datetime


def _products(world: World) -> list[str]:
    return sorted({t.data["product"] for t in world.every("product.selected")})


def eras(world: World, product: str) -> list[Era]:
    """The stretches of a product, those of one manufacturer that touch taken as one."""
    found: list[Era] = []
    for stretch in stretches(world, product):
        manufacturer = stretch.cycle["manufacturer"]
        start = stretch.start
        if found and (found[-1].end, found[-1].manufacturer) == (start, manufacturer):
            start = found.pop().start
        found.append(Era(manufacturer, start, stretch.end))
    return found


def reports(world: World, product: str) -> list[Report]:
    """The stock reports of a product, by their day; one of a day to come does nothing."""
    things: dict[tuple[str, date], list[Telling]] = {}
    for telling in world.every("stock.reported"):
        as_of = date.fromisoformat(telling.data["as_of"])
        if telling.data["product"] == product and as_of <= day_of(telling.time):
            things.setdefault((telling.data["manufacturer"], as_of), []).append(telling)
    found = [
        Report(as_of, tellings[0].data["quantity"], manufacturer, min(t.told for t in tellings))
        for (manufacturer, as_of), tellings in things.items()
    ]
    return sorted(found, key=lambda report: (report.as_of, report.manufacturer))


def find_missing(world: World) -> Iterator[Finding]:
    """Findings of `stock-report-missing`."""
    if MISSING not in world.policy.rules:
        return
    for product in _products(world):
        for era in eras(world, product):
            yield from _missed(world, product, era)


def _missed(world: World, product: str, era: Era) -> Iterator[Finding]:
    own = [r for r in reports(world, product) if r.manufacturer == era.manufacturer]
    until = midnight_of(min(era.end, world.policy.until))
    joined: list[tuple[datetime, datetime, date]] = []
    for before, day in _due_days(world, era):
        start = midnight_of(day + DAY)
        told = [report.told for report in own if report.as_of > before]
        end = min([*told, until])
        if end <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]), day)
        else:
            joined.append((start, end, day))
    for start, end, day in joined:
        heard = [report.as_of for report in own if report.told <= start]
        yield Finding(
            rule=MISSING,
            subject=product,
            anchor=day_of(start).isoformat(),
            severity="warning",
            occurred_at=start,
            cured_at=by_now(world, end),
            observed=max(heard).isoformat() if heard else None,
            limit=day.isoformat(),
            parties={"product": product, "manufacturer": era.manufacturer},
        )


def _due_days(world: World, era: Era) -> Iterator[tuple[date, date]]:
    """The due days so far of which the whole month before lies in era, policy and feed."""
    since = feed_since(world, "stock")
    first, until = max(era.start, world.policy.start), min(era.end, world.policy.until)
    for month in months(first, until):
        day = date(*month, world.policy.stock_report_day)
        before = add(day, -1)
        if not (first <= before + DAY and day < until) or midnight_of(day + DAY) >= world.now:
            continue
        if since is None:
            world.unjudged.add((MISSING, "feed.stock"))
        elif since <= before + DAY:
            yield before, day


def find_below(world: World) -> Iterator[Finding]:
    """Findings of `reserve-below`."""
    if RESERVE not in world.policy.rules:
        return
    for product in _products(world):
        yield from _below(world, product)


@dataclass(frozen=True)
class Seen:
    """A stock report that was judged."""

    report: Report
    era: Era
    is_below: bool
    wanted: Fraction


def _below(world: World, product: str) -> Iterator[Finding]:
    judged = list(_judged_reports(world, product))
    runs: list[list[Seen]] = []
    for at, seen in enumerate(judged):
        if not seen.is_below:
            continue
        if at and judged[at - 1].is_below:
            runs[-1].append(seen)
        else:
            runs.append([seen])
    for run in runs:
        later = judged[judged.index(run[-1]) + 1 :]
        cut = midnight_of(min(run[-1].era.end, world.policy.until))
        end = min([cut, *(midnight_of(seen.report.as_of + DAY) for seen in later[:1])])
        occurred = midnight_of(run[0].report.as_of + DAY)
        if occurred > world.now or end <= occurred:
            continue
        yield Finding(
            rule=RESERVE,
            subject=product,
            anchor=run[0].report.as_of.isoformat(),
            severity="warning",
            occurred_at=occurred,
            cured_at=by_now(world, end),
            observed=run[-1].report.quantity,
            limit=ceil(run[-1].wanted),
            parties={"product": product, "manufacturer": run[0].era.manufacturer},
        )


def _judged_reports(world: World, product: str) -> Iterator[Seen]:
    policy = world.policy
    orders = [order for order in world.orders if order.data["product"] == product]
    began = min((era.start for era in eras(world, product)), default=date.max)
    for report in reports(world, product):
        for era in eras(world, product):
            is_own = era.manufacturer == report.manufacturer
            if not is_own or not era.start <= report.as_of < era.end:
                continue
            first = max(began, report.as_of - timedelta(days=policy.reserve_window_days - 1))
            days = (report.as_of + DAY - first).days
            if days < policy.reserve_min_days or not policy.carries(RESERVE, report.as_of):
                continue
            use = net_accepted(orders, first, report.as_of + DAY)
            wanted = Fraction(policy.reserve_days * use, days)
            yield Seen(report, era, use > 0 and report.quantity < wanted, wanted)


def find_late_notices(world: World) -> Iterator[Finding]:
    """Findings of `stop-notice-late`."""
    for telling in world.last("production.stopping", "notice"):
        notice = telling.data
        stop_on = date.fromisoformat(notice["stop_on"])
        deadline = midnight_of(add(stop_on, -world.policy.stop_notice_months) + DAY)
        days = (stop_on, day_of(deadline))
        is_law = all(world.policy.carries(NOTICE, day) for day in days)
        if notice.get("planned") is False or not is_law:
            continue
        same = [t for t in world.every(telling.kind) if t.data["notice"] == notice["notice"]]
        told = min(t.told for t in same)
        if governing(world, notice["product"], stop_on) is None or told <= deadline:
            continue
        yield Finding(
            rule=NOTICE,
            subject=notice["product"],
            anchor=f"notice:{notice['notice']}",
            severity="warning",
            occurred_at=deadline,
            cured_at=told,
            observed=text_of(told),
            limit=text_of(deadline),
            parties={"product": notice["product"], "manufacturer": notice["manufacturer"]},
        )

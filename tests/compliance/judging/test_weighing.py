"""Of how many things rules said something: held against a count by hand."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from services.compliance.findings.accused import accused_of
from services.compliance.findings.finding import About
from services.compliance.findings.violation import Violation
from services.compliance.judging.replay import Replay
from services.compliance.rules import RULES
from services.sources.province import Plan, simulate
from services.sources.province.terms import TERMS
from shared.domain import calendar
from shared.domain import events as say
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant
from tests.support.workers.in_process import read
from tests.support.workers.on_database import NOW

REGISTER = [
    an_event("product.selected"),
    an_event("hospital.enrolled"),
    an_event("agreement.signed"),
    an_event("distributor.appointed"),
]
MARCH = an_event("order.placed", "2022-03-31 17:00:00+00:00")
"""In China it is the first of April."""

BY_NAME = {rule.name: rule for rule in RULES}


def replayed(events: Iterable[Event], as_of: str) -> Replay:
    """A replay of events as they are read."""
    replay = Replay(POLICIES, instant(as_of))
    for event in events:
        replay.tell(event)
    return replay


def in_scope(told: list[Event]) -> Iterator[tuple[str, tuple[str, str]]]:
    """Month and distributor of each order placed in a cycle of its product."""
    gone = {
        event.data.product: event.time
        for event in told
        if isinstance(event.data, say.ProductDeselected)
    }
    cycles = [event.data for event in told if isinstance(event.data, say.ProductSelected)]
    for event in told:
        data, day = event.data, calendar.day_of(event.time)
        if isinstance(data, say.OrderPlaced) and any(
            cycle.product == data.product
            and cycle.cycle_start <= day < cycle.cycle_end
            and event.time < gone.get(data.product, calendar.LATEST)
            for cycle in cycles
        ):
            yield data.order, (day.isoformat()[:7], data.distributor)


def moved_by_goods(told: list[Event]) -> Counter[str]:
    """By how much the months of `in_scope` change where goods stand for an order of none, or late.

    Goods that nobody ordered count as an order of their month; those that were ordered too late
    count instead of their order.
    """
    placed = {e.data.order: e.time for e in told if isinstance(e.data, say.OrderPlaced)}
    first: dict[str, datetime] = {}
    for event in told:
        data = event.data
        if isinstance(data, say.InvoiceIssued) or (
            isinstance(data, say.DeliveryReceived) and data.quantity_accepted > 0
        ):
            first[data.order] = min(event.time, first.get(data.order, calendar.LATEST))
    moved: Counter[str] = Counter()
    for order, came in first.items():
        ordered = placed.get(order)
        if ordered is None or ordered > came + TERMS.order_settles:
            moved[month_of(came)] += 1
            if ordered is not None:
                moved[month_of(ordered)] -= 1
    return moved


def shipped_by_others(told: list[Event], orders: dict[str, tuple[str, str]]) -> Counter[str]:
    """How many orders were shipped by another than their distributor, each month and other once."""
    shipments = {
        (data.order, data.distributor, month_of(event.time))
        for event in told
        if isinstance(data := event.data, say.ShipmentDispatched) and data.order in orders
    }
    return Counter(month for order, other, month in shipments if other != orders[order][1])


def month_of(at: datetime) -> str:
    return calendar.day_of(at).isoformat()[:7]


def judged_by(replay: Replay, rule: str, *, judged: bool = True) -> list[tuple[Any, ...]]:
    """Role, party, month, area and number of what a rule judged, or could not."""
    replay.violations()
    return sorted(
        (*key[1:5], number)
        for key, number in replay.weighed.items()
        if rule in key[5].split() and key[6] is judged
    )


def test_an_order_counts_for_the_distributor_in_the_month_in_which_it_was_placed() -> None:
    replay = replayed([*REGISTER, MARCH], "2022-12-31 00:00:00")
    assert judged_by(replay, "late-delivery") == [("distributor", "D1", "2022-04", "1401", 1)]
    assert judged_by(replay, "supply-refusal") == [("manufacturer", "M1", "2022-04", "1401", 1)]
    assert judged_by(replay, "off-platform") == [("hospital", "H1", "2022-04", "1401", 1)]


def test_what_a_rule_still_waits_for_is_not_judged_yet() -> None:
    replay = replayed([*REGISTER, MARCH], "2022-03-31 17:01:00+00:00")
    assert judged_by(replay, "late-delivery") == []
    assert judged_by(replay, "off-platform") == [("hospital", "H1", "2022-04", "1401", 1)]


def test_what_lacks_a_term_is_counted_apart() -> None:
    unknown = an_event("order.placed", "2022-03-31 17:00:00+00:00", agreement="nobody told it")
    replay = replayed([*REGISTER, unknown], "2022-12-31 00:00:00")
    assert judged_by(replay, "late-delivery") == []
    assert judged_by(replay, "late-delivery", judged=False) == [
        ("distributor", "D1", "2022-04", "1401", 1)
    ]


def test_a_manufacturer_that_delivers_itself_is_accused_as_what_it_is() -> None:
    own = an_event("order.placed", "2022-03-31 17:00:00+00:00", distributor="M1")
    replay = replayed([*REGISTER, own], "2022-12-31 00:00:00")
    assert judged_by(replay, "late-delivery") == [("manufacturer", "M1", "2022-04", "1401", 1)]


def test_who_ships_what_was_ordered_of_another_is_judged_in_the_months_of_its_shipments() -> None:
    shipped = [
        an_event("shipment.dispatched", at, shipment=f"S{n}", distributor=other)
        for n, (at, other) in enumerate(
            (
                ("2022-04-29 10:00:00", "D9"),
                ("2022-04-30 10:00:00", "D9"),
                ("2022-05-01 10:00:00", "D9"),
                ("2022-05-02 10:00:00", "D1"),
                ("2022-05-03 10:00:00", "M1"),
            )
        )
    ]
    replay = replayed([*REGISTER, MARCH, *shipped], "2022-12-31 00:00:00")
    assert judged_by(replay, "unappointed-distributor") == [
        ("distributor", "D1", "2022-04", "1401", 1),
        ("distributor", "D9", "2022-04", "1401", 1),
        ("distributor", "D9", "2022-05", "1401", 1),
        ("manufacturer", "M1", "2022-05", "1401", 1),
    ]
    assert judged_by(replay, "late-response") == [("distributor", "D1", "2022-04", "1401", 1)]
    (accused,) = [one for one in replay.found if one.rule == "unappointed-distributor"]
    assert (accused.distributor, accused.area) == ("D9", "1401")


def test_what_was_never_ordered_is_judged_of_nobody() -> None:
    replay = replayed(REGISTER, "2022-12-31 00:00:00")
    assert judged_by(replay, "late-delivery") == []
    assert judged_by(replay, "coverage-gap") == [("manufacturer", "M1", "", "1401", 1)]


def test_in_a_province_each_order_in_scope_is_judged_once_by_each_rule_on_orders() -> None:
    until = NOW - timedelta(hours=1)
    told = read(simulate(Plan(until=until, orders=150, hospitals=12, days=60)).events)
    # The pilot in Tianjin stands under another text, with other rules.
    told = [event for event in told if event.data.jurisdiction == "cn-sx"]
    replay = Replay(POLICIES, calendar.start_of((until + timedelta(days=400)).date()))
    for event in told:
        replay.tell(event)
    replay.violations()
    orders = dict(in_scope(told))
    placed = Counter(month for month, _ in orders.values())
    assert placed
    carried = POLICIES.carried("cn-sx")
    on_orders = [rule.name for rule in RULES if rule.unit == "order" and rule.name in carried]
    assert len(on_orders) >= 6
    for rule in on_orders:
        by_month: Counter[str] = Counter()
        for (_, _, _, month, _, rules, _), number in replay.weighed.items():
            by_month[month] += number if rule in rules.split() else 0
        moved = Counter[str]()
        if rule == "off-platform":
            moved = moved_by_goods(told)
        if rule == "unappointed-distributor":
            moved = shipped_by_others(told, orders)
            assert moved
        expected = {month: placed[month] + moved[month] for month in placed | moved}
        assert by_month == Counter(expected), rule
    by_party: Counter[tuple[str, str]] = Counter()
    for (_, _, party, month, _, rules, _), number in replay.weighed.items():
        if "late-delivery" in rules.split():
            by_party[month, party] += number
    assert by_party == Counter(orders.values())


def test_goods_that_tell_no_hospital_count_as_the_order_that_nobody_placed() -> None:
    goods = an_event("delivery.received", "2022-05-01 10:00:00")
    replay = replayed([*REGISTER, goods], "2022-12-31 00:00:00")
    assert judged_by(replay, "off-platform") == [("hospital", "", "2022-05", "", 1)]
    assert [found.area for found in replay.found if found.rule == "off-platform"] == [None]


def test_an_order_placed_too_late_counts_once_where_what_is_found_of_its_goods_lies() -> None:
    goods = an_event("delivery.received", "2022-04-30 10:00:00", hospital="H1")
    by_phone = {"order": "O1", "channel": "phone"}
    in_time = an_event("order.placed", "2022-05-03 10:00:00")
    too_late = an_event("order.placed", "2022-05-03 10:00:01")
    past_it = an_event("order.placed", "2022-05-03 10:00:01", **by_phone)
    as_the_order = ("hospital", "H1", "2022-05", "1401", 1)
    as_its_goods = ("hospital", "H1", "2022-04", "", 1)
    for placed, counted in (
        (in_time, [as_the_order]),
        (too_late, [as_its_goods]),
        (past_it, [as_its_goods, as_the_order]),
    ):
        replay = replayed([*REGISTER, goods, placed], "2022-12-31 00:00:00")
        assert judged_by(replay, "off-platform") == counted
        assert judged_by(replay, "late-response") == [("distributor", "D1", "2022-05", "1401", 1)]


def test_agreements_count_for_their_hospital_and_in_no_area_as_what_is_found_of_them_does() -> None:
    too_long = an_event("agreement.signed", agreement="A2", end="2023-06-01")
    replay = replayed([*REGISTER, too_long], "2022-12-31 00:00:00")
    assert judged_by(replay, "agreement-terms") == [("hospital", "H1", "", "", 2)]
    assert [found.area for found in replay.found if found.rule == "agreement-terms"] == [None]
    assert judged_by(replay, "renewal-date") == [
        ("authority", "", "", "", 1),
        ("hospital", "H1", "", "", 2),
    ]


def test_in_a_province_nothing_is_found_of_anybody_of_whom_nothing_was_judged() -> None:
    told = read(simulate(Plan(until=NOW, orders=120, hospitals=10, days=120)).events)
    replay = Replay(POLICIES, NOW)
    for event in told:
        replay.tell(event)
    found = Counter(_where(one) for one in replay.violations())
    judged: Counter[tuple[str, ...]] = Counter()
    for (where, role, party, _, area, rules, is_judged), number in replay.weighed.items():
        for rule in rules.split() if is_judged else ():
            judged[where, rule, role, party, area] += number
    assert len({rule for _, rule, *_ in found}) == len(RULES)
    assert {key for key in found if not judged[key]} == set()
    singly = {key for key in found if BY_NAME[key[1]].unit in {"order", "agreement"}}
    assert {key: judged[key] for key in singly if judged[key] < found[key]} == {}


def _where(found: Violation) -> tuple[str, ...]:
    about = About(found.product, found.area, found.hospital, found.manufacturer, found.distributor)
    return (
        found.jurisdiction,
        found.rule,
        *accused_of(BY_NAME[found.rule].accused, about),
        found.area or "",
    )

"""Of how many things rules said something: held against a count by hand."""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from services.compliance.findings.accused import accused_of
from services.compliance.findings.finding import About
from services.compliance.findings.violation import Violation
from services.compliance.judging.replay import Replay
from services.compliance.rules import RULES
from services.sources.province import Plan, simulate
from shared.domain import calendar
from shared.domain.cloudevents import Event
from tests.support.builders import POLICIES
from tests.support.events import an_event, instant
from tests.support.weighed_by_hand import (
    in_scope,
    month_of,
    moved_by_findings,
    moved_by_goods,
    shipped_by_others,
)
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


def judged_by(replay: Replay, rule: str, *, judged: bool = True) -> list[tuple[Any, ...]]:
    """Role, party, month, area and number of what a rule judged, or could not."""
    replay.violations()
    numbers: Counter[tuple[str, ...]] = Counter()
    for key, number in replay.weighed.items():
        if rule in key[5].split() and key[6] is judged:
            numbers[key[1:5]] += number
    return sorted((*where, number) for where, number in numbers.items() if number)


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


def test_what_is_found_in_another_month_has_its_order_count_there_as_often_as_it_is_found() -> None:
    orders = ("met", "late", "refused", "dear")
    placed = [an_event("order.placed", "2022-05-31 09:00:00", order=name) for name in orders]
    in_june = [
        an_event("delivery.received", "2022-06-01 08:00:00", order="met"),
        an_event("order.rejected", "2022-06-01 08:00:00", order="refused"),
        an_event("delivery.received", "2022-06-01 08:00:00", order="dear", receipt="R2"),
        an_event("invoice.issued", "2022-06-01 08:00:00", order="dear", unit_price="0.50"),
        an_event(
            "invoice.issued", "2022-06-02 08:00:00", order="dear", unit_price="0.50", invoice="I2"
        ),
    ]
    replay = replayed([*REGISTER, *placed, *in_june], "2022-12-31 00:00:00")
    distributor, manufacturer = ("distributor", "D1"), ("manufacturer", "M1")
    for rule, who, months in (
        ("late-delivery", distributor, {"2022-05": 3, "2022-06": 1}),
        ("supply-refusal", manufacturer, {"2022-05": 3, "2022-06": 1}),
        ("selected-price", manufacturer, {"2022-05": 3, "2022-06": 2}),
    ):
        counted = [(*who, month, "1401", number) for month, number in months.items()]
        assert judged_by(replay, rule) == counted, rule
        found = Counter(one.occurred_at[:7] for one in replay.found if one.rule == rule)
        assert found == {"2022-06": months["2022-06"]}, rule


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
    across = 0
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
        else:
            found = [one for one in replay.found if one.rule == rule and one.order in orders]
            moved.update(moved_by_findings(found, orders))
        expected = {month: placed[month] + moved[month] for month in placed | moved}
        assert by_month == Counter(expected), rule
        across += any(moved.values()) and rule not in {"off-platform", "unappointed-distributor"}
    assert across >= 2
    by_party: Counter[str] = Counter()
    for (_, _, party, _, _, rules, _), number in replay.weighed.items():
        if "late-delivery" in rules.split():
            by_party[party] += number
    assert by_party == Counter(distributor for _, distributor in orders.values())


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
    as_its_goods = ("hospital", "H1", "2022-05", "", 1)
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


def test_in_a_province_no_more_is_found_of_a_party_in_a_month_than_was_judged() -> None:
    told = read(simulate(Plan(until=NOW, orders=300, hospitals=12, days=120)).events)
    replay = Replay(POLICIES, NOW)
    for event in told:
        replay.tell(event)
    found = Counter((*_where(one)[:4], month_of(one)) for one in replay.violations())
    judged: Counter[tuple[str, ...]] = Counter()
    for (where, role, party, month, _, rules, is_judged), number in replay.weighed.items():
        for rule in rules.split() if is_judged else ():
            judged[where, rule, role, party, month] += number
    of_how_many = {key: judged[key] + judged[*key[:4], ""] for key in found}
    assert {key: n for key, n in of_how_many.items() if n < found[key]} == {}
    assert min(judged.values()) >= 0


def _where(found: Violation) -> tuple[str, ...]:
    about = About(found.product, found.area, found.hospital, found.manufacturer, found.distributor)
    return (
        found.jurisdiction,
        found.rule,
        *accused_of(BY_NAME[found.rule].accused, about),
        found.area or "",
    )

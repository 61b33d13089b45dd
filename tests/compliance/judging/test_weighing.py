"""Of how many things rules said something: held against a count by hand."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from services.compliance.judging.replay import Replay
from services.compliance.rules import RULES
from services.sources.province import Plan, simulate
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
        assert by_month == placed, rule
    by_party: Counter[tuple[str, str]] = Counter()
    for (_, _, party, month, _, rules, _), number in replay.weighed.items():
        if "late-delivery" in rules.split():
            by_party[month, party] += number
    assert by_party == Counter(orders.values())

from datetime import date
from random import Random
from typing import Any

import msgspec
import pytest

from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from tests.support.builders import tell
from tests.support.events import an_event, instant

NOW = instant("2022-04-01 00:00:00")


def an_order(*events: Event, **placed: Any) -> Order:
    """An order placed on 1 March at 9, with what else is told of it."""
    order = Order()
    tell(order, an_event("order.placed", "2022-03-01 09:00:00", **placed), *events)
    return order


def a_receipt(at: str, accepted: int, receipt: str = "R1", **more: Any) -> Event:
    return an_event("delivery.received", at, quantity_accepted=accepted, receipt=receipt, **more)


def everything() -> list[Event]:
    """Each kind of fact twice, corrected and repeated."""
    kinds = ("accepted", "rejected", "cancelled", "placed")
    events = [
        an_event(f"order.{kind}", f"2022-03-0{day} 09:00:00") for kind in kinds for day in (1, 2)
    ]
    for kind in ("shipment.dispatched", "delivery.received", "goods.returned", "invoice.issued"):
        events += [an_event(kind, f"2022-03-0{day} 09:00:00") for day in (3, 4)]
    return [*events, a_receipt("2022-03-05 09:00:00", 5, "R2")]


def test_facts_in_any_order_and_number_make_the_same_order() -> None:
    events = everything()
    made = set()
    for seed in range(20):
        order = Order()
        tell(order, *Random(seed).sample(events * 2, len(events) * 2))
        made.add(canonical(order))
    assert len(made) == 1


def canonical(order: Order) -> bytes:
    """An order as bytes, its maps sorted."""
    return msgspec.json.encode(order, order="sorted")


def test_an_order_survives_its_encoding() -> None:
    order = an_order(*everything())
    stored = msgspec.msgpack.encode(order)
    assert msgspec.msgpack.decode(stored, type=Order) == order


def test_the_first_placing_holds_and_all_rejections_are_kept_in_order() -> None:
    order = an_order(
        an_event("order.placed", "2022-03-02 09:00:00", quantity=7),
        an_event("order.rejected", "2022-03-03 09:00:00", reason="price"),
        an_event("order.rejected", "2022-03-02 09:00:00", reason="other"),
    )
    assert order.placed is not None
    assert order.placed.quantity == 100
    assert [rejection.reason for rejection in order.rejections] == ["other", "price"]
    assert order.rejected_at == instant("2022-03-02 09:00:00")


def test_a_note_that_covers_two_orders_is_a_receipt_of_each() -> None:
    order = an_order(a_receipt("2022-03-02 09:00:00", 5), a_receipt("2022-03-03 09:00:00", 6, "R2"))
    assert order.arrived_by(NOW) == 11


def test_cancelled_or_rejected_at_an_instant_is_by_that_instant() -> None:
    order = an_order(
        an_event("order.cancelled", "2022-03-02 09:00:00"),
        an_event("order.rejected", "2022-03-02 09:00:00"),
    )
    at, before = instant("2022-03-02 09:00:00"), instant("2022-03-02 08:59:59")
    assert order.cancelled_by(at)
    assert order.rejected_by(at)
    assert not order.cancelled_by(before)
    assert not order.rejected_by(before)


def test_what_lies_ahead_has_not_happened() -> None:
    order = an_order(
        an_event("order.accepted", "2022-03-02 09:00:00"),
        an_event("order.rejected", "2022-03-03 09:00:00"),
        an_event("order.cancelled", "2022-03-04 09:00:00"),
        an_event("shipment.dispatched", "2022-03-05 09:00:00"),
        a_receipt("2022-03-06 09:00:00", 5),
        an_event("goods.returned", "2022-03-07 09:00:00"),
        an_event("invoice.issued", "2022-03-08 09:00:00"),
    )
    for day in range(1, 9):
        known = order.as_of(instant(f"2022-03-0{day} 09:00:00"))
        assert len(list(known.facts())) == day
    assert order.as_of(instant("2022-02-28 09:00:00")).placed is None
    assert order.as_of(NOW) is order


def test_the_next_instant_is_that_of_the_next_fact_or_arrival_ahead() -> None:
    order = an_order(
        a_receipt("2022-03-02 09:00:00", 5, arrived_at=instant("2022-03-05 09:00:00")),
        an_event("order.cancelled", "2022-03-03 09:00:00"),
    )
    assert order.next_instant(instant("2022-03-02 09:00:00")) == instant("2022-03-03 09:00:00")
    assert order.next_instant(instant("2022-03-03 09:00:00")) == instant("2022-03-05 09:00:00")
    assert order.next_instant(instant("2022-03-05 09:00:00")) is None


@pytest.mark.parametrize(
    ("now", "answered"),
    [
        ("2022-03-02 08:59:59", None),
        ("2022-03-02 09:00:00", "2022-03-02 09:00:00"),
        ("2022-04-01 00:00:00", "2022-03-02 09:00:00"),
    ],
)
def test_goods_answer_once_they_are_there(now: str, answered: str | None) -> None:
    at = instant("2022-03-02 09:00:00")
    order = an_order(a_receipt("2022-03-01 12:00:00", 0, arrived_at=at))
    answer = order.answer(instant(now))
    assert (answer and answer.at) == (answered and instant(answered))


def test_of_answers_at_one_instant_the_first_in_the_order_of_tellings_is_shown() -> None:
    sent = [an_event("shipment.dispatched", "2022-03-02 09:00:00", shipment=name) for name in "abc"]
    for events in (sent, sent[::-1]):
        answer = an_order(*events).answer(NOW)
        assert answer is not None
        assert answer.fact.telling.id == sent[0].id


def test_an_order_is_complete_at_the_arrival_that_fills_it() -> None:
    order = an_order(
        a_receipt("2022-03-04 09:00:00", 40, "R2", arrived_at=instant("2022-03-02 09:00:00")),
        a_receipt("2022-03-03 09:00:00", 60),
        an_event("goods.returned", "2022-03-03 10:00:00", quantity=60),
    )
    assert order.completed_at(NOW) == instant("2022-03-03 09:00:00")
    assert order.completed_at(instant("2022-03-03 08:59:59")) is None
    assert order.arrived_by(instant("2022-03-02 09:00:00")) == 40


def test_a_receipt_of_nothing_arrives_but_is_no_acceptance() -> None:
    order = an_order(a_receipt("2022-03-02 09:00:00", 0), a_receipt("2022-03-04 09:00:00", 1, "R2"))
    assert order.arrived_at(NOW) == instant("2022-03-02 09:00:00")
    assert order.first_acceptance(NOW) == instant("2022-03-04 09:00:00")


def test_receipts_of_one_arrival_are_shown_in_the_order_of_tellings() -> None:
    at = instant("2022-03-02 09:00:00")
    told = [a_receipt("2022-03-03 09:00:00", 1, name, arrived_at=at) for name in "abc"]
    for events in (told, told[::-1]):
        shown = [fact.telling.id for fact in an_order(*events).received_in_order()]
        assert shown == [event.id for event in told]


def test_quantities_count_on_the_shanghai_day_of_acceptance_or_return() -> None:
    order = an_order(
        a_receipt("2022-03-02 00:00:00", 60, arrived_at=instant("2022-03-01 12:00:00")),
        a_receipt("2022-03-02 23:59:59", 40, "R2"),
        a_receipt("2022-03-05 09:00:00", 5, "R3"),
        an_event("goods.returned", "2022-03-04 00:00:00", quantity=30),
        an_event("goods.returned", "2022-03-05 10:00:00", quantity=5, return_="B2"),
    )
    days = {date.fromordinal(day): sum_ for day, sum_ in order.accepted_by_day().items()}
    assert days == {date(2022, 3, 2): 100, date(2022, 3, 4): -30}


def test_a_deadline_that_is_a_date_is_the_first_instant_of_the_next_day() -> None:
    placed = an_order(deliver_by=date(2022, 3, 5)).placed
    assert placed is not None
    assert placed.deliver_by == instant("2022-03-06 00:00:00")


def test_the_end_is_the_earliest_that_is_known() -> None:
    order = an_order(an_event("order.cancelled", "2022-03-05 09:00:00"))
    early = instant("2022-03-04 09:00:00")
    assert order.ended_at(None, early) == early
    assert order.ended_at(None) == instant("2022-03-05 09:00:00")
    assert an_order().ended_at(None) is None


def test_the_first_shipment_that_left_counts() -> None:
    sent = [
        an_event("shipment.dispatched", f"2022-03-0{day} 09:00:00", shipment=f"S{day}")
        for day in (4, 3, 5)
    ]
    assert an_order(*sent).shipped_at == instant("2022-03-03 09:00:00")
    assert an_order().shipped_at is None


def test_what_the_second_half_of_the_rules_asks_of_each_fact_is_kept() -> None:
    order = an_order(
        an_event("shipment.dispatched", "2022-03-02 09:00:00", distributor="D2"),
        a_receipt("2022-03-03 09:00:00", 90, quantity_rejected=10, rejection_reason="质量"),
        a_receipt("2022-03-03 09:00:00", 1, "R2", rejection_reason="nothing was", hospital="H9"),
        an_event("goods.returned", "2022-03-04 09:00:00", receipt="R1"),
        an_event("invoice.issued", "2022-03-05 09:00:00", receipt="R2", hospital="H9"),
        channel="phone",
    )
    assert order.placed is not None
    assert order.placed.channel == "phone"
    assert order.shipments["S1"].distributor == "D2"
    first, second = order.receipts["R1"], order.receipts["R2"]
    assert (first.rejected, first.reason, first.product, first.hospital) == (10, "质量", "P1", None)
    assert (second.rejected, second.reason, second.hospital) == (0, None, "H9")
    assert order.returns["B1"].receipt == "R1"
    invoice = order.invoices["I1"]
    assert (invoice.receipt, invoice.product, invoice.hospital) == ("R2", "P1", "H9")

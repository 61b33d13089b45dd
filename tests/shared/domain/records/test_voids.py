from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain import topics
from shared.domain.cloudevents import Event
from shared.domain.records.order import Order
from shared.domain.records.telling import stored
from shared.domain.records.voids import TAKES_BACK, TOLD_AT_MOST, Voids, take_back
from tests.support.events import an_event, heard, instant, said
from tests.support.oracle.voids import VOIDS

NOW = instant("2022-04-01 00:00:00")
PLATFORM, MAKER, OTHER = "/platforms/cn-sx", "/manufacturers/M1", "/distributors/D2"
THINGS = {
    "order.placed": None,
    "order.accepted": None,
    "order.cancelled": None,
    "order.rejected": None,
    "shipment.dispatched": "shipment",
    "delivery.received": "receipt",
    "goods.returned": "return_",
    "invoice.issued": "invoice",
}


def told(kind: str, at: str, source: str, id_: str, **changed: Any) -> Event:
    return heard(said(kind, at, **changed) | {"source": source, "id": id_})


def kept(*events: Event) -> Order:
    """The record of an order that is stored and loaded between any two events."""
    order = Order()
    for event in events:
        order.merge(stored(event), event.data)
        order = msgspec.msgpack.decode(msgspec.msgpack.encode(order), type=Order)
    return order


def standing(order: Order, now: datetime = NOW) -> bytes:
    """What stands of an order, as bytes: all facts as they hold, and all contradictions."""
    known = order.without_voided(now)
    single = [known.placed, known.accepted, known.cancelled]
    several = [known.shipments, known.receipts, known.returns, known.invoices]
    what = [*single, known.rejections, *several, list(known.contradictions())]
    return msgspec.json.encode(what, order="sorted")


def a_void(source: str = PLATFORM, **changed: Any) -> Event:
    return told("order.voided", "2022-03-10 09:00:00", source, "v1", **{"event": "e1", **changed})


@pytest.mark.parametrize(
    ("void", "event_source"), [(MAKER, None), (MAKER, MAKER), (PLATFORM, MAKER)]
)
def test_its_own_source_and_the_platform_take_an_event_back(
    void: str, event_source: str | None
) -> None:
    accepted = told("order.accepted", "2022-03-02 09:00:00", MAKER, "e1")
    order = kept(accepted, a_void(void, event_source=event_source))
    assert order.without_voided(NOW).accepted is None


@pytest.mark.parametrize(
    ("void", "event_source"),
    [(PLATFORM, None), (OTHER, MAKER), (MAKER, OTHER), ("/platforms/cn-tj", MAKER)],
)
def test_nobody_else_takes_it_back_nor_what_another_told(
    void: str, event_source: str | None
) -> None:
    accepted = told("order.accepted", "2022-03-02 09:00:00", MAKER, "e1")
    order = kept(accepted, a_void(void, event_source=event_source))
    assert order.without_voided(NOW).accepted is not None


def test_a_void_takes_back_the_kinds_that_are_named_for_it_and_no_others() -> None:
    known = {
        f"vbp.{void}.v1": {f"vbp.{kind}.v1" for kind in kinds} for void, (_, kinds) in VOIDS.items()
    }
    types = {data: kind for kind, data in topics.DATA_OF.items()}
    ours = {types[void]: {types[kind] for kind in kinds} for void, kinds in TAKES_BACK.items()}
    assert ours == known
    shipped = told("shipment.dispatched", "2022-03-02 09:00:00", PLATFORM, "e1")
    assert kept(shipped, a_void()).without_voided(NOW).shipments


def test_a_void_holds_from_its_time_on() -> None:
    order = kept(told("order.accepted", "2022-03-02 09:00:00", PLATFORM, "e1"), a_void())
    at = instant("2022-03-10 09:00:00")
    assert order.without_voided(at).accepted is None
    before = instant("2022-03-10 08:59:59")
    assert order.without_voided(before).accepted is not None
    assert order.voids is not None
    assert order.voids.next_instant(before) == at
    assert order.voids.next_instant(at) is None


def test_of_several_voids_of_one_event_the_first_counts() -> None:
    late, early = a_void(), told("order.voided", "2022-03-05 09:00:00", PLATFORM, "v2", event="e1")
    accepted = told("order.accepted", "2022-03-02 09:00:00", PLATFORM, "e1")
    for voids in ((late, early), (early, late)):
        order = kept(*voids, accepted)
        assert order.voids is not None
        (by,) = order.voids.in_effect(order.tellings(), NOW)
        assert by.telling.id == "v2"
        assert order.without_voided(instant("2022-03-05 09:00:00")).accepted is None


def test_what_names_nothing_that_was_told_has_no_effect() -> None:
    order = kept(told("order.accepted", "2022-03-02 09:00:00", PLATFORM, "e2"), a_void())
    assert order.voids is not None
    assert order.voids.in_effect(order.tellings(), NOW) == ()


def test_the_next_telling_holds_in_place_of_one_taken_back() -> None:
    first, second, third = (
        told("order.placed", f"2022-03-0{day} 09:00:00", PLATFORM, f"e{day}", quantity=day)
        for day in (1, 2, 3)
    )
    order = kept(third, first, second, a_void()).without_voided(NOW)
    assert order.placed is not None
    assert order.placed.quantity == 2
    again = told("order.voided", "2022-03-11 09:00:00", PLATFORM, "v2", event="e2")
    order = kept(a_void(), again, third, second, first).without_voided(NOW)
    assert order.placed is not None
    assert order.placed.quantity == 3


def test_the_tellings_of_one_thing_that_are_kept_are_few() -> None:
    placed = [
        told("order.placed", f"2022-03-01 09:{number:02}:00", PLATFORM, f"e{number}")
        for number in range(TOLD_AT_MOST + 9)
    ]
    forwards, backwards = kept(*placed), kept(*reversed(placed))
    assert len(forwards.placings()) == TOLD_AT_MOST + 1
    assert msgspec.json.encode(forwards) == msgspec.json.encode(backwards)


def test_an_order_of_which_nothing_was_voided_is_itself() -> None:
    order = kept(told("order.placed", "2022-03-01 09:00:00", PLATFORM, "e1"))
    assert order.without_voided(NOW) is order


@st.composite
def stories(draw: st.DrawFn) -> list[Event]:
    """Tellings of a few things of one order, and voids that may name them."""
    events = []
    for _ in range(draw(st.integers(1, 9))):
        at = f"2022-03-0{draw(st.integers(1, 3))} 09:00:00"
        source, id_ = draw(st.sampled_from([PLATFORM, MAKER])), draw(st.sampled_from("abc"))
        changed: dict[str, Any] = {"product": draw(st.sampled_from(["P1", "P1", "P2"]))}
        if draw(st.integers(0, 2)) == 0:
            kind = draw(st.sampled_from(["order.voided", "delivery.voided"]))
            changed["event"] = draw(st.sampled_from("abc"))
            changed["event_source"] = draw(st.sampled_from([None, PLATFORM, MAKER]))
        else:
            kind = draw(st.sampled_from(sorted(THINGS)))
            if (name := THINGS[kind]) is not None:
                changed[name] = draw(st.sampled_from(["1", "2"]))
            if kind == "order.placed":
                changed["quantity"] = draw(st.integers(1, 2))
        events.append(told(kind, at, source, id_, **changed))
    return events


def takes_back(void: Event, event: Event) -> bool:
    """Whether a void of the order takes an event of the order back, by the text."""
    data: Any = void.data
    meant = void.source if data.event_source is None else data.event_source
    return (
        type(event.data) in TAKES_BACK.get(type(data), ())
        and (event.source, event.id) == (meant, data.event)
        and void.source in (meant, PLATFORM)
    )


@given(stories(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_what_is_taken_back_counts_as_never_told_in_whatever_order_and_however_often(
    events: list[Event], chance: Any, day: int
) -> None:
    now = instant(f"2022-03-0{day} 08:00:00")
    voids = [one for one in events if type(one.data) in TAKES_BACK and one.time <= now]
    never = [one for one in events if any(takes_back(void, one) for void in voids)]
    expected = kept(
        *(one for one in events if one not in never and type(one.data) not in TAKES_BACK)
    )
    shuffled = [*events, *chance.sample(events, chance.randrange(len(events)))]
    chance.shuffle(shuffled)
    assert standing(kept(*shuffled), now) == standing(expected)


def test_a_void_survives_its_encoding() -> None:
    event = a_void()
    voids = take_back(None, stored(event), event.data)  # type: ignore[arg-type]
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(voids), type=Voids) == voids


def test_an_event_told_by_a_void_is_about_its_order() -> None:
    placed = an_event("order.placed", "2022-03-01 09:00:00")
    void = an_event("order.voided", "2022-03-02 09:00:00", event=placed.id)
    assert kept(void, placed).without_voided(NOW).placed is None

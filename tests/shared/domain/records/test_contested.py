from collections.abc import Iterable
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.cloudevents import Event
from shared.domain.records.contested import RIVALS_AT_MOST
from shared.domain.records.order import Order
from shared.domain.records.telling import stored
from tests.support.events import an_event, heard, said

THINGS = {
    "order.placed": None,
    "order.accepted": None,
    "order.cancelled": None,
    "order.rejected": None,
    "shipment.dispatched": "shipment",
    "delivery.received": "receipt",
    "goods.returned": "return",
    "invoice.issued": "invoice",
}
COUNTED = {"delivery.received": "quantity_accepted"}
"""The field in which contents may differ, where it is not `quantity`."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Order).decode


def kept(events: Iterable[Event]) -> Order:
    """The record of an order that is stored and loaded between any two events."""
    order = Order()
    for event in events:
        order.merge(stored(event), event.data)
        order = _decode(_encode(order))
    return order


def seen(order: Order) -> list[tuple[str, str, str, str]]:
    """The contradictions of an order: kind, thing, whose id says what, whose holds."""
    found: list[tuple[str, str, str, str]]
    found = [(one.kind, one.thing, one.id, one.holds_id) for one in order.contradictions()]
    assert found == sorted(found, key=lambda one: (one[0] != "told-otherwise", one[1]))
    return found


@st.composite
def tellings(draw: st.DrawFn) -> list[Event]:
    """Tellings of a few things of one order, many of them twice, some differently."""
    told = []
    for _ in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(sorted(THINGS)))
        changed: dict[str, Any] = {"product": draw(st.sampled_from(["P1", "P1", "P2"]))}
        if (name := THINGS[kind]) is not None:
            changed[name] = draw(st.sampled_from(["1", "2"]))
        if kind == "order.placed" or name is not None:
            changed[COUNTED.get(kind, "quantity")] = draw(st.integers(1, 2))
        at = f"2022-03-0{draw(st.integers(1, 3))} 09:00:00"
        event = said(kind, at, **{f"{key}_": value for key, value in changed.items()})
        event["id"] = draw(st.sampled_from("abc"))
        told.append(heard(event))
    return told


def expected(told: list[Event]) -> list[tuple[str, str, str, str]]:
    """The contradictions counted from all tellings at once."""
    things: dict[str, list[Event]] = {}
    for event in told:
        kind = event.type.removeprefix("vbp.").removesuffix(".v1")
        if kind == "order.rejected":
            name: str | None = stored(event).digest.hex()
        else:
            field = THINGS[kind]
            name = None if field is None else msgspec.json.decode(event.raw)[field]
        things.setdefault(event.type if name is None else f"{event.type} {name}", []).append(event)
    found, placed = [], None
    holding: dict[str, Event] = {}
    for thing, events in sorted(things.items()):
        events.sort(key=lambda event: stored(event).order_key)
        holding[thing] = holds = events[0]
        first: dict[bytes, Event] = {}
        for event in events:
            first.setdefault(stored(event).digest, event)
        rivals = [event for digest, event in first.items() if digest != stored(holds).digest]
        found += [("told-otherwise", thing, event.id, holds.id) for event in rivals]
        if thing == "vbp.order.placed.v1":
            placed = holds
    for thing, holds in sorted(holding.items()):
        if placed is not None and holds.data.product != placed.data.product:  # type: ignore[attr-defined]
            found.append(("other-product", thing, holds.id, placed.id))
    return found


@given(tellings(), st.randoms(use_true_random=False))
def test_contradictions_are_the_same_in_whatever_order_events_arrive_and_however_often(
    told: list[Event], chance: Any
) -> None:
    wanted = expected(told)
    shuffled = [*told, *chance.sample(told, chance.randrange(len(told)))]
    chance.shuffle(shuffled)
    assert seen(kept(told)) == seen(kept(shuffled)) == wanted
    order = kept(shuffled)
    assert order.placed is None or (order.contested is None) == (not wanted)


def test_the_same_contents_from_two_publishers_are_no_contradiction() -> None:
    one, other = (
        an_event("delivery.received", f"2022-03-0{day} 09:00:00", receipt="R1") for day in (2, 3)
    )
    order = kept([an_event("order.placed", "2022-03-01 09:00:00"), one, other])
    assert seen(order) == []
    assert order.contested is None


def test_a_sender_that_never_stops_to_contradict_itself_does_not_grow_the_record() -> None:
    placed = [
        an_event("order.placed", f"2022-03-01 09:{number:02}:00", quantity=number + 1)
        for number in range(30)
    ]
    forwards, backwards = kept(placed), kept(reversed(placed))
    assert len(seen(forwards)) == RIVALS_AT_MOST
    assert seen(forwards) == seen(backwards)
    assert [one[2] for one in seen(forwards)] == [event.id for event in placed[1:9]]

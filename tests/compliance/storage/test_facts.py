from random import Random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.compliance.storage.facts import Batch, Letter, apart, headers_of
from services.compliance.storage.positions import Span
from shared.domain import cloudevents
from shared.domain.cloudevents import Event
from shared.domain.errors import UnstorableError
from tests.support.events import an_event

REFUSED = UnstorableError("no such \0 value")
PLACED = an_event("order.placed", "2022-03-01 09:00:00")


def a_batch(chance: Random) -> Batch:
    """A batch of some partitions, with holes in the offsets and dead letters between."""
    batch = Batch([], [], [])
    for partition in range(chance.randint(1, 4)):
        first = chance.randint(0, 100)
        at = first
        for _ in range(chance.randint(0, 12)):
            at += chance.choice((0, 0, 3))
            if chance.random() < 0.3:
                letter = (PLACED.told, "event", "event: bad", None, b"", b"\x90")
                batch.letters.append(Letter("vbp.orders.v1", partition, at, *letter))
            else:
                placed = msgspec.structs.replace(PLACED, partition=partition, offset=at)
                batch.events.append(placed)
            at += 1
        batch.spans.append(Span("vbp.orders.v1", partition, 1, first, at + chance.randint(0, 3)))
    return batch


def write(batch: Batch, bad: set[Event], written: list[Batch]) -> None:
    """Write a batch as the worker does, to where some events are refused."""
    if bad.isdisjoint(batch.events):
        written.append(batch)
        return
    for part in apart(batch, REFUSED):
        write(part, bad, written)


@given(st.integers(0, 10_000))
def test_all_is_written_in_order_but_the_events_that_cannot_be(seed: int) -> None:
    chance = Random(seed)
    batch = a_batch(chance)
    bad = {event for event in batch.events if chance.random() < 0.2}
    written: list[Batch] = []
    write(batch, bad, written)

    events = [event for part in written for event in part.events]
    assert events == [event for event in batch.events if event not in bad]
    letters = [letter for part in written for letter in part.letters]
    assert len(letters) == len(batch.letters) + len(bad)
    for span in batch.spans:
        at = span.first
        for part in written:
            for piece in part.spans:
                if piece[:2] == span[:2]:
                    assert piece.first == at
                    at = piece.next
        assert at == span.next


def test_an_event_that_cannot_be_written_is_kept_as_a_dead_letter() -> None:
    event = msgspec.structs.replace(PLACED, partition=3, offset=7)
    (part,) = apart(Batch([Span("vbp.orders.v1", 3, 1, 7, 8)], [event], []), REFUSED)
    (letter,) = part.letters
    assert (letter.topic, letter.partition, letter.offset) == ("vbp.orders.v1", 3, 7)
    assert letter.reason.startswith("event: cannot be stored (no such � value)")
    assert (letter.key, letter.value) == (event.key, event.raw)
    assert headers_of(letter.headers) == cloudevents.headers_of(event)


def test_where_no_event_is_at_fault_the_error_stands() -> None:
    with pytest.raises(UnstorableError):
        apart(Batch([Span("vbp.orders.v1", 3, 1, 7, 8)], [], []), REFUSED)

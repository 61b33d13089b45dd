from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.compliance.storage.facts import Batch, headers_of
from services.compliance.storage.positions import Span
from services.compliance.worker.intake import RUN, SHARE, WINDOW, Intake, Limit
from shared.domain import cloudevents
from shared.domain.cloudevents import Event, Headers
from shared.domain.errors import TooManyInvalidError
from tests.support.events import an_event

NOW = datetime(2022, 3, 1, 2, 0, tzinfo=UTC)
ORDERS = "vbp.orders.v1"
PLACED = "2022-03-01 09:30:00"
SPANS = [Span(ORDERS, 3, 1, 14, 20)]


@dataclass
class Record:
    """A message as aiokafka gives it, without what nobody reads."""

    value: bytes | None
    headers: Headers
    offset: int = 14
    key: bytes | None = b"cn-sx/P1"
    topic: str = ORDERS
    partition: int = 3
    timestamp: int = int(NOW.timestamp() * 1000)
    checksum: str | None = None


def a_record(event: Event, **changed: Any) -> Record:
    return Record(event.raw, cloudevents.headers_of(event), **changed)


def read(*records: Record, now: datetime = NOW, limit: Limit | None = None) -> Batch:
    intake = Intake(frozenset({"cn-sx", "cn-tj"}), limit or Limit())
    return intake.read(SPANS, records, now)


def alternating(limit: Limit, invalid: int) -> None:
    """Count so many invalid inputs, none of them beside another: two inputs for each."""
    for _ in range(invalid):
        limit.invalid()
        limit.valid(1)


def test_a_thousand_invalid_ones_in_a_row_stop_the_worker() -> None:
    limit = Limit()
    limit.valid(1_000_000)
    for _ in range(RUN - 1):
        limit.invalid()
    with pytest.raises(TooManyInvalidError, match=r"1000 in a row.*--accept-dead-letters N"):
        limit.invalid()


def test_one_valid_input_ends_a_row() -> None:
    limit = Limit()
    for _ in range(RUN - 1):
        limit.invalid()
    limit.valid(1)
    limit.invalid()


def test_counting_no_valid_input_ends_no_row() -> None:
    limit = Limit()
    for _ in range(RUN - 1):
        limit.invalid()
    limit.valid(0)
    with pytest.raises(TooManyInvalidError):
        limit.invalid()


def test_a_tenth_of_the_window_may_be_invalid_and_no_more() -> None:
    limit = Limit()
    alternating(limit, SHARE)
    limit.valid(WINDOW - 2 * SHARE - 1)
    with pytest.raises(TooManyInvalidError, match="1001 of the last 10000 messages"):
        limit.invalid()


def test_what_lies_behind_the_window_is_forgotten() -> None:
    limit = Limit()
    alternating(limit, SHARE)
    limit.valid(WINDOW - 2 * SHARE)
    # Each input from here on pushes one out of the window, of which every second was invalid.
    alternating(limit, SHARE)
    with pytest.raises(TooManyInvalidError):
        alternating(limit, SHARE)


def test_a_tenth_that_is_invalid_for_ever_stops_nobody() -> None:
    limit = Limit()
    for _ in range(3 * SHARE):
        limit.invalid()
        limit.valid(9)


def test_accepted_ones_pass_and_what_comes_after_them_is_counted() -> None:
    limit = Limit(accepted=5)
    for _ in range(5 + RUN - 1):
        limit.invalid()
    with pytest.raises(TooManyInvalidError):
        limit.invalid()


def test_records_become_events_that_know_their_place() -> None:
    told = an_event("order.placed", PLACED)
    batch = read(a_record(told, offset=17))
    (event,) = batch.events
    assert (event.id, event.data, event.raw) == (told.id, told.data, told.raw)
    assert (event.partition, event.offset, event.told) == (3, 17, NOW)
    assert (batch.spans, batch.letters) == (SPANS, [])


def test_what_cannot_be_taken_is_kept_byte_for_byte_and_its_neighbours_are_taken() -> None:
    good = an_event("order.placed", PLACED)
    headers = [("ce_type", b"vbp.order.placed.v1"), ("ce_id", b"\xff\0"), ("ce_id", b"")]
    bad = Record(b"\xff\0{", headers, 15, key=b"\0\xfe")

    batch = read(a_record(good), bad, a_record(good, offset=16))

    assert [event.offset for event in batch.events] == [14, 16]
    (letter,) = batch.letters
    assert (letter.topic, letter.partition, letter.offset, letter.told) == (ORDERS, 3, 15, NOW)
    assert (letter.key, letter.value) == (b"\0\xfe", b"\xff\0{")
    assert headers_of(letter.headers) == headers


def test_a_message_without_key_value_and_headers_is_a_letter_too() -> None:
    (letter,) = read(Record(None, [], key=None)).letters
    assert (letter.key, letter.value, headers_of(letter.headers)) == (None, None, [])
    assert (letter.field, letter.reason) == (
        "value",
        "value: is empty. Send the event's data as JSON",
    )


def test_a_reason_never_holds_the_character_that_postgresql_refuses() -> None:
    event = an_event("order.placed", PLACED)
    headers = [*cloudevents.headers_of(event), ("ce_type", b"vbp.\0")]
    (letter,) = read(Record(event.raw, headers)).letters
    assert letter.field == "ce_type"
    assert "\0" not in letter.reason
    assert headers_of(letter.headers)[-1] == ("ce_type", b"vbp.\0")


@pytest.mark.parametrize(
    ("record", "field", "remedy"),
    [
        (
            a_record(an_event("order.placed", PLACED), topic="vbp.delivery.v1"),
            "type",
            "Publish it on vbp.orders.v1",
        ),
        (
            a_record(an_event("order.placed", PLACED, jurisdiction="cn-xx")),
            "data.jurisdiction",
            "Send one of: cn-sx, cn-tj",
        ),
        (
            a_record(an_event("order.placed", NOW + timedelta(days=1, microseconds=1))),
            "time",
            "check the sender's clock",
        ),
    ],
    ids=["another topic", "a jurisdiction without a policy", "a time far ahead"],
)
def test_a_refusal_names_the_field_and_the_remedy(record: Record, field: str, remedy: str) -> None:
    batch = read(record)
    (letter,) = batch.letters
    assert batch.events == []
    assert letter.field == field
    assert remedy in letter.reason


def test_a_time_may_lie_a_day_ahead_of_the_clock() -> None:
    ahead = a_record(an_event("order.placed", NOW + timedelta(days=1)))
    assert read(ahead).letters == []
    assert len(read(ahead, now=NOW - timedelta(seconds=1)).letters) == 1


def test_an_event_between_bad_ones_ends_their_row() -> None:
    bad, good = Record(b"{", []), a_record(an_event("order.placed", PLACED))
    batch = read(*[bad] * (RUN - 400), good, *[bad] * 400)
    assert (len(batch.events), len(batch.letters)) == (1, RUN)
    with pytest.raises(TooManyInvalidError, match="1000 in a row"):
        read(good, *[bad] * RUN)


def test_a_row_goes_on_from_batch_to_batch() -> None:
    bad, good = Record(b"{", []), a_record(an_event("order.placed", PLACED))
    limit = Limit()
    read(good, *[bad] * (RUN - 1), limit=limit)
    with pytest.raises(TooManyInvalidError, match="1000 in a row"):
        read(bad, limit=limit)

    limit = Limit()
    read(*[bad] * (RUN - 1), good, limit=limit)
    read(bad, limit=limit)

import gzip
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from hypothesis import given
from hypothesis import strategies as st

from shared.adapters.records import ROOM, UNPACKED_AT_MOST, UNREAD_KEPT_EACH, Records
from tests.support.raw_batches import CODECS, PACK, Message, a_batch, framed

PLACE = TopicPartition("orders", 3)
SOME = st.none() | st.binary(max_size=40)
MESSAGES = st.lists(
    st.builds(
        Message,
        SOME,
        SOME,
        st.lists(st.tuples(st.binary(max_size=12), SOME), max_size=4),
        st.integers(-(2**61), 2**61),
    ),
    min_size=1,
    max_size=6,
)


@pytest.fixture(autouse=True)
def room() -> Iterator[None]:
    Records.room = ROOM
    yield
    Records.room = ROOM


def fetched(*batches: bytes) -> PartitionRecords:
    """What aiokafka makes of a fetch."""
    records = Records(b"".join(batches))
    assert records.has_next()
    checked = {"check_crcs": True, "isolation_level": READ_COMMITTED}
    return PartitionRecords(PLACE, records, None, 0, None, None, **checked)


def read(*batches: bytes) -> list[Any]:
    return list(fetched(*batches))


@given(MESSAGES, st.sampled_from(sorted(CODECS)))
def test_whatever_a_record_holds_comes_out(messages: list[Message], codec: str) -> None:
    Records.room = ROOM
    found = read(a_batch(messages, codec, base=5))
    assert [(one.offset, one.timestamp, one.key, one.value) for one in found] == [
        (5 + number, message.timestamp, message.key, message.value)
        for number, message in enumerate(messages)
    ]
    for one, message in zip(found, messages, strict=True):
        assert one.checksum is None
        assert [(name.encode(), value) for name, value in one.headers] == [
            (name.decode(errors="backslashreplace").encode(), value)
            for name, value in message.headers
        ]


@given(MESSAGES, st.sampled_from(sorted(CODECS)), st.data())
def test_whatever_bytes_a_batch_holds_every_record_is_accounted_for(
    messages: list[Message], codec: str, data: st.DataObject
) -> None:
    Records.room = ROOM
    whole = a_batch(messages, codec, base=5)
    body = bytearray(whole[61:])
    for _ in range(data.draw(st.integers(1, 3))):
        if body:
            body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(body)))
    broken = framed(bytes(body[: len(body) - cut]), CODECS[codec], len(messages), base=5)
    after = a_batch([Message(b"good")], base=5 + len(messages))

    found = fetched(broken, after)
    last = list(found)[-1]

    assert (last.offset, last.value) == (5 + len(messages), b"good")
    assert found.next_fetch_offset == 6 + len(messages)


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd", "snappy", "snappy raw"])
def test_a_batch_that_unpacks_hugely_is_reported_and_costs_little_memory(codec: str) -> None:
    huge = b"".join([b"\0" * (100 << 20), bytes(range(256))])
    packed = PACK[codec](huge)
    bomb = framed(packed, CODECS[codec], 2)
    del huge
    tracemalloc.start()
    found = read(bomb, a_batch([Message(b"good")], base=2))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 3 * UNPACKED_AT_MOST + 3 * len(packed)
    assert [one.offset for one in found] == [0, 1, 2]
    assert f"cannot be unpacked to at most {UNPACKED_AT_MOST} bytes" in found[0].checksum
    assert found[0].value == bomb
    assert found[1].value is None
    assert found[1].checksum.endswith("as offset 0")
    assert (found[2].value, found[2].checksum) == (b"good", None)


def test_the_largest_message_of_a_topic_is_read() -> None:
    (found,) = read(a_batch([Message(b"x" * (8 << 20))], "zstd"))
    assert (found.checksum, len(found.value)) == (None, 8 << 20)


def test_a_batch_of_very_many_records_that_cannot_be_read_is_reported_once() -> None:
    count = UNREAD_KEPT_EACH + 1
    batch = framed(b"nothing", CODECS["zstd"], count)
    found = fetched(batch)
    (only,) = list(found)
    assert f"this stands for {count} records, to offset {count - 1}" in only.checksum
    assert found.next_fetch_offset == count


def test_a_fetch_hands_out_no_more_than_there_is_room_for_and_the_next_goes_on() -> None:
    batches = [a_batch([Message(b"x" * 1_000)], base=number) for number in range(10)]
    Records.room = 2_500
    first = fetched(*batches)
    assert [one.offset for one in first] == [0, 1, 2]
    assert first.next_fetch_offset == 3

    nothing = fetched(*batches[3:])
    assert list(nothing) == []

    Records.room = ROOM
    assert [one.offset for one in read(*batches[3:])] == list(range(3, 10))


def test_a_batch_that_the_fetch_cut_off_is_left_for_the_next() -> None:
    whole = a_batch([Message(b"one")])
    cut = a_batch([Message(b"two")], base=1)[:-1]
    assert [one.value for one in read(whole, cut)] == [b"one"]
    alone = Records(cut)
    assert not alone.has_next()
    assert alone.size_in_bytes() == len(cut)


def test_gzip_in_several_members_is_read_whole() -> None:
    body = a_batch([Message(b"one" * 100)])[61:]
    packed = gzip.compress(body[:50]) + gzip.compress(body[50:])
    (found,) = read(framed(packed, CODECS["gzip"], 1))
    assert found.value == b"one" * 100

"""Batches of records as bytes: also those that no client writes, but a publisher may."""

import gzip
import struct
from collections.abc import Sequence
from typing import NamedTuple

import cramjam
from aiokafka import AIOKafkaProducer
from aiokafka.codec import lz4_encode, snappy_encode, zstd_encode
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.util import calc_crc32c, encode_varint

CODECS = {"none": 0, "gzip": 1, "snappy": 2, "lz4": 3, "zstd": 4, "snappy raw": 2}
PACK = {
    "none": bytes,
    "gzip": lambda data: gzip.compress(data, 1),
    "snappy": snappy_encode,
    "lz4": lz4_encode,
    "zstd": zstd_encode,
    "snappy raw": lambda data: bytes(cramjam.snappy.compress_raw(data)),
}
NOW = 1_790_000_000_000


class Message(NamedTuple):
    """A message before it is written; names of headers are bytes, times milliseconds."""

    value: bytes | None
    key: bytes | None = None
    headers: Sequence[tuple[bytes, bytes | None]] = ()
    timestamp: int = NOW


def a_batch(messages: Sequence[Message], codec: str = "none", *, base: int = 0) -> bytes:
    """Write a batch whose first record stands at the offset `base`."""
    first = messages[0].timestamp
    records = b"".join(_record(n, message, first) for n, message in enumerate(messages))
    return framed(PACK[codec](records), CODECS[codec], len(messages), first, base=base)


def framed(body: bytes, codec: int, count: int, first: int = NOW, *, base: int = 0) -> bytes:
    """Put a header before the records of a batch, packed or not."""
    checked = struct.pack(">hiqqqhii", codec, count - 1, first, first, -1, -1, -1, count) + body
    crc = calc_crc32c(checked)
    return struct.pack(">qiibI", base, len(checked) + 9, -1, 2, crc) + checked


def _record(number: int, message: Message, first: int) -> bytes:
    body = bytearray(b"\0")
    _varint(body, message.timestamp - first)
    _varint(body, number)
    _text(body, message.key)
    _text(body, message.value)
    _varint(body, len(message.headers))
    for name, value in message.headers:
        _text(body, name)
        _text(body, value)
    written = bytearray()
    _varint(written, len(body))
    return bytes(written + body)


def _varint(out: bytearray, value: int) -> None:
    encode_varint(value, out.append)


def _text(out: bytearray, text: bytes | None) -> None:
    _varint(out, -1 if text is None else len(text))
    out.extend(text or b"")


async def send(bootstrap: str, topic: str, partition: int, batch: bytes, count: int) -> None:
    """Send a batch of `count` records as it is, and wait until the broker has taken it."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, acks="all", max_request_size=16 << 20, max_batch_size=16 << 20
    )
    await producer.start()
    try:
        builder = BatchBuilder(16 << 20, 0)
        builder.append(timestamp=NOW, key=None, value=b"")
        builder.close()
        builder._build()  # noqa: SLF001  # it has no way in for what it would not write itself
        builder._buffer = bytearray(batch)  # noqa: SLF001
        builder._relative_offset = count  # noqa: SLF001
        await (await producer.send_batch(builder, topic, partition=partition))
    finally:
        await producer.stop()

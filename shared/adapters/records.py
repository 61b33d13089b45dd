"""Reads whatever bytes a publisher can put on a topic, within bounds.

aiokafka unpacks a batch however large it becomes, and raises out of the fetch where a header's name
is not UTF-8; the next fetch then meets the same batch, for ever. `Records` stands in the place of
its reader of batches (see `install`): what cannot be read comes out as a record that says so.
"""

import struct
from collections.abc import Iterator
from typing import Any, NamedTuple

import cramjam
from aiokafka.codec import snappy_decode
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from aiokafka.record.util import decode_varint

UNPACKED_AT_MOST = 9 << 20
"""Bytes that a batch may unpack to: the largest message that a topic takes, and some more."""

ROOM = 32 << 20
"""Bytes of unpacked batches that one fetch hands out; the rest is fetched again by a later one."""

USUAL_RATIO = 16
"""How many times a batch becomes larger at most, as a rule: so large a buffer is tried first."""

UNREAD_KEPT_EACH = 1_000
"""Records of an unreadable batch that are reported each; of a larger one only the first is."""

_LENGTH_AT, _OVERHEAD, _MAGIC_AT = 8, 12, 16
_HEADER = struct.Struct(">qiibIhiqqqhii")
_ATTRIBUTES_AT = struct.calcsize(">qiibI")
_CODEC_MASK, _APPEND_TIME = 0x07, 0x08
_GZIP, _SNAPPY, _LZ4, _ZSTD = 1, 2, 3, 4
_INTO = {_GZIP: cramjam.gzip, _LZ4: cramjam.lz4, _ZSTD: cramjam.zstd}
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER = 16


class Unreadable(Exception):  # noqa: N818  # it never leaves this module
    """A batch, or what is left of it, that nobody can read."""


class Record(NamedTuple):
    """A record as aiokafka's own; `checksum` is None, or why the record could not be read."""

    offset: int
    timestamp: int
    timestamp_type: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes | None]]
    checksum: str | None = None


class Records:
    """The batches of one fetch of one partition, in aiokafka's place of the same."""

    room = ROOM
    """What the fetch that goes on may still hand out; the consumer sets it to ROOM before each."""

    def __init__(self, data: bytes) -> None:
        self._data = memoryview(data)
        self._at = 0
        self._asked = False

    def size_in_bytes(self) -> int:
        """Give the size of what was fetched."""
        return len(self._data)

    def has_next(self) -> bool:
        """Say whether there is another whole batch, and room for it.

        The first to ask is the fetcher when the data arrives. It would take a no for a message that
        is too large, and skip it; so it is told of the data alone.
        """
        known, self._asked = self._asked, True
        return self._end() <= len(self._data) and (not known or Records.room > 0)

    def next_batch(self) -> Any:
        """Give the next batch."""
        end = self._end()
        batch, self._at = self._data[self._at : end], end
        if batch[_MAGIC_AT] < 2:  # noqa: PLR2004  # the form of Kafka before 0.11
            Records.room -= len(batch)
            return LegacyRecordBatch(batch, batch[_MAGIC_AT])
        return Batch(batch)

    def _end(self) -> int:
        if len(self._data) - self._at < _HEADER.size:
            return len(self._data) + 1
        (length,) = struct.unpack_from(">i", self._data, self._at + _LENGTH_AT)
        return self._at + _OVERHEAD + int(length)


class Batch:
    """A batch whose records come out one by one, whatever they are."""

    def __init__(self, data: memoryview) -> None:
        self._data = data
        # Checked as it came, and asked what it is; its records are read from `_plain`.
        self._packed = DefaultRecordBatch(data)
        self.producer_id = self._packed.producer_id
        self.is_control_batch = self._packed.is_control_batch
        self.is_transactional = self._packed.is_transactional
        self.base_offset = self._packed.base_offset
        self.next_offset = self._packed.next_offset

    def validate_crc(self) -> bool:
        """Say whether the bytes are those that were sent."""
        return bool(self._packed.validate_crc())

    def __next__(self) -> Any:
        """Give the first record, as it is asked of control batches."""
        return next(iter(self))

    def __iter__(self) -> Iterator[Any]:
        """Give the records; what cannot be read as records that say why."""
        reached = self.base_offset
        try:
            plain = _plain(self._data)
            Records.room -= len(plain)
            read = 0
            try:
                for record in DefaultRecordBatch(plain):
                    read += 1
                    reached = record.offset + 1
                    yield record
            except Exception:  # noqa: BLE001  # it gives up where ours goes on, for many reasons
                for record in _records(plain, skip=read):
                    reached = record.offset + 1
                    yield record
        except Unreadable as error:
            yield from self._unread(reached, str(error))

    def _unread(self, first: int, why: str) -> Iterator[Record]:
        """Report offsets that were not read, the first of them with the batch as it came."""
        count = self.next_offset - first
        stamp = int(self._packed.max_timestamp)
        if count > UNREAD_KEPT_EACH:
            why = f"{why} (this stands for {count} records, to offset {self.next_offset - 1})"
        yield Record(first, stamp, 0, None, bytes(self._data), [], why)
        if count <= UNREAD_KEPT_EACH:
            for offset in range(first + 1, self.next_offset):
                yield Record(offset, stamp, 0, None, None, [], f"{why}, as offset {first}")


def _plain(data: memoryview) -> bytes:
    """Give a batch unpacked, as one that was never packed; raises Unreadable."""
    attributes = int(_HEADER.unpack_from(data)[5])
    codec = attributes & _CODEC_MASK
    if not codec:
        return bytes(data)
    unpacked = _unpacked(codec, bytes(data[_HEADER.size :]))
    head = bytearray(data[: _HEADER.size])
    struct.pack_into(">h", head, _ATTRIBUTES_AT, attributes & ~_CODEC_MASK)
    return bytes(head) + unpacked


def _unpacked(codec: int, packed: bytes) -> bytes:
    try:
        if codec == _SNAPPY:
            return _unpacked_snappy(packed)
        module = _INTO[codec]
        usual = min(max(USUAL_RATIO * len(packed), 1 << 16), UNPACKED_AT_MOST)
        try:
            return _into(module, packed, usual)
        except cramjam.DecompressionError:
            return _into(module, packed, UNPACKED_AT_MOST)
    except Exception as error:
        bound = f"its batch cannot be unpacked to at most {UNPACKED_AT_MOST} bytes"
        raise Unreadable(f"{bound}: {error}") from error


def _into(module: Any, packed: bytes, size: int) -> bytes:
    room = bytearray(size)
    return bytes(memoryview(room)[: module.decompress_into(packed, room)])


def _unpacked_snappy(packed: bytes) -> bytes:
    """Unpack after asking how large it becomes, which each block of snappy says in front."""
    blocks = [packed]
    if packed.startswith(_XERIAL):
        blocks, at = [], _XERIAL_HEADER
        while at < len(packed):
            (length,) = struct.unpack_from(">i", packed, at)
            if length < 0:
                raise ValueError("a block of negative length")
            blocks.append(packed[at + 4 : at + 4 + length])
            at += 4 + length
    size = sum(cramjam.snappy.decompress_raw_len(block) for block in blocks)
    if size > UNPACKED_AT_MOST:
        raise ValueError(f"it becomes {size}")
    return bytes(snappy_decode(packed))


def _records(plain: bytes, skip: int) -> Iterator[Record]:
    """Read the records of an unpacked batch but for the first ones; raises Unreadable."""
    header = _HEADER.unpack_from(plain)
    at = _HEADER.size
    for number in range(header[12]):
        try:
            record, at = _record(plain, at, header)
        except (IndexError, ValueError, OverflowError) as error:
            raise Unreadable(f"its batch is broken: {error}") from error
        if number >= skip:
            yield record


def _record(plain: bytes, at: int, header: tuple[int, ...]) -> tuple[Record, int]:
    """Read a record: length, attributes, timestamp, offset, key, value, headers."""
    length, at = decode_varint(plain, at)
    end = at + length
    if length < 0 or end > len(plain):
        raise ValueError(f"a record of {length} bytes")
    after, at = decode_varint(plain, at + 1)
    timestamp = header[8] if header[5] & _APPEND_TIME else header[7] + after
    delta, at = decode_varint(plain, at)
    key, at = _bytes(plain, at, end)
    value, at = _bytes(plain, at, end)
    count, at = decode_varint(plain, at)
    headers = []
    for _ in range(count):
        name, at = _bytes(plain, at, end)
        held, at = _bytes(plain, at, end)
        # Names are texts to Kafka; what is none is shown so that it can be told from all others.
        headers.append(((name or b"").decode(errors="backslashreplace"), held))
    kind = int(bool(header[5] & _APPEND_TIME))
    return Record(header[0] + delta, timestamp, kind, key, value, headers), end


def _bytes(plain: bytes, at: int, end: int) -> tuple[bytes | None, int]:
    length, at = decode_varint(plain, at)
    if length < 0:
        return None, at
    if at + length > end:
        raise ValueError(f"{length} bytes in a record that ends before")
    return plain[at : at + length], at + length


def install() -> None:
    """Have every consumer of this process read batches so."""
    fetcher.MemoryRecords = Records

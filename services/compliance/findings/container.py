"""A zip (PKWARE APPNOTE) that is the same bytes wherever it is made, and takes no other spelling.

Members are stored as they are, without a date of their own, in the order given. What is read must
be just what would be written of the same members: no byte of it means nothing.
"""

import struct
import zlib
from collections.abc import Mapping
from itertools import accumulate
from typing import Final, NamedTuple

_LOCAL: Final = struct.Struct("<4s5H3I2H")
_ENTRY: Final = struct.Struct("<4s6H3I5H2I")
_END: Final = struct.Struct("<4s4H2IH")
_LOCAL_MARK, _ENTRY_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION: Final = 20
_UTF8: Final = 0x800
_MIDNIGHT: Final = 0
_FIRST_DAY: Final = (1 << 5) | 1
"""1980-01-01, the first day that a zip can tell: no member has a date of its own."""

MOST_BYTES: Final = 1 << 30
MOST_MEMBERS: Final = 0xFFFE


class Opened(NamedTuple):
    """The members of a container, and what is not as it would have been written."""

    members: Mapping[str, bytes]
    problems: tuple[str, ...]


class _Entry(NamedTuple):
    name: bytes
    check: int
    size: int

    @property
    def common(self) -> tuple[int, ...]:
        """What the header before a member and its entry in the directory both say."""
        told = (_VERSION, _UTF8, 0, _MIDNIGHT, _FIRST_DAY)
        return (*told, self.check, self.size, self.size, len(self.name), 0)

    @property
    def header(self) -> bytes:
        """What stands before the member."""
        return _LOCAL.pack(_LOCAL_MARK, *self.common) + self.name

    def listed(self, place: int) -> bytes:
        """Give what stands in the directory, of a member whose header begins at a place."""
        return _ENTRY.pack(_ENTRY_MARK, _VERSION, *self.common, 0, 0, 0, 0, place) + self.name


def packed(members: Mapping[str, bytes]) -> bytes:
    """Write members, in their order."""
    entries = [_Entry(name.encode(), zlib.crc32(held), len(held)) for name, held in members.items()]
    parts = [
        part
        for entry, held in zip(entries, members.values(), strict=True)
        for part in (entry.header, held)
    ]
    return b"".join(parts) + _directory(entries)


def opened(raw: bytes) -> Opened:
    """Read what was packed; problems name the member that a byte which was changed belongs to."""
    walked, listed = _walked(raw), _listed(raw)
    # The headers and the directory say the same twice: the one that fits the contents is right.
    entries = walked if _fits(walked, raw) else listed or walked
    if not entries:
        return Opened({}, ("the archive: is no pack, or has neither directory nor members left",))
    members: dict[str, bytes] = {}
    problems: list[str] = []
    place = 0
    for entry in entries:
        name, begin = entry.name.decode(errors="replace"), place + len(entry.header)
        if raw[place:begin] != entry.header:
            problems.append(f"{name}: its header, at byte {place}, is not as it was written")
        held = raw[begin : begin + entry.size]
        if zlib.crc32(held) != entry.check or len(held) != entry.size:
            problems.append(f"{name}: its content, from byte {begin} on, is not as it was written")
        if name in members:
            problems.append(f"{name}: stands in the archive twice")
        members[name] = held
        place = begin + entry.size
    if raw[place:] != _directory(entries):
        problems.append(f"the directory, from byte {place} on, is not as it was written")
        names = {entry.name for entry in listed} - {entry.name for entry in entries}
        problems += (f"{name.decode(errors='replace')}: is named otherwise" for name in names)
    return Opened(members, tuple(problems))


def _fits(entries: list[_Entry], raw: bytes) -> bool:
    place = 0
    for entry in entries:
        begin = place + len(entry.header)
        place = begin + entry.size
        if zlib.crc32(raw[begin:place]) != entry.check:
            return False
    return bool(entries) and raw[place : place + 4] == _ENTRY_MARK


def _directory(entries: list[_Entry]) -> bytes:
    sizes = (len(entry.header) + entry.size for entry in entries)
    *places, end = accumulate(sizes, initial=0)
    listed = b"".join(entry.listed(at) for entry, at in zip(entries, places, strict=True))
    count = len(entries)
    return listed + _END.pack(_END_MARK, 0, 0, count, count, len(listed), end, 0)


def _listed(raw: bytes) -> list[_Entry]:
    """Read the directory; nothing where it is not one that was written here."""
    if len(raw) < _END.size:
        return []
    mark, _, _, count, _, size, place, _ = _END.unpack(raw[-_END.size :])
    if mark != _END_MARK or place + size + _END.size != len(raw):
        return []
    entries, at = list[_Entry](), place
    for _ in range(count):
        if at + _ENTRY.size > len(raw):
            return []
        told = _ENTRY.unpack_from(raw, at)
        check, length, name = told[7], told[8], told[10]
        entries.append(_Entry(raw[at + _ENTRY.size : at + _ENTRY.size + name], check, length))
        at += _ENTRY.size + name
    return entries if raw[place:] == _directory(entries) else []


def _walked(raw: bytes) -> list[_Entry]:
    """Read the headers one after the other, as far as they are whole."""
    entries, at = list[_Entry](), 0
    while raw[at : at + 4] == _LOCAL_MARK and at + _LOCAL.size <= len(raw):
        told = _LOCAL.unpack_from(raw, at)
        check, size, length = told[6], told[7], told[9]
        entries.append(_Entry(raw[at + _LOCAL.size : at + _LOCAL.size + length], check, size))
        at += _LOCAL.size + length + size
    return entries

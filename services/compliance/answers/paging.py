"""Page tokens: where a page ended, opaque to the caller and of use for the same filters only."""

import base64
import binascii
import hashlib
import struct
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from services.compliance.findings.violation import ServedViolation
from shared.domain import topics
from shared.domain.calendar import EPOCH, parse_instant
from shared.domain.errors import InvalidArgumentError

_LIST_KEY = struct.Struct(">q16s")
_PART_KEY = struct.Struct(">ii")
_NUMBER_KEY = struct.Struct(">q")
_LETTER_KEY = struct.Struct(">qbiq")
_SEAL_BYTES = 12
_REMEDY = (
    "page_token: is not one that this list gave for these filters. "
    "Pass next_page_token unchanged, with the filters of the page before, or leave it out to begin"
)


class ListPlace(NamedTuple):
    """Where a page of the list ended: the key of its last violation; the next begins behind it."""

    occurred_at: datetime
    id: UUID


class PartPlace(NamedTuple):
    """Where the next page of a part of a violation begins.

    `seq` is the line of history that tells all pages, `first` how many things were shown before.
    For the history itself `seq` is 0, and `first` the number of the next line.
    """

    seq: int
    first: int


class LetterPlace(NamedTuple):
    """Where a page of dead letters ended."""

    told: datetime
    topic: str
    partition: int
    offset: int


def place_in(item: ServedViolation) -> ListPlace:
    """Give the place of a violation as the list shows it."""
    return ListPlace(parse_instant(item.occurred_at), item.id)


def token_of(place: ListPlace, filters: bytes) -> str:
    """Write a place as a token, sealed together with the filters of its list."""
    microseconds = (place.occurred_at - EPOCH) // timedelta(microseconds=1)
    return _written(_LIST_KEY.pack(microseconds, place.id.bytes), filters)


def place_of(token: str, filters: bytes) -> ListPlace:
    """Read a token; raises InvalidArgumentError for garbage, and for one of other filters."""
    microseconds, identity = _read(token, _LIST_KEY, filters)
    return ListPlace(EPOCH + timedelta(microseconds=microseconds), UUID(bytes=identity))


def part_token(place: PartPlace, of: bytes) -> str:
    """Write a place as a token, sealed together with the part of the violation that it is of."""
    return _written(_PART_KEY.pack(*place), of)


def part_place(token: str, of: bytes) -> PartPlace:
    """Read a token; raises InvalidArgumentError for garbage, and for one of another part."""
    return PartPlace(*_read(token, _PART_KEY, of))


def letter_token(place: LetterPlace, filters: bytes) -> str:
    """Write where a page of dead letters ended as a token, sealed with the filters of its list."""
    told, topic, *rest = place
    microseconds = (told - EPOCH) // timedelta(microseconds=1)
    key = _LETTER_KEY.pack(microseconds, topics.NUMBER_OF[topic], *rest)
    return _written(key, filters)


def letter_place(token: str, filters: bytes) -> LetterPlace:
    """Read a token of a list of dead letters; raises InvalidArgumentError for any other."""
    microseconds, topic, *rest = _read(token, _LETTER_KEY, filters)
    if topic not in range(len(topics.INPUTS)):
        raise InvalidArgumentError(_REMEDY)
    told = EPOCH + timedelta(microseconds=microseconds)
    return LetterPlace(told, topics.INPUTS[topic].name, *rest)


def number_token(number: int, filters: bytes) -> str:
    """Write the number at which a page ended as a token, sealed with the filters of its list."""
    return _written(_NUMBER_KEY.pack(number), filters)


def number_in(token: str, filters: bytes) -> int:
    """Read a token of a numbered list; raises InvalidArgumentError for one of other filters."""
    (number,) = _read(token, _NUMBER_KEY, filters)
    return int(number)


def name_token(name: str, filters: bytes) -> str:
    """Write the name at which a page ended as a token, sealed with the filters of its list."""
    return _written(name.encode(), filters)


def name_in(token: str, filters: bytes) -> str:
    """Read a token of a list of named things; raises InvalidArgumentError for one of others."""
    return _opened(token, filters).decode()


def _written(key: bytes, of: bytes) -> str:
    return base64.urlsafe_b64encode(key + _seal(key, of)).decode()


def _read(token: str, form: struct.Struct, of: bytes) -> tuple[Any, ...]:
    key = _opened(token, of)
    if len(key) != form.size:
        raise InvalidArgumentError(_REMEDY)
    return form.unpack(key)


def _opened(token: str, of: bytes) -> bytes:
    """Read the key in a token.

    The seal finds mistakes, not malice: a place gives nobody a right that the list does not.
    """
    try:
        sealed = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidArgumentError(_REMEDY) from error
    key, seal = sealed[:-_SEAL_BYTES], sealed[-_SEAL_BYTES:]
    # The decoder also takes "+" and "/", and spare bits at the end: a token has one spelling.
    same = base64.urlsafe_b64encode(sealed).decode() == token
    if not same or seal != _seal(key, of):
        raise InvalidArgumentError(_REMEDY)
    return key


def _seal(key: bytes, of: bytes) -> bytes:
    return hashlib.sha256(b"page 1" + key + of).digest()[:_SEAL_BYTES]

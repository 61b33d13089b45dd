"""Page tokens: where a page ended, opaque to the caller and of use for the same filters only."""

import base64
import binascii
import hashlib
import struct
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.compliance.findings.violation import ServedViolation
from shared.domain.calendar import EPOCH, parse_instant
from shared.domain.errors import InvalidArgumentError

_KEY = struct.Struct(">q16s")
_SEAL_BYTES = 12
_REMEDY = (
    "page_token: is not one that this list gave for these filters. "
    "Pass next_page_token unchanged, with the filters of the page before, or leave it out to begin"
)


class ListPlace(NamedTuple):
    """Where a page of the list ended: the key of its last violation; the next begins behind it."""

    occurred_at: datetime
    id: UUID


def place_in(item: ServedViolation) -> ListPlace:
    """Give the place of a violation as the list shows it."""
    return ListPlace(parse_instant(item.occurred_at), item.id)


def token_of(place: ListPlace, filters: bytes) -> str:
    """Write a place as a token, sealed together with the filters of its list."""
    key = _KEY.pack((place.occurred_at - EPOCH) // timedelta(microseconds=1), place.id.bytes)
    return base64.urlsafe_b64encode(key + _seal(key, filters)).decode()


def place_of(token: str, filters: bytes) -> ListPlace:
    """Read a token; raises InvalidArgumentError for garbage, and for one of other filters.

    The seal finds mistakes, not malice: a place gives nobody a right that the list does not.
    """
    try:
        sealed = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise InvalidArgumentError(_REMEDY) from error
    key, seal = sealed[: _KEY.size], sealed[_KEY.size :]
    # The decoder also takes "+" and "/", and spare bits at the end: a token has one spelling.
    same = base64.urlsafe_b64encode(sealed).decode() == token
    if not same or len(key) < _KEY.size or seal != _seal(key, filters):
        raise InvalidArgumentError(_REMEDY)
    microseconds, identity = _KEY.unpack(key)
    return ListPlace(EPOCH + timedelta(microseconds=microseconds), UUID(bytes=identity))


def _seal(key: bytes, filters: bytes) -> bytes:
    return hashlib.sha256(b"page 1" + key + filters).digest()[:_SEAL_BYTES]

"""Messages that nobody can take: each must end as a dead letter, and hold nobody up."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

import msgspec

from shared.domain.cloudevents import Event, headers_of

NAME = "poison"
SHARE = 0.01
"""How many messages of all are poison."""

Headers = Sequence[tuple[str, bytes | None]]
MARK: Headers = (("ce_id", NAME.encode()),)

Poisoned = tuple[bytes | None, bytes | None, Headers]
"""Value, key and headers."""


def is_poison(headers: Iterable[tuple[str, bytes | None]]) -> bool:
    """Whether a message was made here: poison says so in its id, or has none."""
    return dict(headers).get("ce_id", NAME.encode()) in {NAME.encode(), None, b""}


def draw(event: Event, chance: Random) -> Poisoned:
    """Spoil an event in one of the ways below."""
    headers = dict[str, bytes | None](headers_of(event)) | {"ce_id": NAME.encode()}
    value, key = event.raw, event.key
    way = chance.choice(WAYS)
    spoilt_value, changed = way(value)
    headers |= changed
    return spoilt_value, key, list(headers.items())


Way = Callable[[bytes], tuple[bytes | None, dict[str, bytes | None]]]


def _value(value: bytes | None) -> Way:
    return lambda _: (value, {})


def _headers(**changed: bytes | None) -> Way:
    return lambda value: (value, changed)


def _field(name: str, wrong: object) -> Way:
    def spoil(value: bytes) -> tuple[bytes, dict[str, bytes | None]]:
        data = msgspec.json.decode(value)
        return msgspec.json.encode(data | {name: wrong}), {}

    return spoil


WAYS: tuple[Way, ...] = (
    _value(None),
    _value(b""),
    _value(b"\xff\xfe\x00"),
    _value(b"not JSON"),
    _value(b"{}"),
    _value(b"[]"),
    _value(b"null"),
    _value(b"[" * 100_000),
    _value(b'{"jurisdiction":' * 5_000),
    _value(b'"' + b"x" * (2 << 20) + b'"'),
    lambda value: (value[: len(value) // 2], {}),
    lambda value: (value[:-1] + b',"note":"\\u0000"}', {}),
    lambda value: (value[:-1] + b',"note":"\xe9"}', {}),
    _field("jurisdiction", 7),
    _field("jurisdiction", None),
    _field("jurisdiction", "nowhere"),
    _headers(ce_time=None),
    _headers(ce_time=b"1900-13-01T00:00:00Z"),
    _headers(ce_time=b"9999-12-31T23:59:59-23:59"),
    _headers(ce_time=b"yesterday"),
    _headers(ce_type=None),
    _headers(ce_type=b"vbp.order.invented.v1"),
    _headers(ce_type=b"\xff\xff"),
    _headers(ce_specversion=None),
    _headers(ce_specversion=b"0.3"),
    _headers(ce_source=None),
    _headers(ce_source=b""),
    _headers(ce_id=None),
    _headers(ce_id=b""),
    _headers(**{"content-type": b"application/cloudevents-batch+json"}),
    _headers(**{"content-type": b"application/cloudevents+json; charset=UTF-8"}),
)

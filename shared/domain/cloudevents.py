"""The envelope: CloudEvents 1.0 in, an `Event` out, and back.

Structured JSON comes over HTTP, in archives and (told apart by `content-type`) over Kafka; binary
mode, attributes as `ce_*` headers, only over Kafka. What cannot be read raises InvalidEventError.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any, Literal, NoReturn

import msgspec
from msgspec import Meta, Raw, Struct

from shared.domain import calendar, refusals, topics
from shared.domain.calendar import Instant
from shared.domain.errors import InvalidEventError
from shared.domain.events import Code, EventData, Source

MAX_BYTES = 1 << 20
"""An event of at most 1 MiB (events.md, *Bounds*)."""

AHEAD = timedelta(days=1)
"""How far the `time` of an event may lie ahead of the clock (events.md, *Bounds*)."""

STRUCTURED = "application/cloudevents+json"
PLAIN = b"application/json"
"""The content type of almost every message in binary mode: it is recognised at one look."""

Headers = Sequence[tuple[str, bytes]]


class Envelope(Struct, frozen=True, gc=False):
    """A structured CloudEvent; attributes we do not know are ignored."""

    specversion: Literal["1.0"]
    id: Code
    source: Source
    type: Annotated[str, Meta(min_length=1, description="a type that docs/events.md lists")]
    time: Instant
    data: Raw
    subject: str | None = None
    recordedtime: Instant | None = None


class Event(Struct, frozen=True, gc=False):
    """One event as it was told: who says what of when, and where we heard it.

    `time` and `recorded` are UTC; `raw` is the JSON of `data` as it came; `told` is when the event
    reached the bus (the broker's timestamp), or in an archive the later of `time` and `recorded`.
    `partition` and `offset` say where it stands (in an archive: number of the file, of the line).
    """

    id: str
    source: str
    type: str
    time: datetime
    recorded: datetime | None
    data: EventData
    raw: bytes
    told: datetime
    partition: int = -1
    offset: int = -1

    @property
    def claimed(self) -> datetime:
        """When the source says that it told: the later of `time` and `recordedtime`."""
        return self.time if self.recorded is None else max(self.time, self.recorded)

    @property
    def topic(self) -> str:
        """The topic that carries events of this type."""
        return topics.TOPIC_OF[self.type]

    @property
    def key(self) -> bytes:
        """The Kafka key: jurisdiction and product, or on the register the entity."""
        said = (getattr(self.data, name, None) for name in ("product", "hospital", "party"))
        return f"{self.data.jurisdiction}/{next(filter(None, said), '')}".encode()


_envelope = msgspec.json.Decoder(Envelope)
_data = {kind: msgspec.json.Decoder(data) for kind, data in topics.DATA_OF.items()}
_kinds = {kind.encode(): kind for kind in topics.DATA_OF}
_time = msgspec.json.Decoder(Instant)
_any = msgspec.json.Decoder()
_text = msgspec.json.Encoder()

_USUAL_YEARS = range(calendar.EARLIEST.year + 1, calendar.LATEST.year - 1)
"""Years that `calendar.utc` neither refuses nor moves."""


def read_structured(
    value: bytes, told: datetime | None = None, partition: int = -1, offset: int = -1
) -> Event:
    """Read one structured event; without `told` (an archive) its own times say when it was told."""
    check_bytes(value)
    try:
        envelope = _envelope.decode(value)
    except refusals.UNREADABLE as error:
        refusals.refuse(error, value, Envelope)
    kind = envelope.type
    if kind not in _data:
        _refuse_type(kind)
    time = _utc("time", envelope.time)
    said = envelope.recordedtime
    recorded = None if said is None else _utc("recordedtime", said)
    raw = bytes(envelope.data)
    data = _read_data(kind, raw)
    if told is None:
        told = time if recorded is None else max(time, recorded)
    return Event(
        envelope.id, envelope.source, kind, time, recorded, data, raw, told, partition, offset
    )


def read_fact(*, type: str, data: bytes, **heard: Any) -> Event:  # noqa: A002  # the field's name
    """Read an event as it was stored; `heard` are its other fields."""
    return Event(type=type, data=_read_data(type, data), raw=data, **heard)


def read_message(
    value: bytes | None, headers: Headers, told: datetime, partition: int, offset: int
) -> Event:
    """Read a Kafka message in either mode (CloudEvents Kafka binding)."""
    attributes = dict(headers)
    content = attributes.get("content-type") or b""
    if content == PLAIN and value:
        return _read_binary(value, attributes, told, partition, offset)
    content = content.lower()
    if content.startswith(b"application/cloudevents-batch"):
        raise InvalidEventError(
            "content-type", "batches are not defined for Kafka", "Send one event a message"
        )
    if not value:
        raise InvalidEventError("value", "is empty", "Send the event's data as JSON")
    if content.startswith(b"application/cloudevents"):
        return read_structured(value, told, partition, offset)
    return _read_binary(value, attributes, told, partition, offset)


def _read_binary(
    value: bytes, attributes: Mapping[str, bytes], told: datetime, partition: int, offset: int
) -> Event:
    check_bytes(value)
    kind = _kinds.get(attributes.get("ce_type", b""))
    if kind is None:
        _refuse_type(_attribute(attributes, "type"), "ce_type")
    if attributes.get("ce_specversion") != b"1.0":
        found = _attribute(attributes, "specversion")
        raise InvalidEventError("ce_specversion", "is not 1.0", "Send CloudEvents 1.0", found)
    time = _instant(attributes, "time")
    recorded = None
    # A header whose value is null is no header.
    if "ce_recordedtime" in attributes and attributes["ce_recordedtime"] is not None:
        recorded = _instant(attributes, "recordedtime")
    event_id = _attribute(attributes, "id", 256)
    source = _attribute(attributes, "source")
    data = _read_data(kind, value)
    return Event(event_id, source, kind, time, recorded, data, value, told, partition, offset)


def _attribute(attributes: Mapping[str, bytes], name: str, limit: int = 4096) -> str:
    raw = attributes.get(f"ce_{name}")
    if not raw:
        remedy = (
            f"Send the header ce_{name} (binary mode), or the whole event as JSON with "
            f"content-type {STRUCTURED} (structured mode)"
        )
        raise InvalidEventError(f"ce_{name}", "is missing", remedy)
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise InvalidEventError(f"ce_{name}", "is not UTF-8", "Send UTF-8", raw) from None
    if len(text) > limit or "\0" in text:
        problem = f"is longer than {limit} characters or holds NUL"
        raise InvalidEventError(f"ce_{name}", problem, "Send a shorter text without NUL", text)
    return text


def _instant(attributes: Mapping[str, bytes], name: str) -> datetime:
    header = attributes.get(f"ce_{name}") or b""
    try:
        if b"\\" in header:
            raise msgspec.DecodeError  # JSON would undo an escape, a header has none
        instant = _time.decode(b'"%b"' % header)
    except refusals.UNREADABLE:
        found = _attribute(attributes, name)
        problem = "is not an instant with offset"
        raise InvalidEventError(f"ce_{name}", problem, calendar.REMEDY, found) from None
    return _utc(f"ce_{name}", instant)


def _utc(field: str, instant: datetime) -> datetime:
    if instant.year in _USUAL_YEARS:
        return instant if instant.tzinfo is UTC else instant.astimezone(UTC)
    try:
        return calendar.utc(instant)
    except InvalidEventError as error:
        raise InvalidEventError(field, error.problem, error.remedy, error.value) from None


def _read_data(kind: str, raw: bytes) -> EventData:
    try:
        return _data[kind].decode(raw)
    except refusals.UNREADABLE as error:
        refusals.refuse(error, raw, topics.DATA_OF[kind], "data.")


def _refuse_type(kind: str, field: str = "type") -> NoReturn:
    known = ", ".join(sorted(topics.DATA_OF))
    raise InvalidEventError(field, "is not known", f"Send one of: {known}", kind)


def check_bytes(value: bytes) -> None:
    """Refuse what is over 1 MiB, no UTF-8 (also where no field of ours stands), or holds NUL.

    A decoder skips unknown fields unread, but `data` is stored as it came, and PostgreSQL stores
    neither.
    """
    if len(value) > MAX_BYTES:
        problem = f"is larger than {MAX_BYTES} bytes"
        raise InvalidEventError("event", problem, "Send less in one event", len(value))
    # One byte is found several times faster than six, and most events hold no backslash.
    if b"\\" in value and b"\\u0000" in value:
        raise InvalidEventError("event", "holds the character NUL", "Send texts without \\u0000")
    if value.isascii():
        return
    try:
        value.decode()
    except UnicodeDecodeError as error:
        problem = f"is not JSON in UTF-8: {error.reason} at byte {error.start}"
        raise InvalidEventError("event", problem, "Send valid JSON in UTF-8") from None


def check_ahead(event: Event, now: datetime) -> None:
    """Refuse an event whose `time` lies more than a day ahead of the clock (not in archives)."""
    if event.time > now + AHEAD:
        problem = "lies more than a day ahead of the clock"
        remedy = "Send when it happened; check the sender's clock and time zone"
        raise InvalidEventError("time", problem, remedy, event.time.isoformat())


def check_jurisdiction(event: Event, known: Collection[str]) -> None:
    """Refuse an event of a jurisdiction that has no policy; `known` are those that have one."""
    jurisdiction = event.data.jurisdiction
    if jurisdiction not in known:
        remedy = f"Send one of: {', '.join(sorted(known))}"
        raise InvalidEventError("data.jurisdiction", "has no policy here", remedy, jurisdiction)


def canonical(raw: bytes) -> bytes:
    """Give `data` as JSON with sorted keys, which its digest covers (events.md).

    Unknown fields may hold what no number or stack takes (1e999, a thousand brackets); such `data`
    counts as it came.
    """
    try:
        return msgspec.json.encode(_any.decode(raw), order="sorted")
    except refusals.UNREADABLE:
        return raw


def digest(raw: bytes) -> bytes:
    """Give the first 16 bytes of the SHA-256 of `data` in its canonical form.

    Half of the sum orders tellings as the whole would, but for one chance in 2**64.
    """
    return sha256(canonical(raw)).digest()[:16]


def headers_of(event: Event) -> list[tuple[str, bytes]]:
    """Give the headers under which an event is published in binary mode."""
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", event.id.encode()),
        ("ce_source", event.source.encode()),
        ("ce_type", event.type.encode()),
        ("ce_time", _text.encode(event.time)[1:-1]),
        ("content-type", b"application/json"),
    ]
    if event.recorded is not None:
        headers.append(("ce_recordedtime", _text.encode(event.recorded)[1:-1]))
    return headers

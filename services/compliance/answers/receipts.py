"""Receipts: what became of an event, as whoever told it may know."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec
from msgspec import Struct

from services.compliance.answers.database import Database, Row
from services.compliance.records.payment import Payment
from services.compliance.records.prepayment import Prepayment
from services.compliance.records.stock import Stock
from shared.adapters.postgres import Connection, queries
from shared.domain import cloudevents, topics
from shared.domain.calendar import instant_text
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError
from shared.domain.records.order import Order
from shared.domain.records.voids import Voids

QUERIES = queries(Path(__file__).with_suffix(".sql"))

LOOKED_AT: Final = 1_000
"""Violations of an event's product that are looked through for the event, the last ones."""

_SHOWN: Final = 100

_VOIDABLE: Mapping[str, msgspec.msgpack.Decoder[Order | Stock | Payment | Prepayment]] = {
    "order": msgspec.msgpack.Decoder(Order),
    "stock": msgspec.msgpack.Decoder(Stock),
    "payment": msgspec.msgpack.Decoder(Payment),
    "prepayment": msgspec.msgpack.Decoder(Prepayment),
}
"""The records in which something is taken back, by their kinds."""


class HeardAt(Struct):
    """Where an event stands on the bus; `told` is when the broker took it."""

    topic: str
    partition: int
    offset: int
    told: str
    type: str
    time: str


class RecordNamed(Struct):
    """The record of its jurisdiction that an event was merged into."""

    jurisdiction: str
    kind: str
    key: str


class LedTo(Struct):
    """A violation that rests on an event, as it stands now."""

    id: str
    rule: str
    status: str


class TakenBackBy(Struct):
    """The event by which an event is taken back (冲销)."""

    source: str
    id: str


class RefusedAt(Struct):
    """A telling of an event that was not taken, and why; `redriven_at`: when it was sent again."""

    topic: str
    partition: int
    offset: int
    told: str
    field: str
    reason: str
    redriven_at: str | None


class Receipt(Struct):
    """What became of an event: judged, or refused each time that it was told.

    `record` is null for what belongs to the register, which has entries instead. `led_to` are
    violations of the same order, and among the last thousand of the same product, or hospital.
    """

    source: str
    id: str
    state: Literal["judged", "refused"]
    heard: list[HeardAt]
    record: RecordNamed | None
    led_to: list[LedTo]
    voided_by: TakenBackBy | None
    refused: list[RefusedAt]


class ReceiptFound(NamedTuple):
    """A receipt, and the jurisdiction that its event tells of, None where nobody could read it."""

    receipt: Receipt
    jurisdiction: str | None


async def receipt(database: Database, source: str, identity: str) -> ReceiptFound | None:
    """Give what became of an event; None where it was not heard, or not yet."""
    async with database.snapshot() as connection:
        heard = await connection.fetch(QUERIES["heard"], source, identity, _SHOWN)
        letters = await connection.fetch(QUERIES["letters"], source, identity, _SHOWN)
        if not heard and not letters:
            return None
        refused = [_refused(row) for row in letters]
        event = _event(heard[0]) if heard else None
        if event is None:
            state: Literal["judged", "refused"] = "judged" if heard else "refused"
            shown = [_heard(row) for row in heard]
            return ReceiptFound(
                Receipt(source, identity, state, shown, None, [], None, refused), None
            )
        record, led_to, void = await _judged(connection, event)
    told = Receipt(
        source, identity, "judged", [_heard(row) for row in heard], record, led_to, void, refused
    )
    return ReceiptFound(told, event.data.jurisdiction)


async def _judged(
    connection: Connection, event: Event
) -> tuple[RecordNamed | None, list[LedTo], TakenBackBy | None]:
    # An API that nobody asks this loads nothing that judges.
    from services.compliance.judging.subjects import subject_of  # noqa: PLC0415

    subject = subject_of(event)
    row = None if subject is None else await connection.fetchrow(QUERIES["record"], *subject)
    if subject is None or row is None:
        return None, [], None
    order = subject.key if subject.kind == "order" else None
    proof = msgspec.json.encode([{"source": event.source, "id": event.id}]).decode()
    near = (subject.jurisdiction, order, row["product"], row["hospital"], proof)
    rows = await connection.fetch(QUERIES["led_to"], *near, LOOKED_AT, _SHOWN)
    led_to = [LedTo(str(one["id"]), one["rule"], one["status"]) for one in rows]
    return RecordNamed(*subject), led_to, _void(subject.kind, row["record"], event)


def _void(kind: str, record: bytes, event: Event) -> TakenBackBy | None:
    decoder = _VOIDABLE.get(kind)
    if decoder is None:
        return None
    try:
        voids: Voids | None = decoder.decode(record).voids
    except msgspec.DecodeError:
        return None  # A record that another version wrote; a worker says so.
    found = None if voids is None else voids.of_event(event, datetime.now(UTC))
    return None if found is None else TakenBackBy(found.telling.source, found.telling.id)


def _event(row: Row) -> Event | None:
    """Read an event as it was stored; None for one that this version does not take."""
    told = {name: value for name, value in row.items() if name != "topic"}
    try:
        return cloudevents.read_fact(**told)
    except InvalidEventError:
        return None


def _heard(row: Row) -> HeardAt:
    return HeardAt(
        topics.INPUTS[row["topic"]].name,
        row["partition"],
        row["offset"],
        instant_text(row["told"]),
        row["type"],
        instant_text(row["time"]),
    )


def _refused(row: Row) -> RefusedAt:
    again = row["redriven_at"]
    told = {
        "told": instant_text(row["told"]),
        "redriven_at": None if again is None else instant_text(again),
    }
    return RefusedAt(**dict(row) | told)

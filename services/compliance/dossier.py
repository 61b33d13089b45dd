"""A dossier: a record, and what was last said of it. One row of storage, one step of the engine."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from services.compliance.contributions import Contribution, Moment
from services.compliance.records.announcement import Announcement
from services.compliance.records.appointments import Appointments
from services.compliance.records.commitment import Commitment
from services.compliance.records.evidence import Evidence
from services.compliance.records.order import Order
from services.compliance.records.supply import Supply
from shared.domain import events as say
from shared.domain import ids
from shared.domain.cloudevents import Event

Record: TypeAlias = Order | Announcement | Commitment | Appointments | Supply

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""A dossier that was never judged was judged then."""

RECORDS: dict[str, type[Record]] = {
    "order": Order,
    "announcement": Announcement,
    "commitment": Commitment,
    "appointments": Appointments,
    "supply": Supply,
}


class Subject(NamedTuple):
    """What a dossier is about: the kind of its record, and its key in its jurisdiction."""

    jurisdiction: str
    kind: str
    key: str


class Seen(Struct, frozen=True, array_like=True, gc=False):
    """A finding as it was last told; `digest` changes when anything in it does."""

    id: bytes
    digest: bytes
    rule: str
    subject: str
    occurred_at: datetime
    cured_at: datetime | None
    severity: str
    area: str | None
    exempt: bool


class Judgement(Struct, array_like=True, gc=False):
    """What was last said of a record, and when to look again.

    `look_at` waits for the clock, `hear_at` until everything to then has been heard; `missing` are
    pairs of rule and missing term. A record is never judged earlier than it was.
    """

    findings: list[Seen] = []
    given: list[Contribution] = []
    missing: list[tuple[str, str]] = []
    look_at: datetime | None = None
    hear_at: datetime | None = None
    judged_at: datetime = BEGINNING
    heard: datetime = BEGINNING

    def not_before(self, moment: Moment) -> Moment:
        """Give the moment of asking, never earlier than the last one."""
        if self.judged_at <= moment.now and self.heard <= moment.heard:
            return moment
        return Moment(max(self.judged_at, moment.now), max(self.heard, moment.heard))


class Dossier:
    """A record with its last judgement.

    `causes` are the facts told since then; `awaits` is an agreement that an order names and nobody
    has told.
    """

    __slots__ = (
        "area",
        "awaits",
        "causes",
        "hospital",
        "judgement",
        "product",
        "record",
        "subject",
        "version",
    )

    def __init__(
        self,
        subject: Subject,
        record: Record | None = None,
        judgement: Judgement | None = None,
        version: int = 0,
    ) -> None:
        self.subject = subject
        self.record: Record = RECORDS[subject.kind]() if record is None else record
        self.judgement = Judgement() if judgement is None else judgement
        self.version = version
        self.product: str | None = None
        self.hospital: str | None = None
        self.area: str | None = None
        self.awaits: str | None = None
        self.causes: list[Evidence] = []


_decode_record = {kind: msgspec.msgpack.Decoder(cls) for kind, cls in RECORDS.items()}
_decode_judgement = msgspec.msgpack.Decoder(Judgement)
encode = msgspec.msgpack.Encoder().encode


def decode_record(kind: str, record: bytes) -> Record:
    """Read a record as it was stored."""
    return _decode_record[kind].decode(record)


def decode(subject: Subject, record: bytes, judgement: bytes, version: int) -> Dossier:
    """Read a dossier as it was stored."""
    return Dossier(
        subject,
        decode_record(subject.kind, record),
        _decode_judgement.decode(judgement),
        version,
    )


_ANNOUNCED: dict[type, str] = {
    say.DistributorAppointed: "appointment",
    say.DistributorReleased: "appointment",
    say.ShortageReported: "report",
    say.ShortageEnded: "report",
    say.ProductionStopping: "notice",
}
ON_ORDERS = frozenset(
    {
        say.OrderPlaced,
        say.OrderAccepted,
        say.OrderRejected,
        say.OrderCancelled,
        say.ShipmentDispatched,
        say.DeliveryReceived,
        say.GoodsReturned,
        say.InvoiceIssued,
    }
)
"""What is said of orders; each of these names its order."""


def subject_of(event: Event) -> Subject | None:
    """Give whose record an event merges into, None for events that nothing judges yet."""
    data: Any = event.data
    kind = type(data)
    if kind in ON_ORDERS:
        return Subject(data.jurisdiction, "order", data.order)
    announced = _ANNOUNCED.get(kind)
    if announced is None:
        return None
    key = ids.pair(announced, getattr(data, announced))
    return Subject(data.jurisdiction, "announcement", key)


def by_subject(events: Iterable[Event]) -> dict[Subject, list[Event]]:
    """Group events by the records that they merge into, without those that nothing judges yet."""
    heard: dict[Subject, list[Event]] = {}
    for event in events:
        subject = subject_of(event)
        if subject is None:
            continue
        if subject in heard:
            heard[subject].append(event)
        else:
            heard[subject] = [event]
    return heard


def gathering(jurisdiction: str, contribution: Contribution) -> Subject:
    """Give whose record a contribution goes to."""
    if contribution.hospital is None:
        return Subject(jurisdiction, contribution.kind, contribution.product)
    key = ids.pair(contribution.hospital, contribution.product)
    return Subject(jurisdiction, contribution.kind, key)

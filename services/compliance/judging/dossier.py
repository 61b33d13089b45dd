"""A dossier: a record, and what was last said of it. One row of storage, one step of the engine."""

from datetime import datetime
from typing import TypeAlias

import msgspec
from msgspec import Struct

from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.records.announcement import Announcement
from services.compliance.records.appointments import Appointments
from services.compliance.records.commitment import Commitment
from services.compliance.records.evidence import Evidence
from services.compliance.records.order import Order
from services.compliance.records.supply import Supply
from shared.domain import calendar

Record: TypeAlias = Order | Announcement | Commitment | Appointments | Supply

RECORDS: dict[str, type[Record]] = {
    "order": Order,
    "announcement": Announcement,
    "commitment": Commitment,
    "appointments": Appointments,
    "supply": Supply,
}


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
    judged_at: datetime = calendar.EPOCH
    heard: datetime = calendar.EPOCH

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

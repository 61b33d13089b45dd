"""A dossier: a record, and what was last said of it. One row of storage, one step of the engine."""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.defect import Remedy
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.records.evidence import Evidence
from shared.domain import calendar
from shared.domain.records.contested import Contradiction
from shared.domain.records.record import Record

NOWHERE = Columns()
"""The columns of a record that was never judged."""


class LastTold(Struct, frozen=True, array_like=True, gc=False):
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
    pairs of rule and missing term; `contradictions` change no finding. A record is never judged
    earlier than it was. `aside` is what brings a record back that was set aside for a defect of
    ours, empty for all others.
    """

    findings: list[LastTold] = []
    given: list[Contribution] = []
    missing: list[tuple[str, str]] = []
    look_at: datetime | None = None
    hear_at: datetime | None = None
    judged_at: datetime = calendar.EPOCH
    heard: datetime = calendar.EPOCH
    aside: Remedy | Literal[""] = ""
    contradictions: list[Contradiction] = []

    def not_before(self, moment: Moment) -> Moment:
        """Give the moment of asking, never earlier than the last one."""
        if self.judged_at <= moment.now and self.heard <= moment.heard:
            return moment
        return Moment(max(self.judged_at, moment.now), max(self.heard, moment.heard))


class Dossier:
    """A record with its last judgement.

    `before` is the judgement with which the round took it, `columns` are what a change of the
    register finds it by, `causes` the facts told since it was last judged, `voids` those without
    which other records would have contributed otherwise since then.
    """

    __slots__ = (
        "before",
        "causes",
        "columns",
        "judgement",
        "record",
        "subject",
        "version",
        "voids",
    )

    def __init__(
        self,
        subject: Subject,
        record: Record | None = None,
        judgement: Judgement | None = None,
        version: int = 0,
        columns: Columns = NOWHERE,
    ) -> None:
        self.subject = subject
        self.record: Record = KINDS[subject.kind].record() if record is None else record
        self.judgement = Judgement() if judgement is None else judgement
        self.before = self.judgement
        self.version = version
        self.columns = columns
        self.causes: list[Evidence] = []
        self.voids: list[Evidence] = []

    def set_aside(self, remedy: Remedy) -> None:
        """Let what was last said stand, and look again only when that can bring the record back."""
        # A record that lacks a fact stays so, whatever goes wrong in it later.
        wanted = "rebuild" if self.judgement.aside == "rebuild" else remedy
        self.judgement = msgspec.structs.replace(
            self.judgement, look_at=None, hear_at=None, aside=wanted
        )
        self.causes, self.voids = [], []

    def conclude(self, judgement: Judgement, columns: Columns | None) -> None:
        """Note what was said of the record now, and where it stands if that is known."""
        self.judgement = judgement
        if columns is not None:
            self.columns = columns
        self.causes, self.voids = [], []


def needs_of(dossiers: Iterable[Dossier]) -> Needs:
    """Give what judging some dossiers asks of the register."""
    needs = Needs()
    for dossier in dossiers:
        KINDS[dossier.subject.kind].needs(needs, dossier.subject, dossier.record)
    return needs


_decode_record = {name: msgspec.msgpack.Decoder(kind.record) for name, kind in KINDS.items()}
decode_judgement = msgspec.msgpack.Decoder(Judgement).decode
encode = msgspec.msgpack.Encoder().encode


def decode_record(kind: str, record: bytes) -> Record:
    """Read a record as it was stored."""
    return _decode_record[kind].decode(record)


def decode(
    subject: Subject, record: bytes, judgement: bytes, version: int, columns: Columns
) -> Dossier:
    """Read a dossier as it was stored."""
    return Dossier(
        subject,
        decode_record(subject.kind, record),
        decode_judgement(judgement),
        version,
        columns,
    )

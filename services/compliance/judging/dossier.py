"""A dossier: a record, and what was last said of it. One row of storage, one step of the engine."""

from typing import Literal, NamedTuple

import msgspec
from msgspec import Struct

from services.compliance.judging.contributions.contribution import Value
from services.compliance.judging.defect import Remedy
from services.compliance.judging.judgement import Judgement, ToldAs
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.pieces import parted, pieces
from services.compliance.judging.subjects import Columns, Subject
from services.compliance.records.evidence import Evidence
from shared.domain.records.record import Gathered, Heard, Record

NOWHERE = Columns()
"""The columns of a record that was never judged."""


class Unread(NamedTuple):
    """What is stored of a record, or was last said of it, and cannot be read; None what can."""

    error: Exception
    record: bytes | None
    judgement: bytes | None


class Kept(Struct, frozen=True, array_like=True):
    """A judgement that cannot be read, kept as it is for a version that can, and what it waits for.

    No judgement is such an array: one begins with a list.
    """

    judgement: bytes
    aside: Remedy


class DossierBytes(NamedTuple):
    """A dossier as it is to be stored; where record and tail are None, they stay as they are."""

    record: bytes | None
    tail: bytes | None
    judgement: bytes


LARGE = 4_096
"""Bytes of a record that is not written whole for every contribution that is put into it."""

TAIL_SHARE, LONGEST_TAIL = 0.25, 8_192
"""How much of a record, and how many bytes, may be put into it until it is written whole."""


class Dossier:
    """A record with its last judgement.

    `before` is the judgement with which the round took it, `columns` are what a change of the
    register finds it by, `causes` the facts told since it was last judged, `voids` those without
    which other records would have contributed otherwise since then. What is `unread` is stored as
    it was. `told_as` is by what a finding is told apart from others in memory, and never stored.
    """

    __slots__ = (
        "_base",
        "_puts",
        "_said",
        "_stored",
        "before",
        "causes",
        "columns",
        "judgement",
        "record",
        "subject",
        "told_as",
        "unread",
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
        self.unread: Unread | None = None
        self.told_as: dict[int, ToldAs] = {}
        self._base = self._stored = 0, b""
        self._said = 0
        self._puts: list[tuple[Value | None, Value | None]] = []

    def set_aside(self, remedy: Remedy) -> Remedy:
        """Let what was last said stand, and look again only when that can bring the record back.

        Gives what that is.
        """
        # A record that lacks a fact stays so, whatever goes wrong in it later.
        wanted: Remedy = "rebuild" if self.judgement.aside == "rebuild" else remedy
        self.judgement = msgspec.structs.replace(
            self.judgement, look_at=None, hear_at=None, aside=wanted
        )
        self.causes, self.voids = [], []
        return wanted

    def put(self, old: Value | None, new: Value | None) -> None:
        """Put a contribution in the place of the one before it."""
        if not isinstance(self.record, Gathered):
            raise TypeError(f"{type(self.record).__name__} gathers nothing")
        self.record.put(old, new)
        self._puts.append((old, new))

    def encoded(self) -> tuple[bytes, bytes]:
        """Write the record and what was said of it, whole."""
        if self.unread is None:
            return encode(self.record), encode(self.judgement)
        _, record, judgement = self.unread
        aside = self.judgement.aside or "judge"
        return (
            encode(self.record) if record is None else record,
            encode(self.judgement if judgement is None else Kept(judgement, aside)),
        )

    def written(self) -> DossierBytes:
        """Write what of the dossier is to be stored in its row."""
        tail = self._grown_tail()
        if tail is not None:
            judgement = encode(self.judgement)
            self._stored, self._said = (self._base[0], tail), len(judgement)
            return DossierBytes(None, tail, judgement)
        record, judgement = self.encoded()
        self._stored, self._said = (len(record), b""), len(judgement)
        if self.unread is not None and self.unread.record is not None:
            return DossierBytes(None, None, judgement)
        return DossierBytes(record, b"", judgement)

    def _grown_tail(self) -> bytes | None:
        """Give what was put into a large record since it was stored, None where all is written."""
        (base, tail), record = self._base, self.record
        if base < LARGE or not isinstance(record, Gathered) or isinstance(record, Heard):
            return None
        if record.rearranged:
            return None
        grown = tail + pieces(encode(put) for put in self._puts)
        return grown if len(grown) <= min(base * TAIL_SHARE, LONGEST_TAIL) else None

    @property
    def size(self) -> int:
        """How many bytes record and judgement take in their row, as they were written last."""
        record, tail = self._stored
        return record + len(tail) + self._said

    def as_stored(self, record: int, tail: bytes, judgement: int) -> "Dossier":
        """Note of how many bytes record and judgement are, and what was put into it since."""
        self._base = self._stored = record, tail
        self._said = judgement
        return self

    def be_stored(self) -> None:
        """Take note that the row is as it was written last, and has the next version."""
        self.version += 1
        self._base, self._puts = self._stored, []
        if isinstance(self.record, Gathered):
            self.record.be_stored()

    def conclude(self, judgement: Judgement, columns: Columns | None) -> None:
        """Note what was said of the record now, and where it stands if that is known."""
        self.judgement = judgement
        if columns is not None:
            self.columns = columns
        self.causes, self.voids = [], []


_decode_record = {name: msgspec.msgpack.Decoder(kind.record) for name, kind in KINDS.items()}
decode_judgement = msgspec.msgpack.Decoder(Judgement).decode
_decode_kept = msgspec.msgpack.Decoder(Kept).decode
_decode_put = msgspec.msgpack.Decoder(tuple[Value | None, Value | None]).decode
encode = msgspec.msgpack.Encoder().encode


def decode_record(kind: str, record: bytes, tail: bytes = b"") -> Record:
    """Read a record as it was stored, and put into it what was put since."""
    held = _decode_record[kind].decode(record)
    if not tail:
        return held
    if not isinstance(held, Gathered):
        raise TypeError(f"{type(held).__name__} gathers nothing")
    for put in parted(tail):
        held.put(*_decode_put(put))
    return held


def decode(  # noqa: PLR0913  # a row has so many columns
    subject: Subject,
    record: bytes,
    judgement: bytes,
    version: int,
    columns: Columns,
    *,
    tail: bytes = b"",
) -> Dossier:
    """Read a dossier as it was stored; what cannot be read of it is `unread`."""
    try:
        held, said = decode_record(subject.kind, record, tail), decode_judgement(judgement)
    except Exception as error:  # noqa: BLE001  # one record's fault must not be all records'
        some, said, unread = _half_read(subject.kind, (record, tail), judgement, error)
        dossier = Dossier(subject, some, said, version, columns)
        dossier.unread = unread
        return dossier
    dossier = Dossier(subject, held, said, version, columns)
    return dossier.as_stored(len(record), tail, len(judgement))


def _half_read(
    kind: str, record: tuple[bytes, bytes], judgement: bytes, error: Exception
) -> tuple[Record | None, Judgement, Unread | None]:
    """Read what can be read of a dossier, and give the rest, if any, as it was."""
    held = unread_record = None
    said, unread_judgement = last_said(judgement)
    try:
        held = decode_record(kind, *record)
    except Exception as fault:  # noqa: BLE001  # as above
        error, unread_record = fault, record[0]
    whole = unread_record is None and unread_judgement is None
    return held, said, None if whole else Unread(error, unread_record, unread_judgement)


def last_said(judgement: bytes) -> tuple[Judgement, bytes | None]:
    """Read what was last said of a record, and give it as it is where it cannot be read."""
    try:
        return decode_judgement(judgement), None
    except Exception:  # noqa: BLE001  # as above
        aside, kept = _kept_in(judgement)
    try:
        return msgspec.structs.replace(decode_judgement(kept), aside=aside), None
    except Exception:  # noqa: BLE001  # as above
        return Judgement(aside=aside), kept


def _kept_in(judgement: bytes) -> tuple[Remedy | Literal[""], bytes]:
    try:
        kept = _decode_kept(judgement)
    except Exception:  # noqa: BLE001  # as above
        return "", judgement
    return kept.aside, kept.judgement

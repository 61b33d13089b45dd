"""The engine driven as a worker drives it, with rows and violations kept in memory.

Every step loads dossiers from their rows, hears, judges, passes contributions on, judges what
gathers them, and writes the rows back: between two steps nothing lives but what was encoded.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from services.compliance.findings.violation import Change
from services.compliance.judging import dossier
from services.compliance.judging.defect import Defect
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.kinds import begun
from services.compliance.judging.moment import Moment
from services.compliance.judging.round import Round
from services.compliance.judging.subjects import Columns, Subject, by_subject
from services.compliance.judging.weighing import WeighedKey
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register.register import Register
from shared.domain.cloudevents import Event


class Row(NamedTuple):
    """A dossier as it is stored, with the columns of a gathering record."""

    record: bytes
    tail: bytes
    judgement: bytes
    product: str | None
    hospital: str | None


class Line(NamedTuple):
    """A line of history, and the moment at which it was judged."""

    change: Change
    moment: Moment


class InMemoryWorker:
    """A worker without bus and database; `told` are the violations that stand, by their id."""

    def __init__(self, policies: Policies, settle: timedelta = timedelta(0)) -> None:
        self.law = Law(policies, Register(), settle)
        self.rows: dict[Subject, Row] = {}
        self.told: dict[UUID, dict[str, Any]] = {}
        self.history: list[Line] = []
        self.defects: dict[Subject, Defect] = {}
        self.weighed: Counter[WeighedKey] = Counter()

    def hear(self, events: Iterable[Event], moment: Moment) -> None:
        """Take a batch: its register events touch every record of their jurisdictions."""
        batch = list(events)
        judging = Round(self.law, moment)
        for event in batch:
            if self.law.register.merge(event) is not None:
                where = event.data.jurisdiction
                judging.look_at(name for name in self.rows if name.jurisdiction == where)
        judging.hear({subject: [] for subject in begun(batch)})
        judging.hear(by_subject(batch))
        self._judge(judging)

    def look_again(self, moment: Moment) -> None:
        """Judge every record for which the clock, or what was heard, has come far enough."""
        judging = Round(self.law, moment)
        judging.look_at(subject for subject in self.rows if self._is_due(subject, moment))
        self._judge(judging)

    def judge_again(self, moment: Moment) -> None:
        """Judge every record, as a worker does that was started with other policies."""
        judging = Round(self.law, moment)
        judging.look_at(self.rows)
        self._judge(judging)

    def violations(self) -> list[dict[str, Any]]:
        """All violations that were not withdrawn, sorted by rule, subject and anchor."""
        standing = [told for told in self.told.values() if told["status"] != "withdrawn"]
        return sorted(standing, key=lambda told: (told["rule"], told["subject"], told["anchor"]))

    def unjudged(self) -> dict[tuple[str, str], int]:
        """How many records cannot be judged, by rule and missing term."""
        return dict(Counter(reason for row in self.rows.values() for reason in _waits(row).missing))

    def _is_due(self, subject: Subject, moment: Moment) -> bool:
        waits = _waits(self.rows[subject])
        by_clock = waits.look_at is not None and waits.look_at <= moment.now
        return by_clock or (waits.hear_at is not None and waits.hear_at <= moment.heard)

    def _judge(self, judging: Round) -> None:
        """Judge level by level, and write it all."""
        while judging.next_level():
            stored = (subject for subject in judging.unloaded() if subject in self.rows)
            judging.open([self._load(subject) for subject in stored])
            judging.judge()
        self.defects |= judging.defects
        self._write(judging)

    def _load(self, subject: Subject) -> Dossier:
        row = self.rows[subject]
        columns = Columns(row.product, row.hospital)
        return dossier.decode(subject, row.record, row.judgement, 0, columns, tail=row.tail)

    def _write(self, judged: Round) -> None:
        """Store rows and violations; one that moved between two records was not withdrawn."""
        for subject, held in judged.dossiers.items():
            before, (record, tail, judgement) = self.rows.get(subject), held.written()
            if before is not None:
                record = before.record if record is None else record
                tail = before.tail if tail is None else tail
            assert record is not None
            assert tail is not None
            columns = held.columns
            self.rows[subject] = Row(record, tail, judgement, columns.product, columns.hospital)
        self.weighed.update(judged.weighed_counts())
        for change in judged.final_changes():
            if change.violation is not None:
                self.told[change.id] = msgspec.json.decode(msgspec.json.encode(change.violation))
            else:
                self.told[change.id]["status"] = "withdrawn"
        self.history += [Line(change, judged.moment) for change in judged.changes]


def _waits(row: Row) -> Judgement:
    return msgspec.msgpack.decode(row.judgement, type=Judgement)

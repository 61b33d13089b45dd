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
from services.compliance.judging import dossier, engine
from services.compliance.judging.dossier import Dossier, Judgement
from services.compliance.judging.engine import Transfer
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Columns, Subject, subject_of
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register.register import Register
from shared.domain import events as say
from shared.domain import topics
from shared.domain.cloudevents import Event

FIRST_LEVEL = ("order", "announcement")


class Row(NamedTuple):
    """A dossier as it is stored, with the columns of a gathering record."""

    record: bytes
    judgement: bytes
    product: str | None
    hospital: str | None


class Line(NamedTuple):
    """A line of history, and the moment at which it was judged."""

    change: Change
    moment: Moment


class Incremental:
    """A worker without bus and database; `told` are the violations that stand, by their id."""

    def __init__(self, policies: Policies, settle: timedelta = timedelta(0)) -> None:
        self.law = Law(policies, Register(), settle)
        self.rows: dict[Subject, Row] = {}
        self.told: dict[UUID, dict[str, Any]] = {}
        self.history: list[Line] = []
        self._loaded: dict[Subject, Dossier] = {}
        self._transfers: list[Transfer] = []
        self._changes: list[Line] = []

    def hear(self, events: Iterable[Event], moment: Moment) -> None:
        """Take a batch: its register events touch every record of their jurisdictions."""
        touched: dict[Subject, None] = {}
        for event in events:
            if event.topic == topics.REGISTER.name:
                self._register(event)
                where = event.data.jurisdiction
                touched |= {name: None for name in self._known() if name.jurisdiction == where}
            elif (subject := subject_of(event)) is not None:
                engine.hear(self._load(subject), event)
                touched[subject] = None
        self._judge(touched, moment)

    def look_again(self, moment: Moment) -> None:
        """Judge every record for which the clock, or what was heard, has come far enough."""
        due = {subject: None for subject in list(self.rows) if self._is_due(subject, moment)}
        self._judge(due, moment)

    def violations(self) -> list[dict[str, Any]]:
        """All violations that were not withdrawn, sorted by rule, subject and anchor."""
        standing = [told for told in self.told.values() if told["status"] != "withdrawn"]
        return sorted(standing, key=lambda told: (told["rule"], told["subject"], told["anchor"]))

    def unjudged(self) -> dict[tuple[str, str], int]:
        """How many records cannot be judged, by rule and missing term."""
        return dict(Counter(reason for row in self.rows.values() for reason in _waits(row).missing))

    def _register(self, event: Event) -> None:
        """An agreement creates the appointments of the product that it had and of the new one."""
        self.law.register.merge(event)
        self.law.forget()
        if isinstance(event.data, say.AgreementSigned):
            where, product = event.data.jurisdiction, event.data.product
            self._load(Subject(where, "appointments", product))

    def _known(self) -> list[Subject]:
        return list({**self.rows, **self._loaded})

    def _is_due(self, subject: Subject, moment: Moment) -> bool:
        waits = _waits(self.rows[subject])
        by_clock = waits.look_at is not None and waits.look_at <= moment.now
        return by_clock or (waits.hear_at is not None and waits.hear_at <= moment.heard)

    def _load(self, subject: Subject) -> Dossier:
        if subject not in self._loaded:
            row = self.rows.get(subject)
            if row is None:
                self._loaded[subject] = Dossier(subject)
            else:
                columns = Columns(row.product, row.hospital)
                read = dossier.decode(subject, row.record, row.judgement, 0, columns)
                self._loaded[subject] = read
        return self._loaded[subject]

    def _judge(self, subjects: Iterable[Subject], moment: Moment) -> None:
        """Judge what was heard or is due, then what gathers from it, and write it all."""
        gathering: dict[Subject, None] = {}
        for subject in subjects:
            if subject.kind in FIRST_LEVEL:
                self._judge_one(subject, moment)
            else:
                gathering[subject] = None
        for transfer in self._transfers:
            engine.receive(self._load(transfer.target), transfer)
            gathering[transfer.target] = None
        self._transfers = []
        for subject in gathering:
            self._judge_one(subject, moment)
        self._write()

    def _judge_one(self, subject: Subject, moment: Moment) -> None:
        judged = engine.judge(self._load(subject), self.law, moment)
        self._transfers += judged.transfers
        self._changes += [Line(change, moment) for change in judged.changes]

    def _write(self) -> None:
        """Store rows and violations; one that moved between two records was not withdrawn."""
        for subject, held in self._loaded.items():
            record, judgement = dossier.encode(held.record), dossier.encode(held.judgement)
            self.rows[subject] = Row(record, judgement, held.columns.product, held.columns.hospital)
        self._loaded = {}
        found = {change.id for change, _ in self._changes if change.violation is not None}
        for change, _ in self._changes:
            if change.violation is not None:
                self.told[change.id] = msgspec.json.decode(msgspec.json.encode(change.violation))
            elif change.id not in found:
                self.told[change.id]["status"] = "withdrawn"
        self.history += self._changes
        self._changes = []


def _waits(row: Row) -> Judgement:
    return msgspec.msgpack.decode(row.judgement, type=Judgement)

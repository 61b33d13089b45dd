"""Merges facts into records, judges them, and says what changed. Pure: no clock, no I/O.

Whoever drives it loads what each step needs: `hear` merges an event into a record; `receive` puts
a contribution into the record that gathers it; `judge` says all that there is to say of a record,
compares it with what was last told, and gives what the record contributes to others.
"""

from collections.abc import Iterable
from typing import cast

from msgspec import Struct

from services.compliance.findings.violation import Change
from services.compliance.judging.comparison import Comparison
from services.compliance.judging.contributions.contribution import Contribution, Transfer
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.kind import Kind
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.judging.voided import Heeded, heed
from services.compliance.law.law import Law
from services.compliance.records.evidence import Evidence
from shared.domain.cloudevents import Event
from shared.domain.records.record import Heard, Record
from shared.domain.records.telling import Telling, stored
from shared.domain.records.voids import Voidable


class Judged(Struct, frozen=True, gc=False):
    """What a judgement changed: lines of history, and contributions to pass on."""

    changes: list[Change]
    transfers: list[Transfer]


def merge(record: Record, telling: Telling, event: Event) -> None:
    """Merge an event into a record that hears of it."""
    if not isinstance(record, Heard):
        raise TypeError(f"{type(record).__name__} hears of no events, told {event.type}")
    record.merge(telling, event.data)


def hear(dossier: Dossier, event: Event) -> None:
    """Merge an event into the record that it is about, ready to be stored."""
    telling = stored(event)
    merge(dossier.record, telling, event)
    dossier.causes.append(Evidence(event.type, telling))


def receive(dossier: Dossier, transfer: Transfer) -> None:
    """Put a contribution in the place of the one before it."""
    old, new = transfer.old, transfer.new
    dossier.put(None if old is None else old.value, None if new is None else new.value)
    if transfer.causes:
        dossier.causes += transfer.causes
    if transfer.voids:
        dossier.voids += transfer.voids


def judge(dossier: Dossier, law: Law, moment: Moment, *, once: bool = False) -> Judged:
    """Judge a record, and note in its dossier what was said.

    What is judged `once` is never stored: nothing is made smaller or tidied for that.
    """
    before, causes = dossier.judgement.given, dossier.causes
    moment = dossier.judgement.not_before(moment)
    kind = KINDS[dossier.subject.kind]
    comparison = Comparison(dossier, law, moment)
    heeded = _heeded(kind, dossier, law, moment)
    judgement = comparison.take(heeded.said)
    changes, now = comparison.changes(heeded), judgement.given
    kept = now
    if not once:
        if comparison.tidying is not None:
            comparison.tidying.tidy()
        judgement.given = kept = [item.kept for item in now]
    dossier.conclude(judgement, comparison.columns)
    transfers = []
    if before != kept:
        transfers = _transfers(
            dossier.subject, before, zip(now, kept, strict=True), tuple(causes), heeded
        )
    return Judged(changes, transfers)


def _heeded(kind: Kind, dossier: Dossier, law: Law, moment: Moment) -> Heeded:
    """Say all that there is to say of a record; almost none has heard of a void."""
    subject, record = dossier.subject, dossier.record
    if getattr(record, "voids", None) is None:
        return Heeded(kind.says(kind, subject, record, law, moment))
    return heed(
        cast(Voidable, record),
        subject.jurisdiction,
        moment,
        lambda standing: kind.says(kind, subject, standing, law, moment),
    )


def _transfers(
    giver: Subject,
    before: list[Contribution],
    now: Iterable[tuple[Contribution, Contribution]],
    causes: tuple[Evidence, ...],
    heeded: Heeded,
) -> list[Transfer]:
    """Give new minus kept, over the targets of both, with the voids that had a part in it.

    What is given now comes with what is remembered of it.
    """
    where = giver.jurisdiction
    if not before and not heeded.swayed:
        first = {item.target(where): item for item, _ in now}
        return [Transfer(target, None, item, causes) for target, item in first.items()]
    new = {item.target(where): (item, kept) for item, kept in now}
    old = {item.target(where): item for item in before}
    transfers = []
    for target in {**old, **new}:
        was, (is_now, kept) = old.get(target), new.get(target, NOTHING_NOW)
        if was != kept:
            voids = heeded.voids if target in heeded.swayed else ()
            transfers.append(Transfer(target, was, is_now, causes, voids))
    return transfers


NOTHING_NOW: tuple[Contribution | None, Contribution | None] = (None, None)

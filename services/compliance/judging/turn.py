"""A turn: the pure part of one batch or sweep, from loaded dossiers to what must be written.

It is driven in steps, because what to load next depends on what was judged: `hear` events, judge
the dossiers heard, `pass_on` their contributions to the dossiers that gather them, judge those.
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from services.compliance.findings.violation import Change
from services.compliance.judging import engine
from services.compliance.judging.dossier import Dossier, Judgement, needs_of
from services.compliance.judging.engine import Transfer
from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Subject
from services.compliance.law.law import Law
from shared.domain.cloudevents import Event

OpenKey = tuple[str, str, str, str, bool]
FoundKey = tuple[str, str, str, str]
UnjudgedKey = tuple[str, str, str]


class Turn:
    """Dossiers that were judged together, and everything that changed."""

    def __init__(self, law: Law, moment: Moment) -> None:
        self.law = law
        self.moment = moment
        self.dossiers: dict[Subject, Dossier] = {}
        self.before: dict[Subject, Judgement] = {}
        self.changes: list[Change] = []
        self.transfers: list[Transfer] = []

    def add(self, dossiers: Iterable[Dossier]) -> None:
        """Take loaded dossiers in, as they were last judged."""
        for dossier in dossiers:
            self.dossiers[dossier.subject] = dossier
            self.before[dossier.subject] = dossier.judgement

    def new(self, subjects: Iterable[Subject]) -> None:
        """Begin dossiers for the subjects that have none."""
        self.add(Dossier(subject) for subject in subjects if subject not in self.dossiers)

    def hear(self, heard: Mapping[Subject, Iterable[Event]]) -> None:
        """Merge events into the dossiers that they are about."""
        for subject, events in heard.items():
            dossier = self.dossiers[subject]
            for event in events:
                engine.hear(dossier, event)

    def judge(self, subjects: Iterable[Subject]) -> None:
        """Judge dossiers; what they contribute to others waits in `transfers`."""
        for subject in subjects:
            judged = engine.judge(self.dossiers[subject], self.law, self.moment)
            self.changes += judged.changes
            self.transfers += judged.transfers

    def needs(self, subjects: Iterable[Subject]) -> Needs:
        """Give what judging some dossiers asks of the register."""
        return needs_of(self.dossiers[subject] for subject in subjects)

    def pass_on(self) -> list[Subject]:
        """Put the waiting contributions in place; gives the dossiers that must be judged."""
        targets = list(dict.fromkeys(transfer.target for transfer in self.transfers))
        for transfer in self.transfers:
            engine.receive(self.dossiers[transfer.target], transfer)
        self.transfers = []
        return targets

    def told(self) -> list[Change]:
        """Give one change a violation; one that moved between dossiers was not withdrawn."""
        found = {change.id: change for change in self.changes if change.violation is not None}
        gone = {change.id: change for change in self.changes if change.violation is None}
        return [*found.values(), *(change for key, change in gone.items() if key not in found)]

    def open_counts(self) -> Counter[OpenKey]:
        """Give how the numbers of open violations changed."""
        counts: Counter[OpenKey] = Counter()
        for subject, dossier in self.dossiers.items():
            was, now = self.before[subject].findings, dossier.judgement.findings
            for findings, sign in ((was, -1), (now, 1)) if was or now else ():
                for told in findings:
                    if told.cured_at is None:
                        place = told.area or ""
                        key = (subject.jurisdiction, told.rule, told.severity, place, told.exempt)
                        counts[key] += sign
        return Counter({key: count for key, count in counts.items() if count})

    def found_counts(self) -> Counter[FoundKey]:
        """Give how many violations were newly found, an act that was over at once among them.

        Neither one that is exempt, nor one that only takes the place of another: nobody needs to be
        told of those. One that was over and goes on again is found again.
        """
        news = {
            change.id.bytes: change.violation
            for change in self.told()
            if change.kind != "changed" and change.violation is not None and not change.supersedes
        }
        known = {
            told.id: told
            for held in (self.before.values() if news else ())
            for told in held.findings
            if told.id in news
        }
        counts: Counter[FoundKey] = Counter()
        for name, found in news.items():
            was = known.get(name)
            again = was is not None and was.cured_at is not None and found.cured_at is None
            if not found.exempt and (was is None or again):
                counts[found.jurisdiction, found.rule, found.severity, found.area or ""] += 1
        return counts

    def unjudged_counts(self) -> Counter[UnjudgedKey]:
        """Give how the numbers of unjudged records changed."""
        counts: Counter[UnjudgedKey] = Counter()
        for subject, dossier in self.dossiers.items():
            was, now = self.before[subject].missing, dossier.judgement.missing
            if was == now:
                continue
            for missing, sign in ((was, -1), (now, 1)):
                for rule, term in missing:
                    counts[subject.jurisdiction, rule, term] += sign
        return Counter({key: count for key, count in counts.items() if count})

    def forget_watches(self, subjects: Iterable[Subject]) -> None:
        """Note that the watches of dossiers that were due are gone: new ones must be written."""
        for subject in subjects:
            self.before[subject] = msgspec.structs.replace(
                self.before[subject], look_at=None, hear_at=None
            )

    def watches(self) -> tuple[list[Dossier], list[Dossier]]:
        """Give the dossiers whose next look moved, and those that wait for nothing any more."""
        moved: list[Dossier] = []
        done: list[Dossier] = []
        for subject, dossier in self.dossiers.items():
            was, now = self.before[subject], dossier.judgement
            if was.look_at == now.look_at and was.hear_at == now.hear_at:
                continue
            waits = now.look_at is not None or now.hear_at is not None
            (moved if waits else done).append(dossier)
        return moved, done

"""A round: the pure part of one batch, sweep or replay, from what is told to what must be written.

Whatever drives it does so level by level, because what to load next depends on what was judged:

    while judging.next_level():
        judging.open(those stored of judging.unloaded())
        judging.judge()
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from services.compliance.findings.violation import Change
from services.compliance.judging import engine
from services.compliance.judging.contributions.contribution import Transfer
from services.compliance.judging.defect import Defect, Remedy, defect_of
from services.compliance.judging.dossier import Dossier, needs_of
from services.compliance.judging.kinds import KINDS, LEVELS
from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Subject
from services.compliance.law.law import Law
from shared.domain.cloudevents import Event
from shared.domain.records.contested import Contradiction

OpenKey = tuple[str, str, str, str, bool]
FoundKey = tuple[str, str, str, str]
UnjudgedKey = tuple[str, str, str]


class Contradicted(NamedTuple):
    """Contradictions that went and came, each with the record that they are in."""

    gone: list[tuple[Subject, Contradiction]]
    new: list[tuple[Subject, Contradiction]]


PART = 500
"""Records that are judged without a pause: some hundredths of a second."""


class Level(NamedTuple):
    """What waits for the records of a level: events, contributions, or only to be looked at."""

    heard: dict[Subject, list[Event]]
    given: dict[Subject, list[Transfer]]
    due: dict[Subject, None]


class Round:
    """Records judged together, level by level, and everything that changed."""

    def __init__(self, law: Law, moment: Moment) -> None:
        self.law = law
        self.moment = moment
        self.dossiers: dict[Subject, Dossier] = {}
        self.changes: list[Change] = []
        self.defects: dict[Subject, Defect] = {}
        self._levels = {number: Level({}, {}, {}) for number in LEVELS}
        self._level = Level({}, {}, {})
        self._opened: list[Dossier] = []

    def hear(self, heard: Mapping[Subject, list[Event]]) -> None:
        """Have events merged into the records that they are about; no events begin a record."""
        for subject, events in heard.items():
            self._waiting(subject).heard.setdefault(subject, []).extend(events)

    def give(self, transfers: Iterable[Transfer]) -> None:
        """Have contributions put into the records that gather them."""
        for transfer in transfers:
            target = transfer.target
            given = self._waiting(target).given
            held = given.get(target)
            if held is None:
                given[target] = [transfer]
            else:
                held.append(transfer)

    def look_at(self, subjects: Iterable[Subject]) -> None:
        """Have records judged that are due, where there are such."""
        for subject in subjects:
            self._waiting(subject).due[subject] = None

    def begin(self, subject: Subject) -> Dossier:
        """Begin a record that is not stored anywhere, and is judged like all others."""
        dossier = self.dossiers[subject] = Dossier(subject)
        self._waiting(subject).due[subject] = None
        return dossier

    def _waiting(self, subject: Subject) -> Level:
        level = self._levels.get(KINDS[subject.kind].level)
        if level is None:
            raise ValueError(f"the level of {subject} was judged already: see judging/kinds.py")
        return level

    def next_level(self, last: int = LEVELS[-1]) -> bool:
        """Go on to the next level, `last` at most; gives whether there was one with anything."""
        for number in LEVELS:
            if number <= last and number in self._levels:
                self._level = self._levels.pop(number)
                if any(self._level):
                    return True
        return False

    def unloaded(self) -> list[Subject]:
        """Give whose dossiers this level needs and has not, in order."""
        wanted = {subject for waiting in self._level for subject in waiting}
        return sorted(wanted - self.dossiers.keys())

    def open(self, loaded: Iterable[Dossier] = ()) -> None:
        """Take dossiers as they are stored, begin the rest, and put in what waits for them."""
        for dossier in loaded:
            dossier.before = dossier.judgement
            self.dossiers[dossier.subject] = dossier
        for subject, events in self._level.heard.items():
            dossier = self._held(subject)
            try:
                for event in events:
                    engine.hear(dossier, event)
            except Exception as error:  # noqa: BLE001  # one record's fault must not be all records'
                self.set_aside(dossier, error, "rebuild")
        for subject, transfers in self._level.given.items():
            dossier = self._held(subject)
            try:
                for transfer in transfers:
                    engine.receive(dossier, transfer)
            except Exception as error:  # noqa: BLE001  # as above
                self.set_aside(dossier, error, "rebuild")
        subjects = dict.fromkeys((*self._level.heard, *self._level.given, *self._level.due))
        held = (self.dossiers.get(subject) for subject in subjects)
        self._opened = [dossier for dossier in held if dossier is not None]

    def needs(self) -> Needs:
        """Give what judging this level asks of the register."""
        return needs_of(self._opened)

    def judge(self) -> None:
        """Judge this level; what its records contribute to others waits for a later one."""
        for _ in self.parts():
            pass

    def parts(self) -> Iterator[None]:
        """Judge this level bit by bit, so that its driver can see to other things in between."""
        given: list[Transfer] = []
        for number, dossier in enumerate(self._opened):
            if number % PART == PART - 1:
                yield
            if dossier.judgement.aside == "rebuild":
                continue
            try:
                judged = engine.judge(dossier, self.law, self.moment)
            except Exception as error:  # noqa: BLE001  # as above
                self.set_aside(dossier, error, "judge")
                continue
            self.changes += judged.changes
            given += judged.transfers
        self.give(given)

    def set_aside(self, dossier: Dossier, error: Exception, remedy: Remedy) -> None:
        """Set a record aside for a defect of ours; all others go on."""
        dossier.set_aside(remedy)
        self.defects[dossier.subject] = defect_of(error, remedy)

    def brought_back(self) -> list[Subject]:
        """Give the records that were set aside before and are judged again."""
        return sorted(
            subject
            for subject, dossier in self.dossiers.items()
            if dossier.before.aside and not dossier.judgement.aside
        )

    def leave(self, kinds: Collection[str], wanted: Callable[[Subject], bool]) -> None:
        """Forget the records of some kinds, and what is contributed to records not wanted.

        Of an archive that several judge, each needs what is said of its own orders.
        """
        for level in self._levels.values():
            for subject in [subject for subject in level.given if not wanted(subject)]:
                del level.given[subject]
        for subject in [subject for subject in self.dossiers if subject.kind in kinds]:
            del self.dossiers[subject]
            self.defects.pop(subject, None)

    def given(self) -> list[Transfer]:
        """Give the contributions that wait for levels not judged yet."""
        waiting = (level.given.values() for level in self._levels.values())
        return [transfer for given in waiting for transfers in given for transfer in transfers]

    def _held(self, subject: Subject) -> Dossier:
        dossier = self.dossiers.get(subject)
        if dossier is None:
            dossier = self.dossiers[subject] = Dossier(subject)
        return dossier

    def final_changes(self) -> list[Change]:
        """Give one change a violation; one that moved between dossiers was not withdrawn."""
        found = {change.id: change for change in self.changes if change.violation is not None}
        gone = {change.id: change for change in self.changes if change.violation is None}
        return [*found.values(), *(change for key, change in gone.items() if key not in found)]

    def open_counts(self) -> Counter[OpenKey]:
        """Give how the numbers of open violations changed."""
        counts: Counter[OpenKey] = Counter()
        for subject, dossier in self.dossiers.items():
            was, now = dossier.before.findings, dossier.judgement.findings
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
            for change in self.final_changes()
            if change.kind != "changed" and change.violation is not None and not change.supersedes
        }
        known = {
            told.id: told
            for dossier in (self.dossiers.values() if news else ())
            for told in dossier.before.findings
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
            was, now = dossier.before.missing, dossier.judgement.missing
            if was == now:
                continue
            for missing, sign in ((was, -1), (now, 1)):
                for rule, term in missing:
                    counts[subject.jurisdiction, rule, term] += sign
        return Counter({key: count for key, count in counts.items() if count})

    def contradictions(self) -> Contradicted:
        """Give the contradictions that came up, and those that are none any more."""
        gone: list[tuple[Subject, Contradiction]] = []
        new: list[tuple[Subject, Contradiction]] = []
        for subject, dossier in self.dossiers.items():
            was, now = dossier.before.contradictions, dossier.judgement.contradictions
            if was or now:
                gone += [(subject, one) for one in was if one not in now]
                new += [(subject, one) for one in now if one not in was]
        return Contradicted(gone, new)

    def forget_watches(self, subjects: Iterable[Subject]) -> None:
        """Note that the watches of dossiers that were due are gone: new ones must be written."""
        for subject in subjects:
            dossier = self.dossiers.get(subject)
            if dossier is not None:
                before = dossier.before
                dossier.before = msgspec.structs.replace(before, look_at=None, hear_at=None)

    def watches(self) -> tuple[list[Dossier], list[Dossier]]:
        """Give the dossiers whose next look moved, and those that wait for nothing any more."""
        moved: list[Dossier] = []
        done: list[Dossier] = []
        for dossier in self.dossiers.values():
            was, now = dossier.before, dossier.judgement
            if was.look_at == now.look_at and was.hear_at == now.hear_at:
                continue
            waits = now.look_at is not None or now.hear_at is not None
            (moved if waits else done).append(dossier)
        return moved, done

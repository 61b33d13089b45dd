"""What came of records that were judged together: everything that changed, and by how much."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

import msgspec

from services.compliance.findings.violation import Change
from services.compliance.judging.defect import Defect
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.judgement import Judgement
from services.compliance.judging.subjects import Subject
from services.compliance.judging.weighing import WeighedKey
from shared.domain.records.contested import Contradiction

K = TypeVar("K")
T = TypeVar("T")

OpenKey = tuple[str, str, str, str, bool]
FoundKey = tuple[str, str, str, str]
UnjudgedKey = tuple[str, str, str]


class Contradicted(NamedTuple):
    """Contradictions that went and came, each with the record that they are in."""

    gone: list[tuple[Subject, Contradiction]]
    new: list[tuple[Subject, Contradiction]]


class Upshot:
    """Records as they were judged, what `changed` of each, and the defects met in some."""

    def __init__(self) -> None:
        self.dossiers: dict[Subject, Dossier] = {}
        self.changed: dict[Subject, list[Change]] = {}
        self.defects: dict[Subject, Defect] = {}

    def only(self, subjects: Iterable[Subject]) -> "Upshot":
        """Give what came of some records alone."""
        part = Upshot()
        for subject in subjects:
            part.dossiers[subject] = self.dossiers[subject]
            if subject in self.changed:
                part.changed[subject] = self.changed[subject]
            if subject in self.defects:
                part.defects[subject] = self.defects[subject]
        return part

    @property
    def size(self) -> int:
        """How many bytes the records and what was said of them take as stored."""
        return sum(dossier.size for dossier in self.dossiers.values())

    @property
    def changes(self) -> list[Change]:
        """Give what changed, record by record."""
        return [change for changes in self.changed.values() for change in changes]

    def brought_back(self) -> list[Subject]:
        """Give the records that were set aside before and are judged again."""
        return sorted(
            subject
            for subject, dossier in self.dossiers.items()
            if dossier.before.aside and not dossier.judgement.aside
        )

    def final_changes(self) -> list[Change]:
        """Give one change a violation; one that moved between dossiers was not withdrawn."""
        found = {change.id: change for change in self.changes if change.violation is not None}
        gone = {change.id: change for change in self.changes if change.violation is None}
        return [*found.values(), *(change for key, change in gone.items() if key not in found)]

    def open_counts(self) -> Counter[OpenKey]:
        """Give how the numbers of open violations changed."""
        return self._moved(
            lambda judgement: judgement.findings,
            lambda where, told: (
                (where, told.rule, told.severity, told.area or "", told.exempt),
                int(told.cured_at is None),
            ),
        )

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
        return self._moved(
            lambda judgement: judgement.missing, lambda where, missing: ((where, *missing), 1)
        )

    def weighed_counts(self) -> Counter[WeighedKey]:
        """Give how it changed of how many things rules said something."""
        return self._moved(
            lambda judgement: judgement.weighed, lambda where, held: (held.key(where), held.number)
        )

    def _moved(
        self, kept: Callable[[Judgement], list[T]], counted: Callable[[str, T], tuple[K, int]]
    ) -> Counter[K]:
        """Count new minus kept, of what judgements keep in a jurisdiction."""
        counts: Counter[K] = Counter()
        for subject, dossier in self.dossiers.items():
            was, now = kept(dossier.before), kept(dossier.judgement)
            if was != now:
                for held, sign in ((was, -1), (now, 1)):
                    for one in held:
                        key, number = counted(subject.jurisdiction, one)
                        counts[key] += sign * number
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

"""A round: the pure part of one batch, sweep or replay, from what is told to what must be written.

Whatever drives it does so level by level, because what to load next depends on what was judged:

    while judging.next_level():
        judging.open(those stored of judging.unloaded())
        judging.judge()
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import NamedTuple, TypeAlias, TypeVar

from services.compliance.judging import engine
from services.compliance.judging.contributions.contribution import Transfer
from services.compliance.judging.defect import Remedy, defect_of
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.kinds import KINDS, LEVELS
from services.compliance.judging.moment import Moment
from services.compliance.judging.needs import Needs
from services.compliance.judging.subjects import Subject
from services.compliance.judging.upshot import Upshot
from services.compliance.law.law import Law
from shared.domain.cloudevents import Event

T = TypeVar("T")

PART = 500
"""Records that are judged without a pause: some hundredths of a second."""


class Level(NamedTuple):
    """What waits for the records of a level: events, contributions, or only to be looked at."""

    heard: dict[Subject, list[Event]]
    given: dict[Subject, list[Transfer]]
    due: dict[Subject, None]


class RefusedRecord(NamedTuple):
    """Why what was made of a record cannot be written; and whether it is better left as it was."""

    error: Exception
    remedy: Remedy


Refused: TypeAlias = Mapping[Subject, RefusedRecord]
NOTHING: Refused = {}
UNSETTLED_NOWHERE: Mapping[int, datetime] = {}


class Round(Upshot):
    """Records judged together, level by level.

    `refused` are set aside without being judged: a round before this one could not be written
    because of them. `settled` says of levels until when silence counts there, where that is not all
    that was heard. A round that is all there is judges `once`, and nothing of it is stored.
    """

    def __init__(
        self,
        law: Law,
        moment: Moment,
        refused: Refused = NOTHING,
        *,
        settled: Mapping[int, datetime] = UNSETTLED_NOWHERE,
        once: bool = False,
    ) -> None:
        super().__init__()
        self.law = law
        self.moment = self._at = moment
        self._refused = refused
        self._settled = settled
        self._once = once
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
                heard = self._settled.get(number, self.moment.heard)
                self._at = Moment(self.moment.now, heard)
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
            self._put_in(engine.hear, self._held(subject), events)
        for subject, transfers in self._level.given.items():
            self._put_in(engine.receive, self._held(subject), transfers)
        subjects = dict.fromkeys((*self._level.heard, *self._level.given, *self._level.due))
        held = (self.dossiers.get(subject) for subject in subjects)
        self._opened = [dossier for dossier in held if dossier is not None]
        for dossier in self._opened:
            if dossier.unread is not None:
                self.set_aside(dossier, dossier.unread.error, "judge")
            elif (refusal := self._refused.get(dossier.subject)) is not None:
                self.set_aside(dossier, *refusal)

    def _put_in(
        self, put: Callable[[Dossier, T], None], dossier: Dossier, told: Iterable[T]
    ) -> None:
        """Put into a record what it is told, unless nothing can be put into it."""
        refusal, unread = self._refused.get(dossier.subject), dossier.unread
        if unread is not None and unread.record is not None:
            self.set_aside(dossier, unread.error, "rebuild")
        elif refusal is not None and refusal.remedy == "rebuild":
            self.set_aside(dossier, *refusal)
        else:
            try:
                for one in told:
                    put(dossier, one)
            except Exception as error:  # noqa: BLE001  # one record's fault must not be all records'
                self.set_aside(dossier, error, "rebuild")

    def needs(self) -> Needs:
        """Give what judging this level asks of the register."""
        needs = Needs()
        for dossier in self._opened:
            try:
                KINDS[dossier.subject.kind].needs(needs, dossier.subject, dossier.record)
            except Exception as error:  # noqa: BLE001  # as above
                self.set_aside(dossier, error, "judge")
        return needs

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
            if dossier.judgement.aside == "rebuild" or dossier.subject in self.defects:
                continue
            try:
                judged = engine.judge(dossier, self.law, self._at, once=self._once)
            except Exception as error:  # noqa: BLE001  # as above
                self.set_aside(dossier, error, "judge")
                continue
            if judged.changes:
                self.changed[dossier.subject] = judged.changes
            given += judged.transfers
        self.give(given)

    def set_aside(self, dossier: Dossier, error: Exception, remedy: Remedy) -> None:
        """Set a record aside for a defect of ours; all others go on."""
        wanted = dossier.set_aside(remedy)
        self.defects[dossier.subject] = defect_of(error, wanted)

    def leave(self, kinds: Collection[str], wanted: Callable[[Subject], bool]) -> None:
        """Forget the records of some kinds, and what is contributed to records not wanted.

        Of an archive that several judge, each needs what is said of its own orders.
        """
        self.give_away(wanted)
        for subject in [subject for subject in self.dossiers if subject.kind in kinds]:
            del self.dossiers[subject]
            self.defects.pop(subject, None)

    def give_away(self, wanted: Callable[[Subject], bool]) -> list[Transfer]:
        """Give away the contributions that wait for records not wanted here."""
        away: list[Transfer] = []
        for level in self._levels.values():
            for subject in [subject for subject in level.given if not wanted(subject)]:
                away += level.given.pop(subject)
        return away

    def _held(self, subject: Subject) -> Dossier:
        dossier = self.dossiers.get(subject)
        if dossier is None:
            dossier = self.dossiers[subject] = Dossier(subject)
        return dossier

"""Judges an archive of events in process, without bus or database, with the same engine."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime

from services.compliance.findings.violation import Violation
from services.compliance.judging import engine
from services.compliance.judging.contributions.contribution import Transfer
from services.compliance.judging.defect import Defect, defects_of
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.kinds import LAST_HEARD, LEVELS, begun
from services.compliance.judging.moment import Moment
from services.compliance.judging.round import Round
from services.compliance.judging.subjects import Subject, subject_of
from services.compliance.judging.weighing import WeighedKey
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.register import changes
from services.compliance.register.entries import entry_of
from services.compliance.register.register import Register
from shared.domain.cloudevents import Event
from shared.domain.records.telling import telling_of

ContradictionKey = tuple[str, str]

LENT = ("payment",)
"""The kinds of record that all who share an archive are told of."""


class Replay:
    """All that an archive tells until `as_of`, which is also the moment of asking (UTC).

    Events may come in any order. An archive may be shared out among replays that are all told the
    register: each judges its orders, gives away what these contribute to records that are not
    `mine`, takes what the others give to its own, and judges these; one joins what all have found.
    """

    def __init__(self, policies: Policies, as_of: datetime) -> None:
        self.moment = Moment(as_of, as_of)
        self.law = Law(policies, Register())
        self.mine: Callable[[Subject], bool] = lambda _subject: True
        self._round = Round(self.law, self.moment, once=True)
        self._found: list[Violation] = []
        self._unjudged: Counter[tuple[str, str]] = Counter()
        self._defects: dict[Subject, Defect] = {}
        self._contradictions: Counter[ContradictionKey] = Counter()

    def tell(self, event: Event) -> bool:
        """Take an event in; one told after `as_of` is left out. Gives whether it counts."""
        if event.told > self.moment.now:
            return False
        self.know(event)
        subject = subject_of(event)
        if subject is None:
            return True
        dossier = self._round.dossiers.get(subject)
        if dossier is None:
            dossier = self._round.begin(subject)
        try:
            engine.merge(dossier.record, telling_of(event), event)
        except Exception as error:  # noqa: BLE001  # one record's fault must not be all records'
            self._round.set_aside(dossier, error, "rebuild")
        return True

    def know(self, event: Event) -> None:
        """Take in what an event tells of the law alone: all shares are judged by it."""
        if event.told > self.moment.now or entry_of(event) is None:
            return
        failed = changes.merge(self.law.register, [event]).failed
        if failed:
            self._defects.update(defects_of(failed))
        for begins in begun([event]):
            if begins not in self._round.dossiers and self.mine(begins):
                self._round.begin(begins)

    def judge_orders(self, has: Callable[[str], bool] | None = None, *, first: bool = True) -> None:
        """Judge what events merge into, which others may share; no more can be told then.

        Of an archive that is shared out, `has` says of which orders this is told. All are told all
        payments, for one may be told twice and name two orders: each gives them to its own orders,
        and the `first` alone answers for all else of them.
        """
        if has is not None:
            self._judge(LEVELS[0])
            self._round.leave(
                () if first else LENT,
                lambda named: has(named.key) if named.kind == "order" else first,
            )
        self._judge(LAST_HEARD)

    def give_away(self) -> list[Transfer]:
        """Give what the orders contribute to records that others gather, once judged."""
        return self._round.give_away(self.mine)

    def take(self, given: Iterable[Transfer]) -> None:
        """Take what the orders of others contribute to records gathered here."""
        self._round.give(given)

    def gather(self) -> None:
        """Judge what was gathered here."""
        self._judge(LEVELS[-1])

    def join(
        self,
        found: Iterable[Violation],
        unjudged: Mapping[tuple[str, str], int],
        contradictions: Mapping[ContradictionKey, int],
        defects: Mapping[Subject, Defect],
    ) -> None:
        """Take in what came of all that was judged by another replay alone."""
        self._defects.update(defects)
        self._found += found
        self._unjudged.update(unjudged)
        self._contradictions.update(contradictions)

    def conclude(self) -> list[Violation]:
        """Give all that was found, sorted by rule, subject, anchor."""
        # The jurisdiction decides between provinces that use the same codes.
        return sorted(
            self.found, key=lambda one: (one.rule, one.subject, one.anchor, one.jurisdiction)
        )

    def violations(self) -> list[Violation]:
        """Judge everything, sorted by rule, subject, anchor."""
        self.judge_orders()
        self.gather()
        return self.conclude()

    @property
    def dossiers(self) -> Mapping[Subject, Dossier]:
        """The records that were judged here."""
        return self._round.dossiers

    @property
    def found(self) -> list[Violation]:
        """The violations so far."""
        changes = self._round.changes
        own = [change.violation for change in changes if change.violation is not None]
        return own + self._found

    @property
    def unjudged(self) -> dict[tuple[str, str], int]:
        """How many records could not be judged so far, by rule and missing term."""
        dossiers = self._round.dossiers.values()
        own = Counter(reason for dossier in dossiers for reason in dossier.judgement.missing)
        return dict(own + self._unjudged)

    @property
    def weighed(self) -> dict[WeighedKey, int]:
        """Of how many things rules said something, in what was told to this replay."""
        return dict(self._round.weighed_counts())

    @property
    def defects(self) -> dict[Subject, Defect]:
        """The records that were set aside for a defect of ours, so far."""
        return self._round.defects | self._defects

    @property
    def contradictions(self) -> dict[ContradictionKey, int]:
        """How many tellings contradict others so far, by jurisdiction and kind."""
        new = self._round.contradictions().new
        own = Counter((subject.jurisdiction, one.kind) for subject, one in new)
        return dict(own + self._contradictions)

    def _judge(self, last: int) -> None:
        while self._round.next_level(last):
            self._round.open()
            self._round.judge()

"""Judges an archive of events in process, without bus or database, with the same engine."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from services.compliance.findings.violation import Violation
from services.compliance.judging import engine
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.engine import Transfer
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject, subject_of
from services.compliance.law.law import Law
from services.compliance.policies.policy import Policies
from services.compliance.records.telling import telling_of
from services.compliance.register.register import Register
from shared.domain import topics
from shared.domain.cloudevents import Event


class Replay:
    """All that an archive tells until `as_of`, which is also the moment of asking (UTC).

    Events may come in any order. `found` are the violations so far; `unjudged` counts records by
    rule and missing term. The orders of an archive may be shared out among replays that are all
    told the register: each judges its `orders`; one of them joins and gathers what the others
    found and contribute, and concludes.
    """

    def __init__(self, policies: Policies, as_of: datetime) -> None:
        self.moment = Moment(as_of, as_of)
        self.law = Law(policies, Register())
        self.found: list[Violation] = []
        self.unjudged: dict[tuple[str, str], int] = {}
        self._dossiers: dict[Subject, Dossier] = {}
        self._gathered: dict[Subject, Dossier] = {}

    def tell(self, event: Event) -> bool:
        """Take an event in; one told after `as_of` is left out. Gives whether it counts."""
        if event.told > self.moment.now:
            return False
        subject = subject_of(event)
        if subject is not None:
            dossier = self._dossiers.get(subject)
            if dossier is None:
                dossier = self._dossiers[subject] = Dossier(subject)
            engine.merge(dossier.record, telling_of(event), event)
        elif event.topic == topics.REGISTER.name:
            self.law.register.merge(event)
            self._agreed(event)
        return True

    def orders(self) -> Iterator[Transfer]:
        """Judge what was told, record by record; gives what each contributes to others."""
        for dossier in self._dossiers.values():
            yield from self._judge(dossier)

    def gather(self, transfers: Iterable[Transfer]) -> None:
        """Put contributions, of this replay or another, into the records that gather them."""
        for transfer in transfers:
            engine.receive(self._gather(transfer.target), transfer)

    def join(self, found: Iterable[Violation], unjudged: Mapping[tuple[str, str], int]) -> None:
        """Take in what another replay found and could not judge of orders told to it alone."""
        self.found += found
        for reason, count in unjudged.items():
            self.unjudged[reason] = self.unjudged.get(reason, 0) + count

    def conclude(self) -> list[Violation]:
        """Judge what was gathered; gives all that was found, sorted by rule, subject, anchor."""
        for dossier in self._gathered.values():
            self.gather(self._judge(dossier))
        # The jurisdiction decides between provinces that use the same codes.
        self.found.sort(key=lambda one: (one.rule, one.subject, one.anchor, one.jurisdiction))
        return self.found

    def violations(self) -> list[Violation]:
        """Judge everything, sorted by rule, subject, anchor."""
        self.found = []
        self.gather(self.orders())
        return self.conclude()

    def _judge(self, dossier: Dossier) -> list[Transfer]:
        judged = engine.judge(dossier, self.law, self.moment)
        for change in judged.changes:
            if change.violation is not None:
                self.found.append(change.violation)
        for reason in dossier.judgement.missing:
            self.unjudged[reason] = self.unjudged.get(reason, 0) + 1
        return judged.transfers

    def _agreed(self, event: Event) -> None:
        """Begin the appointments of a product with an agreement: having none is the worst gap."""
        if event.type == "vbp.agreement.signed.v1":
            product = getattr(event.data, "product", "")
            self._gather(Subject(event.data.jurisdiction, "appointments", product))

    def _gather(self, subject: Subject) -> Dossier:
        dossier = self._gathered.get(subject)
        if dossier is None:
            dossier = self._gathered[subject] = Dossier(subject)
        return dossier

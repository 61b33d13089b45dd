"""Judges an archive of events in process, without bus or database, with the same engine."""

from collections.abc import Iterable
from datetime import datetime

from services.compliance import engine
from services.compliance.contributions import Moment
from services.compliance.dossier import Dossier, Subject, subject_of
from services.compliance.law import Law
from services.compliance.policy import Policies
from services.compliance.records.telling import telling_of
from services.compliance.register import Register
from services.compliance.violations import Violation
from shared.domain import topics
from shared.domain.cloudevents import Event


class Replay:
    """All that an archive tells until `as_of`, which is also the moment of asking (UTC).

    Events may come in any order. `unjudged` counts records by rule and missing term.
    """

    def __init__(self, policies: Policies, as_of: datetime) -> None:
        self.moment = Moment(as_of, as_of)
        self.law = Law(policies, Register())
        self.unjudged: dict[tuple[str, str], int] = {}
        self._dossiers: dict[Subject, Dossier] = {}
        self._gathered: dict[Subject, Dossier] = {}

    def tell(self, event: Event) -> bool:
        """Take an event in; one told after `as_of` is left out. Gives whether it counts."""
        if event.told > self.moment.now:
            return False
        if event.topic == topics.REGISTER.name:
            self.law.register.merge(event)
            self._agreed(event)
            return True
        subject = subject_of(event)
        if subject is not None:
            dossier = self._dossiers.get(subject)
            if dossier is None:
                dossier = self._dossiers[subject] = Dossier(subject)
            dossier.record.merge(telling_of(event), event.data)  # type: ignore[union-attr]
        return True

    def violations(self) -> list[Violation]:
        """Judge everything, sorted by rule, subject, anchor."""
        found: list[Violation] = []
        for dossiers in (self._dossiers, self._gathered):
            for dossier in dossiers.values():
                found += self._judge(dossier)
        return sorted(
            found, key=lambda violation: (violation.rule, violation.subject, violation.anchor)
        )

    def _judge(self, dossier: Dossier) -> Iterable[Violation]:
        judged = engine.judge(dossier, self.law, self.moment)
        for transfer in judged.transfers:
            engine.receive(self._gather(transfer.target, transfer.product), transfer)
        for reason in dossier.judgement.missing:
            self.unjudged[reason] = self.unjudged.get(reason, 0) + 1
        return (change.violation for change in judged.changes if change.violation is not None)

    def _agreed(self, event: Event) -> None:
        """Begin the appointments of a product with an agreement: having none is the worst gap."""
        if event.type == "vbp.agreement.signed.v1":
            product = getattr(event.data, "product", "")
            self._gather(Subject(event.data.jurisdiction, "appointments", product), product)

    def _gather(self, subject: Subject, product: str) -> Dossier:
        dossier = self._gathered.get(subject)
        if dossier is None:
            dossier = self._gathered[subject] = Dossier(subject)
            dossier.product = product
        return dossier

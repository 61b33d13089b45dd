"""Compares what is found of a record with what was told of it: what is new, different or gone."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from uuid import UUID

import msgspec

from services.compliance.findings.finding import Finding, Watch, as_told
from services.compliance.findings.rule import Rule
from services.compliance.findings.violation import Change, ChangeKind, violation_of
from services.compliance.judging.contributions.contribution import Contribution, Kept, Unjudged
from services.compliance.judging.dossier import Dossier, Seen
from services.compliance.judging.moment import Moment
from services.compliance.law.law import Law
from services.compliance.register.exemption import Exemption
from shared.domain import ids

LIVE = timedelta(seconds=5)
"""How far behind the clock we may have heard and still believe an act at once; further behind, a
finding waits until all has been heard that was told before what it rests on."""

Said = tuple[Rule, Finding] | Contribution | Watch | Unjudged | Kept


class Comparison:
    """What is found of a dossier at a moment, beside what was told before."""

    def __init__(self, dossier: Dossier, law: Law, moment: Moment) -> None:
        self.dossier = dossier
        self.jurisdiction = dossier.subject.jurisdiction
        self.law = law
        self.moment = moment
        self.before = {seen.id: seen for seen in dossier.judgement.findings}
        self.seen: list[Seen] = []
        self.news: list[tuple[Rule, Finding, Seen, Exemption | None]] = []
        self.unheard: list[tuple[Rule, Finding]] = []
        self.given: list[Contribution] = []
        self.missing: set[tuple[str, str]] = set()
        self.look_at: datetime | None = None
        self.hear_at: datetime | None = None

    def take(self, item: Said) -> None:
        """Sort what was said."""
        if isinstance(item, Watch):
            self._watch(item)
        elif isinstance(item, Contribution):
            self.given.append(item)
        elif isinstance(item, Unjudged):
            self.missing.add((item.rule, item.missing.term))
        elif isinstance(item, Kept):
            self.given += [
                given for given in self.dossier.judgement.given if given.kind == item.kind
            ]
        else:
            self._add(*item)

    def _watch(self, watch: Watch) -> None:
        if watch.silent:
            self.hear_at = watch.at if self.hear_at is None else min(self.hear_at, watch.at)
        else:
            self.look_at = watch.at if self.look_at is None else min(self.look_at, watch.at)

    def _add(self, rule: Rule, finding: Finding) -> None:
        """Take a finding; one that rests on what was not yet heard leaves all as it was."""
        name = ids.violation_id(self.jurisdiction, rule.name, finding.subject, finding.anchor)
        told = self.before.pop(name.bytes, None)
        heard_by = finding.heard_by
        if heard_by is None and self.moment.now - self.moment.heard > LIVE:
            told_at = (item.telling.told for item in finding.evidence)
            heard_by = max(told_at, default=self.moment.heard)
        if heard_by is not None and heard_by > self.moment.heard:
            if told is not None:
                self.seen.append(told)
            elif rule.interval:
                self.unheard.append((rule, finding))
            self._watch(Watch(heard_by, silent=True))
            return
        exemption = self.law.exemption(self.jurisdiction, rule.name, finding)
        seen = _seen(name, rule, finding, exemption)
        self.seen.append(seen)
        if told is None or told.digest != seen.digest:
            self.news.append((rule, finding, seen, exemption))
            if told is not None:
                self.before[name.bytes] = told

    def hold(self) -> None:
        """Leave what was told standing until what would take its place has been heard."""
        for rule, finding in self.unheard:
            self.seen += [
                old
                for old in self._withdrawn()
                if old.rule == rule.name
                and old.subject == finding.subject
                and _overlap(old, finding.occurred_at, finding.cured_at)
            ]

    def changes(self) -> list[Change]:
        """Give the lines of history: what is new or different, then what is no longer found."""
        lines = [self._change(*new) for new in self.news]
        gone = (UUID(bytes=seen.id) for seen in self._withdrawn())
        causes = tuple(self.dossier.causes)
        lines += [Change("withdrawn", name, self.moment.now, None, causes) for name in gone]
        return lines

    def _withdrawn(self) -> Iterator[Seen]:
        current = {seen.id for seen in self.seen} if self.before else set()
        return (seen for seen in self.before.values() if seen.id not in current)

    def _change(
        self, rule: Rule, finding: Finding, seen: Seen, exemption: Exemption | None
    ) -> Change:
        violation = violation_of(self.jurisdiction, rule, finding, exemption)
        told = self.before.get(seen.id)
        over = finding.cured_at is not None
        same = told is not None and over == (told.cured_at is not None)
        kind: ChangeKind = "changed" if same else "closed" if over else "opened"
        replaced = self._replaced(rule, seen) if rule.interval and told is None else ()
        causes = tuple(self.dossier.causes)
        return Change(kind, violation.id, self.moment.now, violation, causes, replaced)

    def _replaced(self, rule: Rule, seen: Seen) -> tuple[UUID, ...]:
        """Give the withdrawn intervals of the same rule and subject that overlap a new one."""
        return tuple(
            UUID(bytes=old.id)
            for old in self._withdrawn()
            if old.rule == rule.name
            and old.subject == seen.subject
            and _overlap(old, seen.occurred_at, seen.cured_at)
        )


def _overlap(old: Seen, start: datetime, end: datetime | None) -> bool:
    return (end is None or old.occurred_at < end) and (old.cured_at is None or start < old.cured_at)


def _seen(name: UUID, rule: Rule, finding: Finding, exemption: Exemption | None) -> Seen:
    severity = finding.policy.severity(rule.name, finding.limits)
    told = (
        finding.policy.id,
        finding.policy.digest,
        exemption,
        severity,
        finding.about,
        finding.cured_at,
        finding.occurred_at,
        as_told(finding.observed),
        as_told(finding.limit),
        finding.terms,
        finding.evidence,
        finding.details,
    )
    digest = blake2b(msgspec.msgpack.encode(told), digest_size=8).digest()
    return Seen(
        name.bytes,
        digest,
        rule.name,
        finding.subject,
        finding.occurred_at,
        finding.cured_at,
        severity,
        finding.about.area,
        exemption is not None,
    )

"""Compares what is found of a record with what was told of it: what is new, different or gone."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

import msgspec
from msgspec.structs import replace

from services.compliance.findings.accused import accused_of
from services.compliance.findings.finding import Finding, Watch, as_told
from services.compliance.findings.rule import Rule
from services.compliance.findings.violation import Change, ChangeKind, violation_of
from services.compliance.judging.contributions.contribution import (
    Contribution,
    Standing,
    Tidying,
    Unjudged,
)
from services.compliance.judging.dossier import Dossier
from services.compliance.judging.judgement import Judgement, LastTold, ToldAs
from services.compliance.judging.kind import Said
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Columns
from services.compliance.judging.voided import UNVOIDED, Heeded
from services.compliance.judging.weighing import Weighed
from services.compliance.law.law import Law
from services.compliance.records.evidence import Evidence
from services.compliance.records.supply import Served, StockOut
from services.compliance.register.exemption import Exemption
from shared.domain import ids
from shared.domain.records.contested import Contradiction

LIVE = timedelta(seconds=5)
"""How far behind the clock we may have heard and still believe an act at once; further behind, a
finding waits until all has been heard that was told before what it rests on."""


MANY = 32
"""Of how many findings a dossier remembers how it told them: fewer are told anew as fast."""


class News(NamedTuple):
    """A finding that was never told, or not so."""

    rule: Rule
    finding: Finding
    exemption: Exemption | None
    telling: LastTold


class Comparison:
    """What is found of a dossier at a moment, beside what was told before.

    `columns` is None where nothing says where the record stands, `tidying` where there is nothing
    to tidy in it.
    """

    __slots__ = (
        "_contradictions",
        "_dossier",
        "_given",
        "_hear_at",
        "_jurisdiction",
        "_law",
        "_look_at",
        "_missing",
        "_moment",
        "_news",
        "_standing",
        "_told",
        "_told_as",
        "_unheard",
        "_weighed",
        "columns",
        "tidying",
    )

    def __init__(self, dossier: Dossier, law: Law, moment: Moment) -> None:
        self.columns: Columns | None = None
        self.tidying: Tidying | None = None
        self._jurisdiction = dossier.subject.jurisdiction
        self._dossier = dossier
        self._law = law
        self._moment = moment
        self._told = {told.id: told for told in dossier.judgement.findings}
        self._standing: dict[bytes, LastTold] = {}
        self._told_as: dict[int, ToldAs] = {}
        self._news: list[News] = []
        self._unheard: list[tuple[Rule, Finding]] = []
        self._given: list[Contribution] = []
        self._contradictions: list[Contradiction] = []
        self._weighed: list[Weighed] = []
        self._missing: set[tuple[str, str]] = set()
        self._look_at: datetime | None = None
        self._hear_at: datetime | None = None

    def take(self, said: Iterable[Said]) -> Judgement:
        """Sort all that is said of the record now; gives it as a judgement."""
        for item in said:
            # In the order of how often each is said.
            if isinstance(item, Columns):
                self.columns = item
            elif isinstance(item, Contribution):
                self._given.append(item)
            elif isinstance(item, Weighed):
                self._weighed.append(item)
            elif isinstance(item, Watch):
                self._watch(item)
            elif isinstance(item, Unjudged):
                self._missing.add((item.rule, item.missing.term))
            elif isinstance(item, Standing):
                self._given += self._standing_on(item.given)
            elif isinstance(item, Contradiction | Tidying):
                self._note(item)
            else:
                self._find(*item)
        for rule, finding in self._unheard:
            self._let_stand(rule, finding)
        self._dossier.told_as = self._told_as if len(self._told_as) >= MANY else {}
        return Judgement(
            list(self._standing.values()),
            self._given,
            sorted(self._missing),
            self._look_at,
            self._hear_at,
            self._moment.now,
            self._moment.heard,
            contradictions=self._contradictions,
            weighed=self._weighed,
        )

    def _note(self, item: Contradiction | Tidying) -> None:
        """Take what finds nothing, and which few records say."""
        if isinstance(item, Tidying):
            self.tidying = item
        else:
            self._contradictions.append(item)

    def _standing_on(self, now: Contribution) -> Iterator[Contribution]:
        """Give what is given now with the stock-out that was given before."""
        to = (now.kind, now.of)
        last = self._dossier.judgement.given
        before = next((given.value for given in last if (given.kind, given.of) == to), None)
        out = before.stock_out if isinstance(before, Served) else before
        value = now.value
        if isinstance(value, Served):
            value = value.keeping(out if isinstance(out, StockOut) else None)
            if value.says_something:
                yield replace(now, value=value)

    def changes(self, heeded: Heeded = UNVOIDED) -> list[Change]:
        """Give the lines of history: what is new or different, then what is no longer found."""
        if not (self._news or self._told):
            return []
        gone = self._gone()
        causes = self._causes(heeded)
        lines = [self._change(news, gone, causes) for news in self._news]
        lines += [self._withdrawal(old, causes, heeded) for old in gone]
        return lines

    def _causes(self, heeded: Heeded) -> tuple[Evidence, ...]:
        """Give what was told since the record was last judged, or came due: a void dated ahead."""
        causes, since = self._dossier.causes, self._dossier.judgement.judged_at
        due = (void for void in heeded.voids if void.telling.time > since and void not in causes)
        return (*causes, *due)

    def _withdrawal(self, old: LastTold, causes: tuple[Evidence, ...], heeded: Heeded) -> Change:
        """Take back what was told; the last void that had a part in it says so."""
        voids = heeded.voids if old.id in self._identified(heeded) else self._dossier.voids
        by = max(voids, key=lambda void: void.telling.order_key, default=None)
        name, now = UUID(bytes=old.id), self._moment.now
        return Change("withdrawn", name, now, None, causes, withdrawn_by=by)

    def _identified(self, heeded: Heeded) -> set[bytes]:
        names = (ids.violation_id(self._jurisdiction, *one) for one in heeded.withdrawn)
        return {name.bytes for name in names}

    def _watch(self, watch: Watch) -> None:
        if watch.silent:
            self._hear_at = watch.at if self._hear_at is None else min(self._hear_at, watch.at)
        else:
            self._look_at = watch.at if self._look_at is None else min(self._look_at, watch.at)

    def _find(self, rule: Rule, finding: Finding) -> None:
        """Take a finding, or wait until what it rests on was heard."""
        heard_by = self._heard_by(finding)
        if heard_by is not None and heard_by > self._moment.heard:
            self._wait(rule, finding, heard_by)
            return
        exemption = self._law.exemption(self._jurisdiction, rule.name, finding)
        telling = self._telling(rule, finding, exemption)
        told = self._told.get(telling.id)
        self._standing[telling.id] = telling
        if told is None or told.digest != telling.digest:
            self._news.append(News(rule, finding, exemption, telling))

    def _telling(self, rule: Rule, finding: Finding, exemption: Exemption | None) -> LastTold:
        """Tell a finding; one that a rule remembered, and is exempt as it was, as it was told."""
        held = self._dossier.told_as.get(id(finding))
        if held is None or held.finding is not finding or held.exemption != exemption:
            name = self._name(rule, finding)
            held = ToldAs(finding, exemption, _telling(name, rule, finding, exemption))
        self._told_as[id(finding)] = held
        return held.telling

    def _wait(self, rule: Rule, finding: Finding, heard_by: datetime) -> None:
        """Leave all as it was until then; in a backlog most findings wait, and none was told."""
        self._watch(Watch(heard_by, silent=True))
        if not self._told:
            return
        told = self._told.get(self._name(rule, finding).bytes)
        if told is not None:
            self._standing[told.id] = told
        elif rule.interval:
            self._unheard.append((rule, finding))

    def _name(self, rule: Rule, finding: Finding) -> UUID:
        return ids.violation_id(self._jurisdiction, rule.name, finding.subject, finding.anchor)

    def _heard_by(self, finding: Finding) -> datetime | None:
        """Give until when all must be heard before a finding counts; None where it does at once."""
        if finding.heard_by is None and self._moment.now - self._moment.heard > LIVE:
            told_at = (item.telling.told for item in finding.evidence)
            return max(told_at, default=self._moment.heard)
        return finding.heard_by

    def _let_stand(self, rule: Rule, finding: Finding) -> None:
        """Leave what was told standing until what would take its place has been heard."""
        for old in _overlapping(self._gone(), rule, finding):
            self._standing[old.id] = old

    def _gone(self) -> list[LastTold]:
        """Give what was told and is found no more."""
        return [told for told in self._told.values() if told.id not in self._standing]

    def _change(self, news: News, gone: list[LastTold], causes: tuple[Evidence, ...]) -> Change:
        rule, finding, exemption, telling = news
        violation = violation_of(self._jurisdiction, rule, finding, exemption)
        told = self._told.get(telling.id)
        over = finding.cured_at is not None
        same = told is not None and over == (told.cured_at is not None)
        kind: ChangeKind = "changed" if same else "closed" if over else "opened"
        replaced = _overlapping(gone, rule, finding) if rule.interval and told is None else []
        supersedes = tuple(UUID(bytes=old.id) for old in replaced)
        who = accused_of(rule.accused, finding.about)
        now = self._moment.now
        return Change(kind, violation.id, now, violation, causes, supersedes, accused=who)


def _overlapping(told: Iterable[LastTold], rule: Rule, finding: Finding) -> list[LastTold]:
    """Give the intervals told of the same rule and subject that overlap a finding's."""
    start, end = finding.occurred_at, finding.cured_at
    return [
        old
        for old in told
        if old.rule == rule.name
        and old.subject == finding.subject
        and (end is None or old.occurred_at < end)
        and (old.cured_at is None or start < old.cured_at)
    ]


def _telling(name: UUID, rule: Rule, finding: Finding, exemption: Exemption | None) -> LastTold:
    severity = finding.severity(rule.name)
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
    return LastTold(
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

"""Merges facts into records, judges them, and says what changed. Pure: no clock, no I/O.

Whoever drives it loads what each step needs: `hear` merges events into orders and announcements;
`judge` asks the rules, compares with what was last found, and says what the record contributes to
others; `receive` puts a contribution into the record that gathers it, which is judged in turn.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from services.compliance.findings.finding import Finding, Missing, Outcome, Watch
from services.compliance.findings.rule import Rule
from services.compliance.findings.violation import Change
from services.compliance.judging.comparison import Comparison, Said
from services.compliance.judging.contributions.announcement import contribute_announcement
from services.compliance.judging.contributions.contribution import Contribution, Unjudged
from services.compliance.judging.contributions.order import contribute_order
from services.compliance.judging.dossier import Dossier, Judgement
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject, gathering
from services.compliance.law.commitment_terms import CommitmentTerms
from services.compliance.law.law import Law
from services.compliance.law.order_terms import OrderTerms
from services.compliance.law.product_terms import ProductTerms
from services.compliance.records.evidence import Evidence
from services.compliance.records.telling import stored
from services.compliance.rules import RULES
from shared.domain.cloudevents import Event

RULES_ON = {
    kind: tuple(rule for rule in RULES if rule.reads == kind)
    for kind in ("order", "commitment", "appointments", "supply")
}
NAMES_ON_ORDERS = tuple(rule.name for rule in RULES if rule.reads != "appointments")


class Transfer(NamedTuple):
    """A contribution that replaces another in the record of `target`."""

    target: Subject
    product: str
    hospital: str | None
    old: Any
    new: Any
    causes: tuple[Evidence, ...]


class Judged(NamedTuple):
    """What a judgement changed: lines of history, and contributions to pass on."""

    changes: list[Change]
    transfers: list[Transfer]


def hear(dossier: Dossier, event: Event) -> None:
    """Merge an event into the record that it is about, ready to be stored."""
    telling = stored(event)
    dossier.record.merge(telling, event.data)  # type: ignore[union-attr]
    dossier.causes.append(Evidence(event.type, telling))


def receive(dossier: Dossier, transfer: Transfer) -> None:
    """Put a contribution in the place of the one before it."""
    dossier.product, dossier.hospital = transfer.product, transfer.hospital
    dossier.record.put(transfer.old, transfer.new)  # type: ignore[union-attr]
    dossier.causes.extend(transfer.causes)


def judge(dossier: Dossier, law: Law, moment: Moment) -> Judged:
    """Judge a record, and note in its dossier what was said."""
    last = dossier.judgement
    moment = last.not_before(moment)
    found = Comparison(dossier, law, moment)
    for item in _SAY[dossier.subject.kind](dossier, law, moment):
        found.take(item)
    if found.unheard:
        found.hold()
    dossier.judgement = Judgement(
        findings=found.seen,
        given=found.given,
        missing=sorted(found.missing),
        look_at=found.look_at,
        hear_at=found.hear_at,
        judged_at=moment.now,
        heard=moment.heard,
    )
    changes = found.changes() if found.news or found.before else []
    transfers = _transfers(dossier, last.given, found.given) if last.given != found.given else []
    dossier.causes = []
    return Judged(changes, transfers)


def _transfers(
    dossier: Dossier, old: list[Contribution], new: list[Contribution]
) -> list[Transfer]:
    """Give new minus kept, over the targets of both."""
    jurisdiction = dossier.subject.jurisdiction
    before = {gathering(jurisdiction, item): item for item in old}
    after = {gathering(jurisdiction, item): item for item in new}
    causes = tuple(dossier.causes)
    transfers = []
    for target, item in {**before, **after}.items():
        was, is_now = before.get(target), after.get(target)
        if was == is_now:
            continue
        transfers.append(
            Transfer(
                target,
                item.product,
                item.hospital,
                was and was.value,
                is_now and is_now.value,
                causes,
            )
        )
    return transfers


def _say_order(dossier: Dossier, law: Law, moment: Moment) -> Iterator[Said]:
    record: Any = dossier.record
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        yield Watch(ahead)
    order = record.as_of(moment.now)
    if order.placed is None:
        return
    placed = order.placed
    terms = OrderTerms(law, dossier.subject.jurisdiction, dossier.subject.key, placed)
    dossier.product, dossier.hospital = placed.product, placed.hospital
    dossier.area = terms.area
    dossier.awaits = placed.agreement if isinstance(terms.agreement, Missing) else None
    scope, carried = terms.scope(), terms.in_force.rules
    if isinstance(scope, Missing):
        yield from (Unjudged(name, scope) for name in NAMES_ON_ORDERS if name in carried)
    in_scope = scope is True
    if in_scope:
        for rule in RULES_ON["order"]:
            if rule.name in carried:
                yield from _outcomes(rule, order, terms, moment)
    yield from contribute_order(order, terms, moment, in_scope=in_scope)


def _say_announcement(dossier: Dossier, _law: Law, moment: Moment) -> Iterator[Said]:
    record: Any = dossier.record
    ahead = record.next_instant(moment.now)
    if ahead is not None:
        yield Watch(ahead)
    for contribution in contribute_announcement(record, dossier.subject.key, moment):
        dossier.product = contribution.product
        yield contribution


def _say_commitment(dossier: Dossier, law: Law, moment: Moment) -> Iterator[Said]:
    if not dossier.record.dealings:  # type: ignore[union-attr]
        return
    terms = CommitmentTerms(
        law, dossier.subject.jurisdiction, dossier.hospital or "", dossier.product or ""
    )
    for rule in RULES_ON["commitment"]:
        yield from _outcomes(rule, dossier.record, terms, moment)


def _say_of_product(dossier: Dossier, law: Law, moment: Moment) -> Iterator[Said]:
    terms = ProductTerms(law, dossier.subject.jurisdiction, dossier.product or "")
    for rule in RULES_ON[dossier.subject.kind]:
        yield from _outcomes(rule, dossier.record, terms, moment)


def _outcomes(rule: Rule, record: Any, terms: Any, moment: Moment) -> Iterator[Said]:
    outcome: Outcome
    for outcome in rule.judge(record, terms, moment.now):
        if isinstance(outcome, Finding):
            yield rule, outcome
        elif isinstance(outcome, Missing):
            yield Unjudged(rule.name, outcome)
        else:
            yield outcome


_SAY: dict[str, Callable[[Dossier, Law, Moment], Iterator[Said]]] = {
    "order": _say_order,
    "announcement": _say_announcement,
    "commitment": _say_commitment,
    "appointments": _say_of_product,
    "supply": _say_of_product,
}

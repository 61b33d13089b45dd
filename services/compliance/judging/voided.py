"""What is said of a record in which something is taken back (冲销), and what the voids changed.

A void matters where the record would say something else without it. So both are asked: a finding
or a contribution that would not be the same rests on the void too, and one that would still be
there is withdrawn by it. Rules, contributions and kinds know of no voids.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from msgspec.structs import replace
from typing_extensions import TypeIs

from services.compliance.findings.finding import Finding, Watch
from services.compliance.findings.rule import Rule
from services.compliance.judging.contributions.contribution import Contribution
from services.compliance.judging.kind import Said
from services.compliance.judging.moment import Moment
from services.compliance.judging.subjects import Subject
from services.compliance.records.commitment import Dealing
from services.compliance.records.evidence import Evidence
from services.compliance.records.supply import Served
from shared.domain.records.voids import Voidable

Identity = tuple[str, str, str]
"""What a finding is told apart by: rule, subject and anchor."""

Voids = tuple[Evidence, ...]


class Heeded(NamedTuple):
    """What is said of a record, and what became of it by `voids`.

    `withdrawn` are findings that would be there without them, `swayed` the records to which
    something else would be given.
    """

    said: list[Said]
    voids: Voids = ()
    withdrawn: frozenset[Identity] = frozenset()
    swayed: frozenset[Subject] = frozenset()


UNVOIDED = Heeded([])
"""What became by voids of a record that has heard of none: nothing."""


def heed(
    record: Voidable, jurisdiction: str, moment: Moment, ask: Callable[[Any], list[Said]]
) -> Heeded:
    """Ask what there is to say of a record as if nobody had told what is taken back."""
    if record.voids is None:
        return Heeded(ask(record))
    ahead = record.voids.next_instant(moment.now)
    waits: list[Said] = [] if ahead is None else [Watch(ahead)]
    in_effect = record.voids.in_effect(record.tellings(), moment.now)
    voids = tuple(Evidence(void.type, void.telling) for void in in_effect)
    if not voids:
        return Heeded(ask(record) + waits)
    said, otherwise = ask(record.without_voided(moment.now)), ask(record)
    given, else_given = _given(said, jurisdiction), _given(otherwise, jurisdiction)
    swayed = [
        target for target in {**given, **else_given} if given.get(target) != else_given.get(target)
    ]
    marked = [_resting_on(voids, item, otherwise, else_given, jurisdiction) for item in said]
    withdrawn = _found(otherwise).keys() - _found(said).keys()
    return Heeded(marked + waits, voids, frozenset(withdrawn), frozenset(swayed))


def _found(said: Iterable[Said]) -> dict[Identity, Finding]:
    found = (item for item in said if _is_found(item))
    return {(rule.name, finding.subject, finding.anchor): finding for rule, finding in found}


def _is_found(item: Said) -> TypeIs[tuple[Rule, Finding]]:
    return isinstance(item, tuple) and isinstance(item[-1], Finding)


def _given(said: Iterable[Said], jurisdiction: str) -> dict[Subject, Contribution]:
    given = (item for item in said if isinstance(item, Contribution))
    return {item.target(jurisdiction): item for item in given}


def _resting_on(
    voids: Voids,
    item: Said,
    otherwise: list[Said],
    else_given: dict[Subject, Contribution],
    jurisdiction: str,
) -> Said:
    """Let what would be otherwise without the voids rest on them too."""
    if item in otherwise:
        return item
    if isinstance(item, Contribution):
        was = else_given.get(item.target(jurisdiction))
        value = _value_on(voids, item.value, was and was.value)
        return replace(item, value=value)
    if _is_found(item):
        rule, finding = item
        return rule, replace(finding, evidence=(*finding.evidence, *voids))
    return item


def _value_on(voids: Voids, value: Any, was: Any) -> Any:
    """Let a value that is contributed rest on voids; quantities are sums, and name no facts."""
    if isinstance(value, Dealing):
        known = was.candidates if isinstance(was, Dealing) else ()
        candidates = (
            one if one in known else replace(one, evidence=(*one.evidence, *voids))
            for one in value.candidates
        )
        return replace(value, candidates=tuple(candidates))
    if isinstance(value, Served):
        out = value.stock_out
        return value if out is None else value.keeping(_value_on(voids, out, None))
    if hasattr(value, "evidence"):
        return replace(value, evidence=(*value.evidence, *voids))
    return value

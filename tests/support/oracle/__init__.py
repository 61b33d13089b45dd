"""A slow, plain second reading of the rules, to hold the engine against."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tests.support.oracle.exemptions import is_exempt
from tests.support.oracle.facts import World, known, text_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.intervals import coverage_gaps, crowded_areas
from tests.support.oracle.law import EVERY_RULE, in_words_of
from tests.support.oracle.orders import order_findings
from tests.support.oracle.rest import THE_REST
from tests.support.oracle.shortages import unreported_shortages
from tests.support.oracle.voids import without_voided

__all__ = ["FIRST_EIGHT", "THIRTY", "Changed", "judge", "unjudged"]

FIRST_EIGHT = frozenset(EVERY_RULE)
THIRTY = FIRST_EIGHT | THE_REST.keys()
Changed = Mapping[str, dict[str, Any]]


def judge(
    events: Iterable[dict[str, Any]],
    as_of: datetime,
    policies: Changed | None = None,
    rules: Collection[str] = FIRST_EIGHT,
) -> list[dict[str, Any]]:
    """All violations of `rules` not withdrawn at `as_of`, from every event told until then.

    `as_of` is an aware instant, both the moment of asking and the limit of what was told: at it
    everything was heard (settle 0). `policies` replaces single values, per jurisdiction. Sorted by
    rule, subject and anchor.
    """
    violations = [
        _violation(world, finding)
        for world in _worlds(events, as_of, policies or {})
        for finding in _findings(world, rules)
    ]
    return sorted(violations, key=lambda v: (v["rule"], v["subject"], v["anchor"]))


def unjudged(
    events: Iterable[dict[str, Any]],
    as_of: datetime,
    policies: Changed | None = None,
    rules: Collection[str] = frozenset(THE_REST),
) -> set[tuple[str, str]]:
    """What could not be judged under the later 22 rules, and the term that it lacks."""
    lacking: set[tuple[str, str]] = set()
    for world in _worlds(events, as_of, policies or {}):
        list(_findings(world, rules))
        lacking |= world.unjudged
    return {(rule, term) for rule, term in lacking if rule in rules}


def _worlds(events: Iterable[dict[str, Any]], as_of: datetime, changed: Changed) -> Iterator[World]:
    told = known(events, as_of)
    for jurisdiction in sorted({telling.data["jurisdiction"] for telling in told}):
        own = [telling for telling in told if telling.data["jurisdiction"] == jurisdiction]
        policy = in_words_of(jurisdiction, changed.get(jurisdiction, {}))
        yield World(jurisdiction, without_voided(own), as_of, policy)


def _findings(world: World, rules: Collection[str]) -> Iterator[Finding]:
    readings = [find for rule, find in THE_REST.items() if rule in rules]
    if not FIRST_EIGHT.isdisjoint(rules):
        readings += [order_findings, crowded_areas, coverage_gaps, unreported_shortages]
    for find in readings:
        yield from (finding for finding in find(world) if finding.rule in rules)


def _violation(world: World, finding: Finding) -> dict[str, Any]:
    severity = finding.severity
    if world.policy.draft and severity == "breach":
        severity = "explain"
    parties = ("product", "area", "hospital", "manufacturer", "distributor", "order")
    told = {
        "rule": finding.rule,
        "subject": finding.subject,
        "anchor": finding.anchor,
        "status": "open" if finding.cured_at is None else "closed",
        "exempt": is_exempt(world, finding),
        "severity": severity,
        "jurisdiction": world.jurisdiction,
        **{party: finding.parties.get(party) for party in parties},
        "occurred_at": text_of(finding.occurred_at),
        "cured_at": None if finding.cured_at is None else text_of(finding.cured_at),
        "observed": finding.observed,
        "limit": finding.limit,
        "breach": finding.breach,
        "policy": world.policy.id,
    }
    return {**told, "details": dict(finding.details)} if finding.details else told

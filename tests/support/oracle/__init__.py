"""A slow, plain second reading of the rules, to hold the engine against."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from tests.support.oracle.exemptions import is_exempt
from tests.support.oracle.facts import World, known, text_of
from tests.support.oracle.findings import Finding
from tests.support.oracle.intervals import coverage_gaps, crowded_areas
from tests.support.oracle.law import in_words_of
from tests.support.oracle.orders import order_findings
from tests.support.oracle.shortages import unreported_shortages

__all__ = ["judge"]


def judge(
    events: Iterable[dict[str, Any]],
    as_of: datetime,
    policies: Mapping[str, dict[str, Any]] | None = None,
) -> list[dict[str, Any]]:
    """All violations not withdrawn at `as_of`, from every event told until then.

    `as_of` is an aware instant, both the moment of asking and the limit of what was told.
    `policies` replaces single values, per jurisdiction. Sorted by rule, subject and anchor.
    """
    told = known(events, as_of)
    violations = []
    for jurisdiction in sorted({telling.data["jurisdiction"] for telling in told}):
        own = [telling for telling in told if telling.data["jurisdiction"] == jurisdiction]
        changed = (policies or {}).get(jurisdiction, {})
        world = World(jurisdiction, own, as_of, in_words_of(jurisdiction, changed))
        findings = [
            *order_findings(world),
            *crowded_areas(world),
            *coverage_gaps(world),
            *unreported_shortages(world),
        ]
        violations += [_violation(world, finding) for finding in findings]
    return sorted(violations, key=lambda v: (v["rule"], v["subject"], v["anchor"]))


def _violation(world: World, finding: Finding) -> dict[str, Any]:
    severity = finding.severity
    if world.policy.draft and severity == "breach":
        severity = "explain"
    parties = ("product", "area", "hospital", "manufacturer", "distributor", "order")
    return {
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

"""Grants exemptions for some of what was planted, and some that cover nothing."""

from datetime import datetime, timedelta
from typing import Any

from services.sources.province.plan import ZONE
from services.sources.province.truth import Finding
from services.sources.province.world import World

SHARE = 0.08
PARTIES = ("area", "hospital", "distributor", "manufacturer")


def grant_some(world: World) -> None:
    """Exempt a share of the findings of each rule, and grant as many that do not match."""
    findings = list(world.truth.findings)
    for rule in sorted(world.truth.by_rule()):
        of_rule = [finding for finding in findings if finding["rule"] == rule]
        for finding in world.random.sample(of_rule, max(1, round(SHARE * len(of_rule)))):
            named = world.random.choice(
                [p for p in PARTIES if finding[p] is not None] or ["product"]
            )
            grant(world, finding, 3, 10, {party: finding[party] for party in ("product", named)})
            miss(world, world.random.choice(of_rule))


def miss(world: World, finding: Finding) -> None:
    """Grant an exemption that misses a finding: over the day before, or for another party."""
    if finding["distributor"] is None and world.random.getrandbits(1):
        grant(world, finding, 3, 10, {"product": finding["product"], "distributor": "D0001"})
    else:
        grant(world, finding, 9, 0, {party: finding[party] for party in ("product", "area")})


def grant(
    world: World, finding: Finding, days_before: int, days_after: int, parties: dict[str, Any]
) -> None:
    """Grant an exemption around the day of a finding, for those of the parties that there are."""
    day = datetime.fromisoformat(finding["occurred_at"]).astimezone(ZONE).date()
    data: dict[str, Any] = {
        "exemption": f"E{world.teller.mark}-{world.teller.count}",
        "rule": finding["rule"],
        "start": (day - timedelta(days=days_before)).isoformat(),
        "end": (day + timedelta(days=days_after)).isoformat(),
        "reason": "自然灾害影响配送",
        "authority": "省医疗保障局",
        "jurisdiction": finding["jurisdiction"],
        **{party: code for party, code in parties.items() if code is not None},
    }
    agency = f"/agencies/{finding['jurisdiction']}"
    at = min(world.midday(day) + timedelta(days=2), world.plan.end - timedelta(hours=3))
    world.told.append(world.teller.tell("exemption.granted", agency, at, data))
    world.truth.exempt(data)

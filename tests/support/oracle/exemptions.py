"""Whether a finding falls under an exemption."""

from tests.support.oracle.facts import World, midnight_of
from tests.support.oracle.findings import Finding

PARTIES = ("product", "area", "hospital", "distributor", "manufacturer")


def is_exempt(world: World, finding: Finding) -> bool:
    """Whether any exemption granted matches, whenever it was granted."""
    for telling in world.last("exemption.granted", "exemption"):
        exemption = telling.data
        if exemption["rule"] != finding.rule:
            continue
        named = [party for party in PARTIES if exemption.get(party) is not None]
        if any(finding.parties.get(party) != exemption[party] for party in named):
            continue
        start, end = midnight_of(exemption["start"]), midnight_of(exemption["end"])
        if start <= finding.occurred_at < end:
            return True
    return False

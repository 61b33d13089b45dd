"""The rules, one file each. A new rule is a file here, a line below, and its cases in tests/."""

from services.compliance.findings.rule import Rule
from services.compliance.rules import (
    beyond_volume_supply,
    coverage_gap,
    distributor_cap,
    late_delivery,
    late_response,
    selected_price,
    supply_refusal,
    unreported_shortage,
)

RULES: tuple[Rule, ...] = (
    distributor_cap.RULE,
    coverage_gap.RULE,
    late_response.RULE,
    late_delivery.RULE,
    beyond_volume_supply.RULE,
    supply_refusal.RULE,
    selected_price.RULE,
    unreported_shortage.RULE,
)

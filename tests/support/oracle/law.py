"""The values of the policies, written out a second time from the text of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

EVERY_RULE = (
    "distributor-cap",
    "coverage-gap",
    "late-response",
    "late-delivery",
    "beyond-volume-supply",
    "supply-refusal",
    "selected-price",
    "unreported-shortage",
)

OF_SHANXI = (
    "unappointed-distributor",
    "agreement-missing",
    "agreement-terms",
    "renewal-date",
    "volume-shortfall",
    "non-selected-first",
    "off-platform",
    "listing-price",
    "payment-standard",
    "prepayment-share",
    "prepayment-return",
    "late-settlement",
    "short-delivery",
    "remote-service",
    "quality-rejection",
)
OF_TIANJIN = (
    "unappointed-distributor",
    "agreement-missing",
    "agreement-terms",
    "volume-shortfall",
    "volume-pace",
    "non-selected-excess",
    "off-platform",
    "payment-standard",
    "prepayment-share",
    "prepayment-return",
    "prepayment-use",
    "late-onward-payment",
    "stock-report-missing",
    "reserve-below",
    "stop-notice-late",
    "quality-rejection",
)


@dataclass(frozen=True)
class Policy:
    """One jurisdiction's values; days are Asia/Shanghai days, `until` is exclusive."""

    id: str
    start: date
    until: date
    rules: tuple[str, ...] = EVERY_RULE
    draft: bool = False
    scope: str = "selected"
    duty: str = "cycle"
    bridge: str | None = None
    notice: date = date.max
    deliver_by_alone: bool = False
    drug_cap: int = 5
    consumable_cap: int = 10
    count_self_delivery: bool = False
    coverage_grace_days: int = 0
    response_hours: int = 24
    urgent_response_hours: int = 2
    delivery_hours: int = 48
    urgent_delivery_hours: int = 8
    remote_delivery_hours: int = 72
    excused_reasons: tuple[str, ...] = ("hospital_error",)
    stock_out_after_days: int = 7
    report_grace_hours: int = 24
    episode_gap_days: int = 7
    orders_told_since: date | str | None = None
    payments_told_since: date | str | None = None
    onward_told_since: date | str | None = None
    prepayments_told_since: date | str | None = None
    stock_told_since: date | str | None = None
    signing_days: int = 30
    sign_by: date | None = None
    no_volume_months: int = 3
    pace_ratio: Decimal = Decimal("0.8")
    settling_months: int = 2
    settle_days: int = 3
    by_execution_start: bool = False
    off_platform_severity: str = "breach"
    prepayment_by_year: bool = True
    prepayment_share_drug: Decimal = Decimal("0.5")
    prepayment_share_consumable: Decimal = Decimal("0.3")
    first_share: Decimal = Decimal("0.5")
    first_prepayment_days: int = 30
    second_prepayment_months: int = 6
    return_after_cycle: bool = True
    return_months: int = 2
    return_years: tuple[int, ...] = (2022,)
    settlement_months: int = 1
    last_day_rolls: bool = True
    hospital_onward_workdays: int = 5
    distributor_onward_workdays: int = 3
    onward_share: Decimal = Decimal("0.9")
    delivery_rate: Decimal = Decimal("0.9")
    rate_min_orders: int = 20
    remote_gap: Decimal = Decimal("0.1")
    remote_min_orders: int = 30
    stock_report_day: int = 10
    reserve_days: int = 30
    reserve_window_days: int = 90
    reserve_min_days: int = 30
    stop_notice_months: int = 6
    quality_ratio: Decimal = Decimal(0)
    quality_reasons: tuple[str, ...] = ("quality", "质量")
    rounding_tolerance: Decimal = Decimal(1)

    def is_in_force(self, day: date) -> bool:
        """Whether the policy applies on that day."""
        return self.start <= day < self.until

    def carries(self, rule: str, day: date) -> bool:
        """Whether the policy applies on that day and has the rule."""
        return rule in self.rules and self.is_in_force(day)

    def cap(self, category: str) -> int:
        """How many distributors a product of that category may have in one area."""
        return self.drug_cap if category == "drug" else self.consumable_cap


POLICIES = {
    "cn-sx": Policy(
        id="cn-sx-2021-22",
        start=date(2021, 12, 17),
        until=date.max,
        rules=(*EVERY_RULE, *OF_SHANXI),
        bridge="in_execution_at_notice",
        notice=date(2021, 12, 17),
    ),
    "cn-tj": Policy(
        id="cn-tj-2019-draft",
        start=date(2019, 3, 1),
        until=date(2020, 3, 1),
        rules=(
            "late-delivery",
            "supply-refusal",
            "selected-price",
            "unreported-shortage",
            *OF_TIANJIN,
        ),
        draft=True,
        sign_by=date(2019, 2, 28),
        off_platform_severity="warning",
        prepayment_by_year=False,
        return_after_cycle=False,
        return_months=3,
        duty="agreement",
    ),
    "scms": Policy(
        id="scms",
        start=date.min,
        until=date.max,
        rules=("late-delivery",),
        scope="all",
        deliver_by_alone=True,
    ),
}


def in_words_of(jurisdiction: str, changed: Mapping[str, Any]) -> Policy:
    """The policy of a jurisdiction, with single values changed.

    Raises KeyError for an unknown jurisdiction and ValueError for an unknown value.
    """
    unknown = set(changed) - {field.name for field in fields(Policy)}
    if unknown:
        raise ValueError(f"policy {jurisdiction}: no value called {sorted(unknown)}; see Policy")
    return replace(POLICIES[jurisdiction], **changed)

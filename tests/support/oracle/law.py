"""The values of the policies, written out a second time from the text of the rules."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
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
        bridge="in_execution_at_notice",
        notice=date(2021, 12, 17),
    ),
    "cn-tj": Policy(
        id="cn-tj-2019-draft",
        start=date(2019, 3, 1),
        until=date(2020, 3, 1),
        rules=("late-delivery", "supply-refusal", "selected-price", "unreported-shortage"),
        draft=True,
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

"""Shanxi's other readings of the days of renewal, which the policy does not take."""

from typing import Any

import msgspec
import pytest

from services.compliance.policies.policy import Policies
from tests.support.builders import POLICIES, replayed
from tests.support.events import said

OLD = said("product.selected", cycle_start="2020-05-01", cycle_end="2022-05-01")
SIGNED = said("agreement.signed", agreement="A1", start="2021-05-01", end="2022-05-01")


def found(value: str, *told: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What is found under another reading, by anchor: observed, and limit."""
    changed = []
    for policy in POLICIES.all:
        values = dict(policy.values)
        if value in values:
            values[value] = msgspec.structs.replace(values[value], value=True)
        changed.append(msgspec.structs.replace(policy, values=values))
    replay = replayed(told, "2024-01-01 00:00:00", Policies(changed))
    return {
        violation.anchor: (violation.observed, violation.limit)
        for violation in replay.violations()
        if violation.rule == "renewal-date"
    }


@pytest.mark.parametrize(
    ("start", "end", "aligned"),
    [
        ("2020-05-01", "2022-02-01", "2022-07-01"),
        ("2020-05-01", "2022-08-01", "2023-07-01"),
        ("2020-07-01", "2022-02-01", "2023-01-01"),
        ("2020-06-30", "2022-07-01", "2022-07-01"),
        ("2020-01-01", "2021-12-31", "2022-07-01"),
    ],
)
def test_by_the_start_of_execution_the_half_year_is_that_of_the_cycles_start(
    start: str, end: str, aligned: str
) -> None:
    cycle = said("product.selected", cycle_start=start, cycle_end=end)
    later = said("product.selected", cycle_start="2023-03-01", cycle_end="2025-03-01")
    assert found("by_execution_start", cycle, later) == {f"cycle:{start}": ("2023-03-01", aligned)}


def test_if_each_year_is_moved_every_agreement_of_an_old_cycle_begins_with_a_half() -> None:
    off = said("agreement.signed", agreement="A2", start="2022-01-02", end="2022-05-01")
    on = said("agreement.signed", agreement="A3", start="2022-01-01", end="2022-05-01")
    before = said("agreement.signed", agreement="A4", start="2021-12-16", end="2022-05-01")
    assert found("yearly_too", OLD, SIGNED, off, on, before) == {
        "agreement:A2": ("2022-01-02", "2022-07-01")
    }
    assert found("by_execution_start", OLD, SIGNED, off, on, before) == {}

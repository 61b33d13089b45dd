"""The cases of the rules' text, run against the oracle, in the form of `tests/support/cases.py`.

Each file moves to `tests/compliance/rules` with its rule, where they are run against the engine;
those that stand there already are run here as well.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.cases import Case, events_of, expected_of, shown, written_cases
from tests.support.events import instant
from tests.support.oracle import FIRST_EIGHT, judge, unjudged

TO_COME = Path(__file__).parent / "cases"
BUILT = Path(__file__).parents[1] / "compliance" / "rules"
CASES = [*written_cases(TO_COME), *written_cases(BUILT)]
NOT_READ = {"clause", "draft", "quote", "terms", "message_en", "message_zh", "evidence", "details"}
"""What findings say in words, and details of the first eight rules: the oracle has none."""


def value_of(told: Any) -> Any:
    """A value of a policy as the oracle has it."""
    if isinstance(told, float):
        return Decimal(str(told))
    return tuple(told) if isinstance(told, list) else told


@pytest.mark.parametrize(("rule", "given", "case"), CASES)
def test_a_case(rule: str, given: Case, case: Case) -> None:
    events = list(events_of(given, case))
    changed = {name: value_of(told) for name, told in case.get("set", {}).items()}
    policies = {case.get("jurisdiction", "cn-sx"): changed}
    as_of = instant(case["as_of"])

    found = judge(events, as_of, policies, {rule})

    expected = [
        {name: told for name, told in finding.items() if name not in NOT_READ}
        for finding in expected_of(case)
    ]
    assert (shown(found, expected), len(found)) == (expected, len(expected))
    if rule not in FIRST_EIGHT:
        missing = sorted(term for name, term in unjudged(events, as_of, policies, {rule}))
        assert missing == case.get("unjudged", [])

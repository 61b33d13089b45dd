"""Runs the cases of every rule, in the form of `tests/support/cases.py`, against the engine."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.compliance.findings.violation import Violation
from services.compliance.rules import RULES
from tests.support.builders import replayed, with_values
from tests.support.cases import Case, events_of, expected_of, shown, written_cases

BY_NAME = {rule.name: rule for rule in RULES}
CODE = re.compile(r"[a-z]_[a-z]|[a-z][.][a-z]")
"""What codes and names of events are written as, and words are not."""

CASES_OF_ALL_RULES = list(written_cases(Path(__file__).parent))


def as_json(violation: Violation) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(msgspec.json.encode(violation))
    return told


@pytest.mark.parametrize(("rule", "given", "case"), CASES_OF_ALL_RULES)
def test_a_case(rule: str, given: Case, case: Case) -> None:
    policies = with_values(case.get("jurisdiction", "cn-sx"), case.get("set", {}))
    replay = replayed(events_of(given, case), case["as_of"], policies)

    found = [as_json(violation) for violation in replay.violations() if violation.rule == rule]

    expected = expected_of(case)
    assert (shown(found, expected), len(found)) == (expected, len(expected))
    missing = sorted(term for (name, term) in replay.unjudged if name == rule)
    assert missing == case.get("unjudged", [])
    for violation in found:
        explains_itself(violation)
        (policy,) = (policy for policy in policies.all if policy.id == violation["policy"])
        assert violation["severity"] in BY_NAME[rule].severities(policy)


def explains_itself(violation: dict[str, Any]) -> None:
    is_open = violation["cured_at"] is None
    assert violation["status"] == ("open" if is_open else "closed")
    for message in (violation["message_zh"], violation["message_en"]):
        assert not CODE.search(message)
        named = violation["order"] or violation["product"] or violation["hospital"]
        assert named in message
    assert ("征求意见稿" in violation["message_zh"]) == violation["draft"]
    assert violation["quote"]
    assert violation["clause"]
    assert violation["evidence"]


def test_a_case_is_named_once() -> None:
    names = [case.id for case in CASES_OF_ALL_RULES]
    assert len(set(names)) == len(names)

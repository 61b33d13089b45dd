"""Runs the cases of every rule: events in, the moment of asking, findings out.

A case file has a head `[given]`: what is told beforehand, per jurisdiction. A case says what it is
about, `without` naming given events that it does without; `told` is when an event was written down.
Instants are Shanghai time. `expect` lists the findings of this rule and no others are found; one
without `cured_at` goes on, and "nothing" stands for null. `unjudged` lists missing terms.
"""

import json
import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.compliance.findings.violation import Violation
from shared.domain.calendar import instant_text
from tests.support.builders import replayed
from tests.support.events import instant, said

CASES = Path(__file__).parent
Case = dict[str, Any]


def written_cases() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.toml")):
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in written["case"]:
            rule = path.stem.replace("_", "-")
            yield pytest.param(rule, written["given"], case, id=f"{rule}: {case['name']}")


CASES_OF_ALL_RULES = list(written_cases())


def events_of(given: Case, case: Case) -> Iterator[dict[str, Any]]:
    jurisdiction = case.get("jurisdiction", "cn-sx")
    known = given.get(jurisdiction, [])
    kept = [event for event in known if event["say"] not in case.get("without", [])]
    for event in (*kept, *case["events"]):
        told = {"jurisdiction": jurisdiction, **event}
        kind = told.pop("say")
        yield said(kind, **told)


def as_told(value: Any) -> Any:
    """A value of a case as the API tells it."""
    if isinstance(value, datetime):
        return instant_text(instant(value))
    if isinstance(value, dict):
        return {name: as_told(part) for name, part in value.items()}
    return None if value == "nothing" else value


def as_json(violation: Violation) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(msgspec.json.encode(violation))
    return told


@pytest.mark.parametrize(("rule", "given", "case"), CASES_OF_ALL_RULES)
def test_a_case(rule: str, given: Case, case: Case) -> None:
    replay = replayed(events_of(given, case), case["as_of"])

    found = [as_json(violation) for violation in replay.violations() if violation.rule == rule]

    expected = [
        {"cured_at": None} | {name: as_told(value) for name, value in finding.items()}
        for finding in case.get("expect", [])
    ]
    shown = [
        {name: violation[name] for name in finding}
        for violation, finding in zip(found, expected, strict=False)
    ]
    assert (shown, len(found)) == (expected, len(expected))
    missing = sorted(term for (name, term) in replay.unjudged if name == rule)
    assert missing == case.get("unjudged", [])
    for violation in found:
        explains_itself(violation)


def explains_itself(violation: dict[str, Any]) -> None:
    is_open = violation["cured_at"] is None
    assert violation["status"] == ("open" if is_open else "closed")
    for message in (violation["message_zh"], violation["message_en"]):
        assert (violation["order"] or violation["product"]) in message
    assert ("征求意见稿" in violation["message_zh"]) == violation["draft"]
    assert violation["quote"]
    assert violation["clause"]
    assert violation["evidence"]


def test_a_case_is_named_once() -> None:
    names = [case.id for case in CASES_OF_ALL_RULES]
    assert len(set(names)) == len(names)

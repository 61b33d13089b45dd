"""Cases of a rule, written so that a lawyer can read them: events in, findings out.

A case file has a head `[given]`: what is told beforehand, per jurisdiction. A case says what it is
about, `without` naming given events that it does without; `told` is when an event was written down,
`id` and `source` are those of its envelope; an event with `times = 3` is told three times, `{n}`
standing for 1, 2, 3. `set` puts values of the policy in place of the shipped ones. Instants are
Shanghai time. `expect` lists the findings of this rule, by subject and anchor, and no others are
found; one without `cured_at` goes on, "nothing" stands for null, and a name that the finding has
not is one of its `details`. `unjudged` lists missing terms.
"""

import tomllib
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from shared.domain.calendar import instant_text
from tests.support.events import instant, said

Case = dict[str, Any]


def written_cases(folder: Path) -> Iterator[Any]:
    """Every case of the files of a folder, as parameters: rule, given, case."""
    for path in sorted(folder.glob("*.toml")):
        written = tomllib.loads(path.read_text(encoding="utf-8"))
        for case in written["case"]:
            rule = path.stem.replace("_", "-")
            yield pytest.param(rule, written["given"], case, id=f"{rule}: {case['name']}")


def events_of(given: Case, case: Case) -> Iterator[dict[str, Any]]:
    """The events of a case, as structured CloudEvents, in the order of writing."""
    jurisdiction = case.get("jurisdiction", "cn-sx")
    known = given.get(jurisdiction, [])
    kept = [event for event in known if event["say"] not in case.get("without", [])]
    for event in (*kept, *case["events"]):
        for number in range(1, event.get("times", 1) + 1):
            told = {name: _numbered(value, number) for name, value in event.items()}
            yield _event({"jurisdiction": jurisdiction, **told})


def _event(told: Case) -> dict[str, Any]:
    kind = told.pop("say")
    told.pop("times", None)
    envelope = {name: told.pop(name) for name in ("id", "source") if name in told}
    # `kind` is a field of some events, and the builder's own word for their type.
    fields = {"kind_" if name == "kind" else name: value for name, value in told.items()}
    return said(kind, **fields) | envelope


def _numbered(value: Any, number: int) -> Any:
    return value.replace("{n}", str(number)) if isinstance(value, str) else value


def as_told(value: Any) -> Any:
    """A value of a case as the API tells it."""
    if isinstance(value, datetime):
        return instant_text(instant(value))
    if isinstance(value, dict):
        return {name: as_told(part) for name, part in value.items()}
    return None if value == "nothing" else value


def expected_of(case: Case) -> list[dict[str, Any]]:
    """The findings that a case expects, each with the fields that it names."""
    return [
        {"cured_at": None} | {name: as_told(value) for name, value in finding.items()}
        for finding in case.get("expect", [])
    ]


def shown(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each finding the fields that the case names."""
    return [
        {name: {**violation.get("details", {}), **violation}.get(name) for name in finding}
        for violation, finding in zip(found, expected, strict=False)
    ]

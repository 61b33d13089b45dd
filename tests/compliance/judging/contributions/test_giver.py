import re
from pathlib import Path
from typing import get_args

import pytest

import services.compliance
from services.compliance.findings.rule import Taken
from services.compliance.judging.contributions.giver import takers_among
from services.compliance.judging.contributions.volume import CANDIDATES
from services.compliance.policies.policy import NOTHING, Policy
from services.compliance.records.commitment import Breach
from services.compliance.rules import RULES
from tests.support.builders import POLICIES

HOUSE = Path(next(iter(services.compliance.__path__)))
BY_ID = {policy.id: policy for policy in POLICIES.all}
CODE = [
    path
    for path in sorted(HOUSE.rglob("*.py"))
    if path.relative_to(HOUSE).parts[0] not in {"rules", "policies"}
]


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(HOUSE)))
def test_no_rule_is_named_outside_its_file_and_the_policies(path: Path) -> None:
    written = set(re.findall(r'"([a-z]+(?:-[a-z]+)+)"', path.read_text("utf-8")))
    assert not written & {rule.name for rule in RULES}


def test_what_orders_can_be_asked_to_give_is_taken_by_a_rule() -> None:
    taken = {it for rule in RULES for it in rule.takes}
    known = {it for part in get_args(Taken) for it in get_args(part) or (part,)}
    assert taken == known


def test_every_thing_that_can_be_wrong_with_an_order_is_looked_for() -> None:
    assert set(CANDIDATES) == set(get_args(Breach))


def names(policy: Policy) -> dict[str, set[str]]:
    return {str(taken): set(rules) for taken, rules in takers_among(policy.rules).items()}


def test_who_takes_what_is_said_by_the_rules_that_the_policy_carries() -> None:
    assert names(BY_ID["cn-sx-2021-22"]) == {
        "refused": {"beyond-volume-supply", "supply-refusal"},
        "overpriced": {"beyond-volume-supply", "selected-price"},
        "undelivered": {"beyond-volume-supply"},
        "stock_out": {"unreported-shortage"},
    }
    assert names(BY_ID["cn-tj-2019-draft"]) == {
        "refused": {"supply-refusal"},
        "overpriced": {"selected-price"},
        "stock_out": {"unreported-shortage"},
    }
    assert names(BY_ID["scms"]) == names(NOTHING) == {}

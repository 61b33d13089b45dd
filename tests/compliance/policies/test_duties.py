"""Every duty of the two documents: traced to the rules that judge it, or to why none does."""

import re

import pytest

from services.compliance.policies import duties
from services.compliance.policies.duties import Duty
from services.compliance.policies.policy import Policy, load
from services.compliance.rules import RULES

BY_ID = {policy.id: policy for policy in load().all}
ROWS = {"cn-sx-2021-22": ("SX", 42), "cn-tj-2019-draft": ("TJ", 33)}
BUILT = {rule.name for rule in RULES}
UNBUILT = re.compile(r"^Judged by rules not built yet: ([a-z, -]+)\.")
DUTIES = [
    pytest.param(BY_ID[policy], duty, id=duty.id) for policy in ROWS for duty in duties.of(policy)
]


@pytest.mark.parametrize(("policy", "row"), ROWS.items())
def test_all_rows_of_the_catalogue_are_there_once_and_in_order(
    policy: str, row: tuple[str, int]
) -> None:
    letters, count = row
    expected = [f"{letters}-{number:02}" for number in range(1, count + 1)]
    assert [duty.id for duty in duties.of(policy)] == expected


@pytest.mark.parametrize(("policy", "duty"), DUTIES)
def test_a_duty_is_judged_or_says_why_not_in_both_languages(policy: Policy, duty: Duty) -> None:
    assert duty.rules or duty.why
    assert bool(duty.why) == bool(duty.why_en)
    assert all((duty.who, duty.what, duty.who_en, duty.what_en))
    assert set(duty.clauses) <= policy.clauses.keys()


@pytest.mark.parametrize(("policy", "duty"), DUTIES)
def test_its_rules_are_carried_for_its_clause_or_called_unbuilt_there(
    policy: Policy, duty: Duty
) -> None:
    for name in duty.rules:
        if name in BUILT:
            assert set(policy.rules[name].clauses) & set(duty.clauses), name
        else:
            said = [UNBUILT.match(policy.clauses[number].not_judged) for number in duty.clauses]
            assert name in {other for found in said if found for other in found[1].split(", ")}


@pytest.mark.parametrize("policy_id", ROWS)
def test_every_rule_of_a_clause_is_traced_to_a_duty_of_it(policy_id: str) -> None:
    traced = {
        (number, name)
        for duty in duties.of(policy_id)
        for number in duty.clauses
        for name in duty.rules
    }
    carried = {
        (number, name)
        for number, clause in BY_ID[policy_id].clauses.items()
        for name in clause.rules
    }
    assert carried <= traced

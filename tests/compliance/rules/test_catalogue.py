"""Keeps policies, rules, values and cases in step."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from services.compliance import rules
from services.compliance.law.order_terms import DELIVERY_HOURS
from services.compliance.policies.policy import FOLDER, Policy, load
from services.compliance.rules import RULES

POLICIES = load().all
CASES = Path(__file__).parent
BY_NAME = {rule.name: rule for rule in RULES}
CARRIED = {name for policy in POLICIES for name in policy.rules}
UNBUILT = re.compile(r"^Judged by rules not built yet: ([a-z, -]+)\.")


def module_of(name: str) -> str:
    return name.replace("-", "_")


def test_nothing_that_make_rule_laid_out_is_still_to_be_filled_in() -> None:
    folders = {Path(rules.__path__[0]): "*.py", FOLDER: "*.toml", CASES: "*.toml"}
    waiting = [
        f"{path.parent.name}/{path.name}:{number}: {line.strip()}"
        for folder, pattern in folders.items()
        for path in sorted(folder.glob(pattern))
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if "FILL IN" in line
    ]
    assert waiting == [], "fill in these lines:\n" + "\n".join(waiting)


def test_no_two_rules_have_the_same_name() -> None:
    assert len(BY_NAME) == len(RULES)


def test_every_rule_that_a_policy_carries_is_built() -> None:
    missing = sorted(CARRIED - BY_NAME.keys())
    assert missing == [], f"write their files, and add them to rules/__init__.py: {missing}"


def test_every_rule_built_is_carried_by_a_policy() -> None:
    missing = sorted(BY_NAME.keys() - CARRIED)
    assert missing == [], f"add [rules.…] to the policies that carry them: {missing}"


def test_every_module_of_rules_is_the_rule_that_it_is_named_after() -> None:
    modules = {path.stem for path in Path(rules.__path__[0]).glob("*.py")} - {"__init__"}
    unlisted = sorted(modules - {module_of(name) for name in BY_NAME})
    assert unlisted == [], f"add their RULE to RULES in rules/__init__.py: {unlisted}"


@pytest.mark.parametrize("name", sorted(CARRIED))
def test_a_rule_is_listed_as_its_module_defines_it(name: str) -> None:
    module = import_module(f"{rules.__name__}.{module_of(name)}")
    assert module.RULE is BY_NAME[name]
    assert module.__doc__


@pytest.mark.parametrize("name", sorted(CARRIED))
def test_a_rule_has_cases(name: str) -> None:
    cases = CASES / f"{module_of(name)}.toml"
    assert cases.is_file(), f"write its cases, one for each boundary: {cases}"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_a_policy_sets_every_value_that_its_rules_need(policy: Policy) -> None:
    needed = {name for rule in policy.rules for name in BY_NAME[rule].values}
    needed -= set(DELIVERY_HOURS)
    assert not needed - policy.told.keys()


def test_a_policy_sets_all_hours_of_delivery_or_as_that_of_scms_none() -> None:
    for policy in POLICIES:
        expected = set() if policy.id == "scms" else set(DELIVERY_HOURS)
        assert policy.told.keys() & set(DELIVERY_HOURS) == expected


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_value_of_a_policy_is_used_by_a_rule_that_it_carries(policy: Policy) -> None:
    rules = [BY_NAME[rule] for rule in policy.rules]
    used = {name for rule in rules for name in (*rule.values, *rule.options)}
    unused = policy.told.keys() - used
    assert not unused


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_no_clause_calls_a_rule_unbuilt_that_is_built(policy: Policy) -> None:
    for number, clause in policy.clauses.items():
        found = UNBUILT.match(clause.not_judged)
        named = set(found[1].split(", ")) if found else set()
        assert not named & BY_NAME.keys(), number

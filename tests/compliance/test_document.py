"""Keeps docs/rules.md in step with the rules, their records and the values of the policies."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from services.compliance.policies.policy import Policy, load
from services.compliance.rules import RULES
from shared.domain.records.record import ProductEntry

TEXT = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
CALLED = {ProductEntry: "Product"}
"""Records of which the text says another name than the code."""
NONE = "–"
POLICIES: Mapping[str, Policy] = {
    name: next(policy for policy in load().all if policy.id == policy_id)
    for name, policy_id in (("SX", "cn-sx-2021-22"), ("TJ", "cn-tj-2019-draft"))
}


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the table that begins with a line."""
    lines = iter(TEXT[TEXT.index(heading) :].splitlines()[2:])
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def record_of(name: str) -> str:
    record = next(rule.record for rule in RULES if rule.name == name)
    return CALLED.get(record, record.__name__)


def section(name: str) -> str:
    """What the text says of a rule."""
    return TEXT.split(f"### `{name}`\n", 1)[1].split("\n### ", 1)[0].split("\n## ", 1)[0]


def test_the_table_names_each_rule_with_its_record_and_the_clauses_of_its_policies() -> None:
    told = {
        cells[0].split("`")[1]: (cells[1], cells[2], cells[3].strip("`"))
        for cells in rows("| rule | SX")
    }
    assert told == {
        rule.name: (*(clauses(policy, rule.name) for policy in POLICIES.values()), record)
        for rule in RULES
        for record in [record_of(rule.name)]
    }


def clauses(policy: Policy, rule: str) -> str:
    carried = policy.rules.get(rule)
    if carried is None:
        return NONE
    mission = ["mission"] if rule == "unreported-shortage" else []
    return ", ".join([*mission, *carried.clauses])


def test_the_section_of_a_rule_names_the_record_that_it_reads() -> None:
    told = {
        rule.name: found[1]
        for rule in RULES
        if (found := re.search(r"[Rr]ecord `(\w+)`", section(rule.name)))
    }
    assert len(told) > len(RULES) / 2
    assert told == {name: record_of(name) for name in told}


def test_each_value_of_a_policy_stands_in_the_text_as_it_is_in_the_data() -> None:
    told = {cells[0].strip("`"): tuple(cells[1:]) for cells in rows("| value | SX")}
    names = {name for policy in POLICIES.values() for name in policy.values}
    assert told == {name: told_of(name) for name in names}


def told_of(name: str) -> tuple[str, str, str]:
    """A value as each policy has it, and on what it rests in all that have it."""
    terms = [policy.term(name) if name in policy.values else None for policy in POLICIES.values()]
    (basis,) = {term.basis for term in terms if term is not None}
    of_one, of_other = (NONE if term is None else shown(term.value) for term in terms)
    return of_one, of_other, basis


def shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def test_the_numbers_of_a_rule_are_those_of_the_policies() -> None:
    """A value that the text names with its number and basis, as `pace_ratio` (0.8, assumption)."""
    seen = {
        (name, number)
        for name, number in re.findall(r"`(\w+)` \(([\d.]+)(?:,| × |\))", TEXT)
        if any(name in policy.values for policy in POLICIES.values())
    }
    assert len(seen) > 20
    known = {
        (name, shown(policy.term(name).value))
        for policy in POLICIES.values()
        for name in policy.values
    }
    assert seen - known == set()

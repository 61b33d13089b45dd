"""The documents of the policies that stand in docs/ are those that the policies make."""

import re
from pathlib import Path

import pytest

from services.compliance.policies import duties
from services.compliance.policies.policy import load
from services.compliance.rules import RULES
from tools.documents import FOLDER, documents

HERE = Path(__file__).parents[2] / FOLDER
MADE = documents()
HAN = re.compile(r"[\u4e00-\u9fff]")


def test_the_documents_in_the_repository_are_those_that_the_policies_make() -> None:
    kept = {path.name: path.read_text("utf-8") for path in HERE.glob("*.md")}
    stale = sorted(name for name in kept.keys() | MADE if kept.get(name) != MADE.get(name))
    assert stale == [], "a policy or a rule has changed: make documents"


@pytest.mark.parametrize("name", MADE)
def test_a_document_holds_all_that_its_policy_says(name: str) -> None:
    (policy,) = (it for it in load().all if it.id == name.split(".", maxsplit=1)[0])
    text = MADE[name]
    for clause in policy.clauses.values():
        assert all(line in text for line in clause.text.splitlines())
    for rule, carried in policy.rules.items():
        assert f"`{rule}`" in text
        assert carried.quote in text
    assert all(f"`{value}`" in text for value in policy.told)
    assert all(duty.id in text for duty in duties.of(policy.id))


def test_the_chinese_document_names_rules_and_values_in_chinese() -> None:
    text = MADE["cn-sx-2021-22.md"]
    titles = {rule.name: rule.title_zh for rule in RULES}
    (policy,) = load().of("cn-sx")
    assert all(titles[rule] in text for rule in policy.rules)
    head, _, values = text.partition("## 数值")
    assert all(HAN.search(line) for line in values.splitlines() if line.startswith("| `"))
    assert "Not judged" not in head

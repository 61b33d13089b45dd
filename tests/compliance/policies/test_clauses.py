"""Holds the clauses of the policies against the documents that they were taken from."""

import re

import pytest

from services.compliance.policies.policy import FOLDER, Policy, load

SX, TJ = "cn-sx-2021-22", "cn-tj-2019-draft"
BY_ID = {policy.id: policy for policy in load().all}
POLICIES = tuple(BY_ID.values())
CLAUSES = [
    pytest.param(BY_ID[id_], number, id=f"{id_} {number}")
    for id_ in (SX, TJ)
    for number in BY_ID[id_].clauses
]
RULES = [
    pytest.param(policy, rule, id=f"{policy.id} {rule}")
    for policy in POLICIES
    for rule in policy.rules
]


def document(policy_id: str) -> str:
    """The document as printed, from its first heading on, without white space."""
    text = (FOLDER / "documents" / f"{policy_id}.txt").read_text("utf-8")
    return pressed(text[text.index("一、总体要求") :]).replace("[bookmark:_GoBack]", "")


def pressed(text: str) -> str:
    return re.sub(r"\s", "", text)


def heading(number: str, title: str) -> str:
    """The line above a clause: `四、采购周期`, `（一）执行采购结果，签订购销合同`."""
    found = re.fullmatch(r"(.)(（.+）)?(?:¶.)?", number)
    assert found
    outer, inner = found.groups()
    return pressed(inner + title if inner else f"{outer}、{title}")


@pytest.mark.parametrize(("policy", "number"), CLAUSES)
def test_a_clause_stands_word_for_word_in_its_document(policy: Policy, number: str) -> None:
    clause = policy.clauses[number]
    assert clause.text
    assert pressed(clause.text) in document(policy.id)
    assert pressed(clause.title) in document(policy.id)


@pytest.mark.parametrize(
    ("policy_id", "uncited"),
    [
        (SX, ["一、总体要求", "(此件主动公开)山西省医疗保障局办公室2021年12月17日印发"]),
        (TJ, ["三、主要任务", "四、时间进度", "五、工作要求"]),
    ],
)
def test_no_sentence_of_a_document_is_left_out(policy_id: str, uncited: list[str]) -> None:
    rest = document(policy_id)
    for number, clause in BY_ID[policy_id].clauses.items():
        for paragraph in clause.text.splitlines():
            rest = rest.replace(pressed(paragraph), "|", 1)
        rest = rest.replace(heading(number, clause.title), "|", 1)
    assert [piece for piece in re.split(r"[|。]", rest) if piece] == uncited


@pytest.mark.parametrize("policy_id", [SX, TJ])
def test_clauses_stand_in_the_order_of_the_document(policy_id: str) -> None:
    text = document(policy_id)
    places = [text.index(pressed(clause.text)) for clause in BY_ID[policy_id].clauses.values()]
    assert places == sorted(places)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_clause_has_a_rule_or_the_reason_why_none_judges_it(policy: Policy) -> None:
    silent = [number for number, it in policy.clauses.items() if not (it.rules or it.not_judged)]
    assert not silent


@pytest.mark.parametrize(("policy", "rule"), RULES)
def test_a_rule_quotes_one_of_its_clauses_word_for_word(policy: Policy, rule: str) -> None:
    carried = policy.rules[rule]
    assert carried.quote
    assert any(carried.quote in policy.clauses[number].text for number in carried.clauses)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_rules_and_clauses_name_each_other(policy: Policy) -> None:
    by_rule = {(rule, number) for rule, it in policy.rules.items() for number in it.clauses}
    by_clause = {(rule, number) for number, it in policy.clauses.items() for rule in it.rules}
    assert by_rule == by_clause


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_every_value_names_a_clause_of_its_policy(policy: Policy) -> None:
    named = {value.clause for values in policy.told.values() for value in values}
    assert named <= set(policy.clauses)

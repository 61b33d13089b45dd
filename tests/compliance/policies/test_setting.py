"""Values that a person puts in place of the policies' own."""

import re
from datetime import date
from pathlib import Path

import pytest

from services.compliance.policies.policy import Policies, Policy, load
from services.compliance.policies.setting import put
from shared.domain.errors import InvalidArgumentError
from tests.compliance.policies.test_values import CAP, FIRST, THEN, changing

SHIPPED = load()


def of(policies: Policies, jurisdiction: str) -> Policy:
    (policy,) = policies.of(jurisdiction)
    return policy


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("response_hours", "12", 12),
        ("response_hours", "1.5", 1.5),
        ("count_self_delivery", "true", True),
        ("excused_reasons", '["price", "other"]', ["price", "other"]),
        ("excused_reasons", "[]", []),
    ],
)
def test_a_value_is_written_as_in_a_policys_file(name: str, text: str, value: object) -> None:
    found = of(put({name: text}, SHIPPED), "cn-sx").term(name)
    assert (found.value, found.basis) == (value, of(SHIPPED, "cn-sx").term(name).basis)


def test_every_policy_that_has_it_gets_it_and_nothing_else_changes() -> None:
    policies = put({"delivery_hours": "1", CAP: "2"}, SHIPPED)
    for jurisdiction in ("cn-sx", "cn-tj"):
        before, after = of(SHIPPED, jurisdiction), of(policies, jurisdiction)
        assert after.number("delivery_hours") == 1
        assert after.digest != before.digest
        changed = {name for name in before.values if before.values[name] != after.values[name]}
        assert changed == {"delivery_hours", CAP} & before.values.keys()
    assert of(policies, "scms").digest == of(SHIPPED, "scms").digest
    assert policies.table is SHIPPED.table


def test_nothing_given_changes_nothing() -> None:
    assert [policy.digest for policy in put({}, SHIPPED).all] == [it.digest for it in SHIPPED.all]


def test_a_value_given_holds_on_all_days_in_place_of_those_that_follow_each_other(
    tmp_path: Path,
) -> None:
    changing(tmp_path, FIRST, THEN)
    policies = put({CAP: "9"}, load(tmp_path))
    for day in (date(2022, 1, 1), date(2030, 1, 1)):
        in_force = policies.on("cn-sx", day)
        assert in_force is not None
        assert in_force.number(CAP) == 9
    other = put({"response_hours": "9"}, load(tmp_path))
    assert of(other, "cn-sx").on(date(2030, 1, 1)).number(CAP) == 3


def test_a_value_given_holds_under_the_one_policy_that_was_chosen() -> None:
    chosen = put({CAP: "9"}, SHIPPED.instead("cn-sx-2021-22"))
    for policies in (chosen, put({CAP: "9"}, SHIPPED).instead("cn-sx-2021-22")):
        in_force = policies.on("cn-tj", date(2000, 1, 1))
        assert in_force is not None
        assert in_force.number(CAP) == 9


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("respone_hours", "12", "--set respone_hours: no policy has it; known are: .*delivery_"),
        ("response_hours", "soon", "--set response_hours='soon': is no such value; .* like 24"),
        ("response_hours", "true", "like 24"),
        ("response_hours", "", "like 24"),
        ("response_hours", "1\nnote = 2", "like 24"),
        ("count_self_delivery", "1", "like false"),
        ("excused_reasons", "price", re.escape('like ["hospital_error"]')),
        ("excused_reasons", "[[1]]", "like"),
        ("excused_reasons", "{a = 1}", "like"),
    ],
)
def test_what_cannot_be_put_in_place_is_refused_with_name_value_and_remedy(
    name: str, text: str, problem: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=problem):
        put({name: text}, SHIPPED)

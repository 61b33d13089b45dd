"""Values of a policy that change on a day: what happened before keeps its judgement."""

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest

from services.compliance.judging.moment import Moment
from services.compliance.policies.policy import Policies, Policy, with_editions
from services.compliance.policies.values import Value
from tests.support import histories
from tests.support.builders import POLICIES, replayed
from tests.support.events import heard, instant, said
from tests.support.workers.in_memory import InMemoryWorker

Found = list[dict[str, Any]]
MANY = 150
CAP = "drug_distributor_cap"


def changed(policies: Policies, **later: tuple[date, Any]) -> Policies:
    """The policies with values that are others from a day on."""
    return Policies((_changed(policy, later) for policy in policies.all), policies.table)


def _changed(policy: Policy, later: dict[str, tuple[date, Any]]) -> Policy:
    told = {
        name: (*values, _later(values[-1], *later[name])) if name in later else values
        for name, values in policy.told.items()
    }
    return with_editions(policy, told)


def _later(value: Value, day: date, other: Any) -> Value:
    return msgspec.structs.replace(value, since=day, value=other)


def told_again(policies: Policies, chance: Random) -> Policies:
    """The policies, each value told again unchanged on some days."""
    for number in sorted(chance.sample(range(1, 350), 3)):
        policies = Policies(
            [_told_again(policy, number, chance) for policy in policies.all], policies.table
        )
    return policies


def _told_again(policy: Policy, number: int, chance: Random) -> Policy:
    day = policy.in_force + timedelta(days=number)
    again = {name: (day, it[-1].value) for name, it in policy.told.items() if chance.random() < 0.7}
    return _changed(policy, again)


def found(events: Iterable[dict[str, Any]], as_of: datetime, policies: Policies) -> Found:
    replay = replayed(events, as_of, policies)
    told: Found = json.loads(msgspec.json.encode(replay.violations()))
    assert replay.defects == {}
    return told


def without_version(told: Found) -> Found:
    return [violation | {"policy_version": ""} for violation in told]


@pytest.mark.parametrize("first", range(0, 3 * MANY, MANY))
def test_a_value_that_is_told_again_unchanged_changes_no_judgement(first: int) -> None:
    for seed in range(first, first + MANY):
        chance = Random(seed)
        written = histories.history(chance) if seed % 2 else histories.whole_history(chance)
        as_of = (histories.moment if seed % 2 else histories.whole_moment)(chance, written)
        again = told_again(POLICIES, chance)
        versions = {
            edition.digest for policy in again.all for edition in policy.editions or (policy,)
        }

        judged = found(written, as_of, again)

        assert without_version(judged) == without_version(found(written, as_of, POLICIES)), seed
        assert {violation["policy_version"] for violation in judged} <= versions


@pytest.mark.parametrize("seed", range(60))
def test_what_is_told_of_days_to_come_changes_nothing_of_what_was_found(seed: int) -> None:
    chance = Random(seed)
    written = histories.history(chance)
    as_of = histories.moment(chance, written)
    ahead = (as_of + timedelta(days=400)).date()
    later = changed(
        POLICIES, response_hours=(ahead, 1), delivery_hours=(ahead, 1), **{CAP: (ahead, 0)}
    )
    assert found(written, as_of, later) == found(written, as_of, POLICIES)


def scene(*more: dict[str, Any]) -> list[dict[str, Any]]:
    return [said("product.selected"), said("hospital.enrolled"), *more]


def test_an_order_is_judged_by_the_values_of_the_day_of_its_placing() -> None:
    policies = changed(POLICIES, response_hours=(date(2022, 5, 1), 6))
    written = scene(
        said("order.placed", "2022-04-30 23:59:59", order="before"),
        said("order.placed", "2022-05-01 00:00:00", order="after"),
    )
    judged = found(written, instant("2022-05-01 20:00:00"), policies)
    late = {it["order"]: it for it in judged if it["rule"] == "late-response"}
    assert set(late) == {"after"}
    assert late["after"]["basis"][0]["value"] == 6
    judged = found(written, instant("2022-06-01 00:00:00"), policies)
    values = {
        it["order"]: it["basis"][0]["value"] for it in judged if it["rule"] == "late-response"
    }
    assert values == {"before": 24, "after": 6}


def appointed(number: int, start: str = "2022-03-01") -> dict[str, Any]:
    return said(
        "distributor.appointed", appointment=f"A{number}", distributor=f"D{number}", start=start
    )


def test_too_many_by_a_new_cap_are_too_many_from_its_day_on() -> None:
    policies = changed(POLICIES, **{CAP: (date(2022, 5, 1), 3)})
    written = scene(*(appointed(number) for number in range(4)))
    (excess,) = _excess(found(written, instant("2022-06-01 00:00:00"), policies))
    assert excess["occurred_at"] == "2022-04-30T16:00:00.000000Z"
    assert (excess["observed"], excess["limit"]) == (4, 3)
    assert not _excess(found(written, instant("2022-04-30 00:00:00"), policies))


def test_an_excess_that_began_before_a_change_stays_one_with_the_cap_of_its_start() -> None:
    policies = changed(POLICIES, **{CAP: (date(2022, 5, 1), 3)})
    written = scene(*(appointed(number) for number in range(6)))
    (excess,) = _excess(found(written, instant("2022-06-01 00:00:00"), policies))
    assert excess["occurred_at"] == "2022-02-28T16:00:00.000000Z"
    assert excess["limit"] == 5
    eased = changed(POLICIES, **{CAP: (date(2022, 5, 1), 9)})
    (excess,) = _excess(found(written, instant("2022-06-01 00:00:00"), eased))
    assert excess["cured_at"] == "2022-04-30T16:00:00.000000Z"


def _excess(judged: Found) -> Found:
    return [it for it in judged if it["rule"] == "distributor-cap"]


def test_a_check_of_standards_is_made_on_the_days_on_which_the_policy_asks_for_it() -> None:
    policies = changed(POLICIES, standard_checks=(date(2022, 5, 1), []))
    written = scene(said("standard.set", standard_price="0.99", effective_on="2022-03-01"))
    judged = found(written, instant("2022-06-01 00:00:00"), policies)
    (mispaid,) = (it for it in judged if it["rule"] == "payment-standard")
    assert mispaid["cured_at"] == "2022-04-30T16:00:00.000000Z"


@pytest.mark.parametrize("seed", range(40))
def test_a_worker_that_learns_of_a_later_change_tells_nothing_of_what_was_before(seed: int) -> None:
    chance = Random(seed)
    events = [heard(event) for event in histories.history(chance)]
    as_of = max(event.told for event in events) + timedelta(days=30)
    worker = InMemoryWorker(POLICIES)
    worker.hear(events, Moment(as_of, as_of))
    lines = len(worker.history)

    ahead = as_of.date() + timedelta(days=30)
    worker.law.policies = changed(POLICIES, response_hours=(ahead, 1), **{CAP: (ahead, 0)})
    worker.judge_again(Moment(as_of, as_of))

    assert len(worker.history) == lines

import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import msgspec
import pytest

from services.sources import province
from services.sources.province import Plan, completion, planting, simulate
from services.sources.province.world import World
from shared.domain.cloudevents import read_structured
from shared.domain.errors import InvalidArgumentError
from shared.domain.ids import violation_id
from tests.support.oracle import THIRTY, judge
from tests.support.workers.in_process import read, replayed

UNTIL = datetime(2026, 3, 4, 1, 30, tzinfo=UTC)
SMALL: dict[str, Any] = {"hospitals": 6, "days": 60, "orders": 150}
OFTEN = {
    "distributor-cap",
    "coverage-gap",
    "late-response",
    "late-delivery",
    "beyond-volume-supply",
    "supply-refusal",
    "selected-price",
    "unreported-shortage",
    "listing-price",
    "payment-standard",
    "unappointed-distributor",
    "off-platform",
}
"""The rules that are planted by the dozen; each of the others asks for events of months."""

NEEDS_ROOM = {"non-selected-first", "remote-service"}
"""What a small province may have no ground for: many orders, some of them of remote hospitals."""

COMPARED = (
    "status",
    "exempt",
    "severity",
    "product",
    "area",
    "hospital",
    "manufacturer",
    "distributor",
    "order",
    "occurred_at",
    "cured_at",
    "observed",
    "limit",
    "breach",
    "policy",
)
Finding = dict[str, Any]


def small(seed: int = 1, until: datetime = UNTIL) -> Plan:
    return Plan(until=until, seed=seed, **SMALL)


@cache
def made(seed: int = 1) -> tuple[list[bytes], list[Finding]]:
    simulated = simulate(small(seed))
    return list(simulated.events), simulated.truth


@cache
def large() -> tuple[list[bytes], list[Finding]]:
    simulated = simulate(Plan(until=UNTIL))
    return list(simulated.events), simulated.truth


def by_identity(findings: list[Finding]) -> dict[tuple[str, ...], Finding]:
    return {
        (found["rule"], found["subject"], found["anchor"]): {key: found[key] for key in COMPARED}
        for found in findings
    }


def test_the_same_plan_gives_the_same_bytes_and_another_seed_others() -> None:
    again = simulate(small())

    assert list(again.events) == made()[0]
    assert again.truth == made()[1]
    assert made(2)[0] != made()[0]


def test_two_plans_never_share_an_event_id() -> None:
    ids = [{json.loads(line)["id"] for line in made(seed)[0]} for seed in (1, 2)]

    assert not ids[0] & ids[1]


LATER = [timedelta(), timedelta(days=3.5), timedelta(days=7)]


@pytest.mark.parametrize(("seed", "later"), list(zip(range(1, 4), LATER, strict=True)))
def test_the_oracle_finds_exactly_what_was_planted_all_week(seed: int, later: timedelta) -> None:
    lines, truth = made(seed)

    found = judge([json.loads(line) for line in lines], UNTIL + later, rules=THIRTY)

    assert by_identity(found) == by_identity(truth)


@pytest.mark.parametrize("seed", range(1, 4))
@pytest.mark.parametrize("later", LATER)
def test_a_replay_finds_exactly_what_was_planted_in_any_order(seed: int, later: timedelta) -> None:
    lines, truth = made(seed)
    shuffled = Random(seed).sample(lines, len(lines))

    found = replayed(read(shuffled), UNTIL + later)

    assert by_identity(json.loads(msgspec.json.encode(found))) == by_identity(truth)


@pytest.mark.parametrize(
    ("until", "otherwise"),
    [
        # What plants leave undelivered makes no month short but where that is planted.
        ("2026-11-27T06:00:00Z", {"hospitals": 8, "days": 60, "orders": 1200}),
        # Years of agreements end, and what is planted near their end lies within their volume.
        ("2026-06-02T16:00:00Z", {"hospitals": 8, "days": 365, "orders": 784, "seed": 312821}),
        # Agreements ask for the goods before the answer.
        ("2022-04-09T13:09:08Z", {"hospitals": 5, "days": 60, "orders": 100, "seed": 219598}),
    ],
)
def test_nothing_is_found_but_what_was_planted(until: str, otherwise: dict[str, Any]) -> None:
    plan = Plan(until=datetime.fromisoformat(until), **otherwise)
    simulated = simulate(plan)

    found = replayed(read(list(simulated.events)), plan.until)

    assert by_identity(json.loads(msgspec.json.encode(found))) == by_identity(simulated.truth)


def test_every_kind_of_plant_finds_ground_in_the_default_province() -> None:
    world = World(Plan(until=UNTIL))
    completion.complete(world)

    for plant, _ in planting.PLANTINGS:
        plant(world)  # It raises NoGroundError where it finds none.


def test_nobody_buys_twice_what_was_not_agreed() -> None:
    world = World(Plan(until=UNTIL, hospitals=4, days=400, orders=48_000))
    unsigned = {
        (pair.hospital.code, pair.product.code)
        for pair in world.pairs
        if pair.product.fate == "plain" and not pair.agreements
    }
    planting.plant(world)
    told: list[Any] = [event for story in world.lists for _, event in story]
    bought = {
        event["data"]["order"]: (event["data"]["hospital"], event["data"]["product"])
        for event in told
        if event["type"] == "vbp.order.placed.v1"
    }
    times = Counter(bought.values())

    assert max(times[pair] for pair in unsigned) == 1


@pytest.mark.parametrize("until", ["2022-03-01T09:30+08:00", "2024-02-29T23:59:59+08:00"])
def test_the_oracle_agrees_at_other_times(until: str) -> None:
    instant = datetime.fromisoformat(until)
    simulated = simulate(small(3, instant))

    found = judge([json.loads(line) for line in simulated.events], instant, rules=THIRTY)

    assert by_identity(found) == by_identity(simulated.truth)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_even_a_small_province_has_every_rule_open_and_closed_as_can_be(seed: int) -> None:
    kinds = Counter((found["rule"], found["status"]) for found in made(seed)[1])

    assert {rule for rule, _ in kinds} | NEEDS_ROOM == THIRTY
    assert {rule for rule, status in kinds if status == "open"} == {
        "distributor-cap",
        "coverage-gap",
        "late-response",
        "late-delivery",
        "beyond-volume-supply",
        "off-platform",
        "late-settlement",
    }


def test_the_default_province_plants_dozens_of_each_rule() -> None:
    lines, truth = large()
    planted = Counter(found["rule"] for found in truth)

    assert set(planted) == THIRTY
    assert min(planted[rule] for rule in OFTEN) >= 24
    assert min(planted.values()) >= 3
    assert len(lines) >= 100_000
    assert sum(found["exempt"] for found in truth) >= len(THIRTY)
    assert {found["breach"] for found in truth} == {None, "refused", "overpriced", "undelivered"}


def test_truth_says_who_what_when_and_why() -> None:
    lines, truth = made()
    told = {(event["id"], event["source"]) for event in map(json.loads, lines)}

    assert len({found["id"] for found in truth}) == len(truth)
    for found in truth:
        named = violation_id(
            found["jurisdiction"], found["rule"], found["subject"], found["anchor"]
        )
        assert UUID(found["id"]) == named
        assert (found["cured_at"] is None) == (found["status"] == "open")
        assert found["clause"]
        assert found["basis"] in {"clause", "agreement", "assumption", "mission"}
        assert found["evidence"]
        assert {(fact["id"], fact["source"]) for fact in found["evidence"]} <= told
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", found["occurred_at"])


def test_every_event_can_be_read_and_none_lies_after_the_end() -> None:
    for line in made()[0]:
        event = read_structured(line)
        assert event.time <= UNTIL
        assert event.claimed <= UNTIL


def test_no_event_of_the_default_province_lies_after_the_end() -> None:
    for event in map(json.loads, large()[0]):
        for attribute in ("time", "recordedtime"):
            if attribute in event:
                assert datetime.fromisoformat(event[attribute]) <= UNTIL


def test_the_archive_is_told_twice_late_and_out_of_order_in_places() -> None:
    events = [json.loads(line) for line in made()[0]]
    ids = Counter((event["id"], event["source"]) for event in events)
    told = [datetime.fromisoformat(event.get("recordedtime", event["time"])) for event in events]

    assert any(count > 1 for count in ids.values())
    assert any(event.get("recordedtime", event["time"]) != event["time"] for event in events)
    assert told != sorted(told)


def test_the_hospitals_are_real_and_lie_in_the_province() -> None:
    events = [json.loads(line) for line in made()[0]]
    told = [e["data"] for e in events if e["type"] == "vbp.hospital.enrolled.v1"]
    enrolled = [hospital for hospital in told if hospital["jurisdiction"] == "cn-sx"]

    assert len({hospital["hospital"] for hospital in enrolled}) == SMALL["hospitals"]
    assert all(hospital["area"].startswith("14") for hospital in enrolled)


def test_codes_of_products_have_their_national_length() -> None:
    events = [json.loads(line) for line in made()[0]]
    selected = [e["data"] for e in events if e["type"] == "vbp.product.selected.v1"]

    lengths = {(product["category"], len(product["product"])) for product in selected}

    assert lengths == {("drug", 23), ("consumable", 27)}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"hospitals": 3}, "--hospitals"),
        ({"hospitals": 232}, "--hospitals"),
        ({"days": 59}, "--days"),
        ({"orders": 0}, "--orders"),
        ({"jurisdiction": "cn-tj"}, "--jurisdiction"),
        ({"until": datetime(2026, 3, 4)}, "--until"),  # noqa: DTZ001
        ({"until": datetime(2022, 2, 1, tzinfo=UTC)}, "--days"),
        ({"until": datetime(2020, 6, 1, tzinfo=UTC)}, "--until"),
        ({"until": datetime(9999, 12, 31, tzinfo=UTC)}, "--until"),
    ],
)
def test_a_plan_that_cannot_be_simulated_is_refused_by_name(
    change: dict[str, Any], named: str
) -> None:
    with pytest.raises(InvalidArgumentError, match=named):
        Plan(**{"until": UNTIL, **SMALL, **change})


def test_the_sources_do_not_know_the_judge() -> None:
    folder = Path(province.__file__).parent.parent

    for path in folder.rglob("*.py"):
        assert "services.compliance" not in path.read_text(encoding="utf-8")

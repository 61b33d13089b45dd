"""A third jurisdiction is a new file of its policy: no line of Python knows of it."""

import json
import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from services.compliance.judging.moment import Moment
from services.compliance.policies.policy import FOLDER, Policies, load
from tests.support import histories
from tests.support.builders import POLICIES, replayed
from tests.support.events import heard, said
from tests.support.workers.in_memory import InMemoryWorker

WHERE, ID = "cn-nx", "cn-nx-2022"
LEFT_OUT = "late-response"
OTHER = {
    'id = "cn-sx-2021-22"': f'id = "{ID}"',
    'jurisdiction = "cn-sx"': f'jurisdiction = "{WHERE}"',
    "in_force = 2021-12-17": "in_force = 2022-03-10\nuntil = 2022-09-01",
    "drug_distributor_cap = { value = 5,": "drug_distributor_cap = { value = 2,",
    "delivery_hours = { value = 48,": "delivery_hours = { value = 24,",
}
"""What the new file says otherwise: other days, other caps and hours; and it has a rule less."""


@pytest.fixture
def policies(tmp_path: Path) -> Policies:
    """The shipped policies, and that of a third jurisdiction beside them."""
    for path in FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    text = (FOLDER / "cn-sx-2021-22.toml").read_text("utf-8")
    for old, new in OTHER.items():
        assert old in text
        text = text.replace(f"\n{old}", f"\n{new}", 1)
    head, _, rest = text.partition(f"[rules.{LEFT_OUT}]")
    text = head + rest[rest.index("\n[rules.") + 1 :]
    text = text.replace(f'"{LEFT_OUT}", ', "")
    (tmp_path / f"{ID}.toml").write_text(text, "utf-8")
    return load(tmp_path)


def found(policies: Policies, *events: dict[str, Any], at: str) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(
        msgspec.json.encode(replayed(events, at, policies).violations())
    )
    return told


def there(kind: str, at: str = "2022-03-01 09:00:00", **changed: Any) -> dict[str, Any]:
    return said(kind, at, jurisdiction=WHERE, **changed)


def test_its_caps_hours_and_days_are_its_own(policies: Policies) -> None:
    scene = [there("product.selected"), there("hospital.enrolled")]
    appointed = [
        there("distributor.appointed", appointment=f"A{n}", distributor=f"D{n}", start="2022-01-01")
        for n in range(3)
    ]
    judged = found(policies, *scene, *appointed, at="2023-01-01 00:00:00")
    (excess,) = (it for it in judged if it["rule"] == "distributor-cap")
    assert (excess["policy"], excess["observed"], excess["limit"]) == (ID, 3, 2)
    assert excess["occurred_at"] == "2022-03-09T16:00:00.000000Z"
    assert excess["cured_at"] == "2022-08-31T16:00:00.000000Z"

    early = there("order.placed", "2022-03-09 23:59:59", order="early")
    late = there("order.placed", "2022-04-01 09:00:00", order="late")
    judged = found(policies, *scene, early, late, at="2022-04-02 09:00:01")
    delivered = [it for it in judged if it["order"]]
    assert [(it["rule"], it["order"]) for it in delivered] == [("late-delivery", "late")]
    assert delivered[0]["limit"] is not None


def both(shared: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What happened in Shanxi, and the very same in the third jurisdiction."""
    elsewhere = [
        {**event, "id": f"{event['id']} there", "data": event["data"] | {"jurisdiction": WHERE}}
        for event in shared
    ]
    return [*shared, *elsewhere]


def test_a_rule_that_its_file_leaves_out_is_judged_of_nobody_there(policies: Policies) -> None:
    by_place: Counter[tuple[str, str]] = Counter()
    for seed in range(40):
        written = both(histories.history(Random(seed)))
        judged = found(policies, *written, at="2024-01-01 00:00:00")
        by_place.update((it["jurisdiction"], it["rule"]) for it in judged)
    assert by_place["cn-sx", LEFT_OUT] > 0
    assert by_place[WHERE, LEFT_OUT] == 0
    assert by_place[WHERE, "late-delivery"] > 0


@pytest.mark.parametrize("seed", range(20))
def test_it_changes_nothing_elsewhere_and_a_worker_finds_there_what_a_replay_does(
    policies: Policies, seed: int
) -> None:
    shared = histories.history(Random(seed))
    written = both(shared)
    events = [heard(event) for event in written]
    as_of = max(event.told for event in events) + timedelta(days=60)

    judged = found(policies, *written, at=as_of.isoformat())
    before = found(POLICIES, *shared, at=as_of.isoformat())
    assert [it for it in judged if it["jurisdiction"] != WHERE] == before

    worker = InMemoryWorker(policies)
    worker.hear(events, Moment(as_of, as_of))
    by_id = {it["id"]: it for it in worker.violations()}
    assert by_id == {it["id"]: it for it in judged}


def test_its_events_are_taken_only_where_it_has_a_policy(policies: Policies) -> None:
    assert WHERE in policies.jurisdictions
    assert WHERE not in POLICIES.jurisdictions
    assert policies.on(WHERE, date(2022, 3, 9)) is None

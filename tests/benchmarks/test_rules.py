"""The cost of every rule: all are told, what was judged was judged, and no clock is left behind."""

import json
from pathlib import Path
from random import Random

from benchmarks.rules import FIRST, archives_beside_the_first, beside_the_first, costs, only
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.replay import Replay
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from tests.support import histories
from tests.support.builders import POLICIES
from tests.support.events import heard


def test_the_cost_of_every_rule_is_told_and_nothing_stays_timed() -> None:
    events = [heard(event) for event in histories.history(Random(7))]
    before = {name: kind.rules for name, kind in KINDS.items()}
    told = costs(events, POLICIES, max(event.told for event in events))
    assert told.keys() == {rule.name for rule in RULES}
    assert told["late-delivery"] > 0
    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert {name: kind.rules for name, kind in KINDS.items()} == before


def test_the_first_eight_find_alone_what_they_find_among_all() -> None:
    events = [heard(event) for event in histories.history(Random(7))]

    def found(policies: Policies) -> list[object]:
        replay = Replay(policies, max(event.told for event in events))
        for event in events:
            replay.tell(event)
        return [one for one in replay.violations() if one.rule in FIRST]

    alone = found(only(FIRST, POLICIES))
    assert alone == found(POLICIES)
    assert alone
    assert len(FIRST) == 8
    assert min(beside_the_first(events, POLICIES, max(event.told for event in events))) > 0


def test_an_archive_is_judged_by_all_rules_and_by_the_first_eight(tmp_path: Path) -> None:
    written = histories.history(Random(7))
    archive = tmp_path / "archive.ndjson"
    archive.write_text("\n".join(map(json.dumps, written)))
    now = max(heard(event).told for event in written)
    assert min(archives_beside_the_first(archive, POLICIES, now)) > 0

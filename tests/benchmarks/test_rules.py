"""The cost of every rule: all are told, what was judged was judged, and no clock is left behind."""

from random import Random

from benchmarks.rules import costs
from services.compliance.judging.kinds import KINDS
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

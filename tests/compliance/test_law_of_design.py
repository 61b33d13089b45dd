"""The one law: a violation is a pure function of the facts known and the moment of asking.

The engine is held against an independent reading of the rules; and a worker that reads in any
order, twice, in batches, behind the clock and with a restart after every step, against a replay
that reads everything at once.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from services.compliance.findings.violation import Violation
from services.compliance.judging.moment import Moment
from services.compliance.judging.replay import Replay
from shared.domain import calendar
from shared.domain.cloudevents import Event
from tests.support import histories
from tests.support.builders import POLICIES, replayed
from tests.support.events import heard
from tests.support.oracle import judge
from tests.support.workers.in_memory import InMemoryWorker, Line

CHUNK = 100
SETTLE = timedelta(seconds=10)
MICROSECOND = timedelta(microseconds=1)
Found = list[dict[str, Any]]
Story = Callable[[Random], tuple[list[Event], datetime]]
CASES = Path(__file__).parent / "rules"
BUILT = frozenset(cases.stem.replace("_", "-") for cases in CASES.glob("*.toml"))
"""The rules that the engine has: each has its cases."""


def as_json(replay: Replay) -> Found:
    told: Found = json.loads(msgspec.json.encode(replay.violations()))
    return told


def apart(expected: Found, found: Found) -> list[str]:
    """The findings that differ, nothing if none do."""
    lost = [f"lost: {violation}" for violation in expected if violation not in found]
    return lost + [f"extra: {violation}" for violation in found if violation not in expected]


def against_the_oracle(written: list[histories.Event], as_of: datetime) -> list[str]:
    """The findings that only one of oracle and engine has, in all that the oracle says of one."""
    expected = judge(written, as_of, rules=BUILT)
    found = as_json(replayed(written, as_of))
    # Details are said in words of each rule's own; its cases hold them.
    told = expected[0].keys() - {"details"} if expected else ()
    expected = [{name: violation[name] for name in told} for violation in expected]
    return apart(expected, [{name: violation[name] for name in told} for violation in found])


@pytest.mark.parametrize("first", range(0, 12 * CHUNK, CHUNK))
def test_the_engine_finds_what_an_independent_reading_of_the_rules_finds(first: int) -> None:
    for seed in range(first, first + CHUNK):
        chance = Random(seed)
        written = histories.history(chance)
        as_of = histories.moment(chance, written)
        if against_the_oracle(written, as_of):
            kept = histories.smallest(written, partial(against_the_oracle, as_of=as_of))
            differing = "\n".join(against_the_oracle(kept, as_of))
            pytest.fail(f"history {seed} as of {as_of}:\n{differing}\nin {json.dumps(kept)}")


@pytest.mark.parametrize("first", range(0, 3 * CHUNK, CHUNK))
def test_it_finds_so_in_years_of_all_events_too(first: int) -> None:
    for seed in range(first, first + CHUNK):
        chance = Random(seed)
        written = histories.whole_history(chance)
        as_of = histories.whole_moment(chance, written)
        if against_the_oracle(written, as_of):
            kept = histories.smallest(written, partial(against_the_oracle, as_of=as_of))
            differing = "\n".join(against_the_oracle(kept, as_of))
            pytest.fail(f"history {seed} as of {as_of}:\n{differing}\nin {json.dumps(kept)}")


def test_the_histories_break_every_rule_often() -> None:
    broken: Counter[str] = Counter()
    for seed in range(CHUNK):
        chance = Random(seed)
        written = histories.history(chance)
        broken.update(found["rule"] for found in judge(written, histories.moment(chance, written)))
    assert len(broken) == 8
    assert min(broken.values()) >= 5


def story(chance: Random) -> tuple[list[Event], datetime]:
    """The events told until a moment of asking, in any order, some of them twice."""
    written = histories.history(chance)
    return told_until(histories.moment(chance, written), written, chance)


def whole_story(chance: Random) -> tuple[list[Event], datetime]:
    """As `story`, of years of all events, some of which are taken back."""
    written = histories.whole_history(chance)
    return told_until(histories.whole_moment(chance, written), written, chance)


def told_until(
    as_of: datetime, written: list[histories.Event], chance: Random
) -> tuple[list[Event], datetime]:
    events = [event for event in map(heard, written) if event.told <= as_of]
    events += chance.sample(events, len(events) // 4)
    chance.shuffle(events)
    return events, as_of


def replay_of(events: Iterable[Event], as_of: datetime) -> Replay:
    replay = Replay(POLICIES, as_of)
    for event in events:
        replay.tell(event)
    return replay


def feed(worker: InMemoryWorker, chance: Random, events: list[Event], as_of: datetime) -> None:
    """Hand a worker everything in some batches, and let it look again between some of them.

    It has heard until just before the earliest event that it has not read.
    """
    earliest = min((event.told for event in events), default=as_of)
    clocks = sorted(earliest + (as_of - earliest) * chance.random() for _ in range(5))
    cuts = [0, *sorted(chance.randint(0, len(events)) for _ in clocks[1:]), len(events)]
    for now, (start, end) in zip(clocks, pairwise(cuts), strict=True):
        worker.hear(events[start:end], Moment(now, _heard_until(now, events[start:])))
        if chance.random() < 0.5:
            worker.look_again(Moment(now, _heard_until(now, events[end:])))


def _heard_until(now: datetime, unread: Iterable[Event]) -> datetime:
    return min((event.told - MICROSECOND for event in unread), default=now)


@pytest.mark.parametrize(
    ("tell", "first"),
    [(story, first) for first in range(0, 4 * CHUNK, CHUNK)]
    + [(whole_story, first) for first in range(0, 2 * CHUNK, CHUNK)],
)
def test_a_worker_that_reads_in_any_order_ends_where_a_replay_does(tell: Story, first: int) -> None:
    for seed in range(first, first + CHUNK):
        chance = Random(seed)
        events, as_of = tell(chance)
        worker = InMemoryWorker(POLICIES, SETTLE)

        feed(worker, chance, events, as_of)
        worker.look_again(Moment(as_of, as_of + SETTLE))

        replay = replay_of(events, as_of)
        differing = "\n".join(apart(as_json(replay), worker.violations()))
        assert not differing, f"history {seed} as of {as_of}:\n{differing}"
        assert worker.unjudged() == replay.unjudged, f"history {seed} as of {as_of}"
        weighed = {key: number for key, number in worker.weighed.items() if number}
        assert weighed == replay.weighed, f"history {seed} as of {as_of}"


def test_a_fact_told_late_withdraws_what_it_disproves() -> None:
    withdrawn = 0
    for seed in range(CHUNK):
        chance = Random(seed)
        events, as_of = story(chance)
        late = [event for event in events if chance.random() < 0.15]
        early = [event for event in events if event not in late]
        worker = InMemoryWorker(POLICIES)
        worker.hear(early, Moment(as_of, as_of))
        worker.look_again(Moment(as_of, as_of))
        before = {violation["id"] for violation in worker.violations()}
        told_before = len(worker.history)

        worker.hear(late, Moment(as_of, as_of))

        after = {violation["id"] for violation in as_json(replay_of(events, as_of))}
        assert {violation["id"] for violation in worker.violations()} == after
        gone = withdrawn_in(worker.history[told_before:]) - after
        assert gone == before - after
        withdrawn += len(gone)
    assert withdrawn > 20


def withdrawn_in(history: Iterable[Line]) -> set[str]:
    return {str(line.change.id) for line in history if line.change.kind == "withdrawn"}


@settings(max_examples=150, deadline=None, derandomize=True)
@given(histories.SEEDS)
def test_nobody_is_accused_of_a_silence_that_has_not_been_heard(seed: int) -> None:
    chance = Random(seed)
    events, as_of = story(chance)
    worker = InMemoryWorker(POLICIES, SETTLE)

    feed(worker, chance, events, as_of)

    for change, moment in worker.history:
        violation = change.violation
        if change.kind == "opened" and violation is not None and rests_on_silence(violation):
            assert deadline_of(violation) <= moment.heard
            assert all(
                calendar.parse_instant(fact["told"]) + SETTLE <= moment.heard
                for fact in violation.evidence
                if fact["type"] == "vbp.order.placed.v1" and violation.order is not None
            )


def rests_on_silence(violation: Violation) -> bool:
    rules = {"coverage-gap", "late-response", "late-delivery", "unreported-shortage"}
    return violation.rule in rules or violation.anchor == "undelivered"


def deadline_of(violation: Violation) -> datetime:
    """Until when a shortage may be reported, and when everything else was due."""
    grace = violation.limit if violation.rule == "unreported-shortage" else 0
    return calendar.parse_instant(violation.occurred_at) + timedelta(hours=grace)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(histories.histories())
def test_asking_twice_changes_nothing(written: list[histories.Event]) -> None:
    as_of = max(datetime.fromisoformat(event["time"]) for event in written)
    worker = InMemoryWorker(POLICIES)
    worker.hear(map(heard, written), Moment(as_of, as_of))
    told = len(worker.history)

    worker.hear(map(heard, written), Moment(as_of, as_of))

    assert worker.history[told:] == []

"""One history read in several ways: at once by a replay, bit by bit by a worker, by the oracle."""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from typing import Any

import msgspec

from services.compliance.judging.moment import Moment
from services.compliance.judging.replay import Replay
from services.compliance.policies.policy import Policies
from services.compliance.rules import RULES
from shared.domain.cloudevents import Event
from tests.support import histories
from tests.support.builders import POLICIES, replayed, with_values
from tests.support.events import heard
from tests.support.oracle import Changed, judge
from tests.support.workers.in_memory import InMemoryWorker

SETTLE = timedelta(seconds=10)
MICROSECOND = timedelta(microseconds=1)
BUILT = frozenset(rule.name for rule in RULES)
Found = list[dict[str, Any]]


def as_json(replay: Replay) -> Found:
    """What a replay finds, as it is served."""
    told: Found = json.loads(msgspec.json.encode(replay.violations()))
    return told


def apart(expected: Found, found: Found) -> list[str]:
    """The findings that differ, nothing if none do."""
    lost = [f"lost: {violation}" for violation in expected if violation not in found]
    return lost + [f"extra: {violation}" for violation in found if violation not in expected]


def against_the_oracle(
    written: list[histories.Event], as_of: datetime, changed: Changed | None = None
) -> list[str]:
    """The findings that only one of oracle and engine has, in all that the oracle says of one."""
    expected = judge(written, as_of, changed, BUILT)
    replay = replayed(written, as_of, with_all_values(changed))
    found = as_json(replay)
    assert replay.defects == {}
    # Details are said in words of each rule's own; its cases hold them.
    told = expected[0].keys() - {"details"} if expected else ()
    expected = [{name: violation[name] for name in told} for violation in expected]
    return apart(expected, [{name: violation[name] for name in told} for violation in found])


def with_all_values(changed: Changed | None) -> Policies:
    """The shipped policies with the values of each jurisdiction that are given and that it has."""
    policies = POLICIES
    for jurisdiction, values in (changed or {}).items():
        known = {name for policy in policies.of(jurisdiction) for name in policy.values}
        # The oracle reckons with decimals, a policy's file holds plain numbers.
        had = {
            name: float(value) if isinstance(value, Decimal) else value
            for name, value in values.items()
            if name in known
        }
        policies = with_values(jurisdiction, had, policies)
    return policies


def told_until(
    as_of: datetime, written: list[histories.Event], chance: Random
) -> tuple[list[Event], datetime]:
    """The events told until a moment of asking, in any order, some of them twice."""
    events = [event for event in map(heard, written) if event.told <= as_of]
    events += chance.sample(events, len(events) // 4)
    chance.shuffle(events)
    return events, as_of


def replay_of(events: Iterable[Event], as_of: datetime, policies: Policies = POLICIES) -> Replay:
    """A replay that was told the events."""
    replay = Replay(policies, as_of)
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


def against_a_replay(
    events: list[Event], as_of: datetime, chance: Random, policies: Policies = POLICIES
) -> list[str]:
    """What only one of a worker that reads in any order and of a replay finds, weighs, lacks.

    All is heard in the end, and what rests on silence has had its time.
    """
    worker = InMemoryWorker(policies, SETTLE)
    feed(worker, chance, events, as_of)
    worker.look_again(Moment(as_of, as_of + SETTLE))
    replay = replay_of(events, as_of, policies)
    differing = apart(as_json(replay), worker.violations())
    assert worker.defects == replay.defects == {}
    weighed = {key: number for key, number in worker.weighed.items() if number}
    for what, here, there in (
        ("unjudged", worker.unjudged(), replay.unjudged),
        ("weighed", weighed, replay.weighed),
    ):
        if here != there:
            differing.append(f"{what}: {here} and {there}")
    return differing

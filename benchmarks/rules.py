"""What each rule costs a replay: microseconds an event, of the processor, around its judging alone.

What several rules ask of the law and the law remembers is paid by the rule that asks first.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec

from services.compliance.findings.finding import Outcome
from services.compliance.findings.rule import Rule
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.replay import Replay
from services.compliance.policies.policy import Policies
from shared.domain.cloudevents import Event


def costs(events: Sequence[Event], policies: Policies, now: datetime) -> dict[str, float]:
    """Judge the events once; gives the microseconds an event of every rule, the dearest first."""
    spent: dict[str, float] = {}
    with _timed(spent):
        replay = Replay(policies, now)
        for event in events:
            replay.tell(event)
        replay.violations()
    dearest = sorted(spent.items(), key=lambda held: -held[1])
    return {rule: seconds / len(events) * 1e6 for rule, seconds in dearest}


@contextmanager
def _timed(spent: dict[str, float]) -> Iterator[None]:
    """Put a clock around every rule, as long as this lasts."""
    plain = dict(KINDS)
    for name, kind in plain.items():
        KINDS[name] = kind._replace(rules=tuple(_with_clock(rule, spent) for rule in kind.rules))
    try:
        yield
    finally:
        KINDS.update(plain)


def _with_clock(rule: Rule, spent: dict[str, float]) -> Rule:
    judge, clock, name = rule.judge, time.process_time, rule.name
    # One that is never asked costs nothing, and is told too.
    spent[name] = 0.0

    def timed(record: Any, terms: Any, now: datetime) -> Iterator[Outcome]:
        began = clock()
        found = list(judge(record, terms, now))
        spent[name] += clock() - began
        return iter(found)

    return msgspec.structs.replace(rule, judge=timed)

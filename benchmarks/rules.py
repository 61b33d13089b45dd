"""What each rule costs a replay: microseconds an event, of the processor, around its judging alone.

What several rules ask of the law and the law remembers is paid by the rule that asks first.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from services.commands.archives import Refusals
from services.commands.replay_processes import Archive
from services.compliance.findings.finding import Outcome
from services.compliance.findings.rule import Rule
from services.compliance.judging.kinds import KINDS
from services.compliance.judging.replay import Replay
from services.compliance.policies.policy import Policies, Policy
from shared.domain.cloudevents import Event

FIRST = frozenset(
    {
        "distributor-cap",
        "coverage-gap",
        "late-response",
        "late-delivery",
        "beyond-volume-supply",
        "supply-refusal",
        "selected-price",
        "unreported-shortage",
    }
)
"""The eight rules of the first release, beside which all thirty are measured."""

TURNS = 3


def beside_the_first(
    events: Sequence[Event], policies: Policies, now: datetime
) -> tuple[float, float]:
    """Give the microseconds an event of all rules, and of the first eight alone.

    Both judge the same events in turns; of each the least counts, for neighbours only add to it.
    """
    return _in_turns(policies, lambda held: _judged(events, held, now) / len(events))


def archives_beside_the_first(
    archive: Path, policies: Policies, now: datetime
) -> tuple[float, float]:
    """Give the microseconds an event in which `vbp replay` reads and judges an archive, as above.

    They are those of the clock: it takes all processors.
    """
    return _in_turns(policies, lambda held: _replayed(archive, held, now))


def _in_turns(policies: Policies, spent: Callable[[Policies], float]) -> tuple[float, float]:
    """Give the least microseconds of all rules and of the first eight, of the seconds `spent`."""
    known = (policies, only(FIRST, policies))
    turns = [[spent(held) for held in known] for _ in range(TURNS)]
    least, of_first = (min(seconds) * 1e6 for seconds in zip(*turns, strict=True))
    return least, of_first


def _replayed(archive: Path, policies: Policies, now: datetime) -> float:
    """Judge an archive as the command does; gives the seconds an event."""
    replay, refusals = Replay(policies, now), Refusals()
    began = time.perf_counter()
    told, late = Archive(replay, [str(archive)], policies.jurisdictions).judge(refusals)
    replay.conclude()
    return (time.perf_counter() - began) / (told + late)


def only(rules: AbstractSet[str], policies: Policies) -> Policies:
    """Give policies that carry some rules alone."""
    return Policies((_carrying(rules, policy) for policy in policies.all), policies.table)


def _carrying(rules: AbstractSet[str], policy: Policy) -> Policy:
    carried = {name: carried for name, carried in policy.rules.items() if name in rules}
    editions = tuple(_carrying(rules, edition) for edition in policy.editions)
    return msgspec.structs.replace(policy, rules=carried, editions=editions)


def _judged(events: Sequence[Event], policies: Policies, now: datetime) -> float:
    """Judge the events; gives the seconds of the processor."""
    began, replay = time.process_time(), Replay(policies, now)
    for event in events:
        replay.tell(event)
    replay.violations()
    return time.process_time() - began


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

"""The one law: a violation is a pure function of the facts known and the moment of asking.

The engine is held against an independent reading of the rules; and a worker that reads in any
order, twice, in batches, behind the clock and with a restart after every step, against a replay
that reads everything at once.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from functools import partial
from random import Random

import pytest
from hypothesis import given, settings

from services.compliance.findings.violation import Violation
from services.compliance.judging import dossier
from services.compliance.judging.moment import Moment
from services.compliance.judging.pieces import parted
from services.compliance.law import closing
from shared.domain import calendar
from shared.domain.cloudevents import Event
from tests.support import histories
from tests.support.builders import POLICIES
from tests.support.events import heard
from tests.support.oracle import judge
from tests.support.ways_of_reading import (
    SETTLE,
    against_a_replay,
    against_the_oracle,
    as_json,
    feed,
    replay_of,
    told_until,
)
from tests.support.workers.in_memory import InMemoryWorker, Line

CHUNK = 100
Story = Callable[[Random], tuple[list[Event], datetime]]


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


@pytest.mark.parametrize(
    ("tell", "first"),
    [(story, first) for first in range(0, 4 * CHUNK, CHUNK)]
    + [(whole_story, first) for first in range(0, 2 * CHUNK, CHUNK)],
)
def test_a_worker_that_reads_in_any_order_ends_where_a_replay_does(tell: Story, first: int) -> None:
    for seed in range(first, first + CHUNK):
        chance = Random(seed)
        events, as_of = tell(chance)
        differing = "\n".join(against_a_replay(events, as_of, chance))
        assert not differing, f"history {seed} as of {as_of}:\n{differing}"


def test_it_does_so_too_where_records_are_written_in_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[bytes] = []

    def noted(tail: bytes) -> Iterator[bytes]:
        read.append(tail)
        return parted(tail)

    monkeypatch.setattr(dossier, "LARGE", 1)
    monkeypatch.setattr(dossier, "TAIL_SHARE", 1_000)
    monkeypatch.setattr(dossier, "LONGEST_TAIL", 1_500)
    monkeypatch.setattr(dossier, "parted", noted)
    monkeypatch.setattr(closing, "MANY", 1)
    for seed in range(2 * CHUNK, 2 * CHUNK + CHUNK // 3):
        chance = Random(seed)
        events, as_of = whole_story(chance)
        differing = "\n".join(against_a_replay(events, as_of, chance))
        assert not differing, f"history {seed} as of {as_of}:\n{differing}"
    assert any(read)


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

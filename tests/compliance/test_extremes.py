"""Every day, instant and number at the ends of what it may be: judged by all, and alike."""

from random import Random

import pytest

from services.compliance.judging.moment import Moment
from services.compliance.judging.replay import Replay
from shared.domain.cloudevents import Event
from shared.domain.errors import InvalidEventError
from tests.support import extremes
from tests.support.builders import POLICIES, found
from tests.support.events import heard, said
from tests.support.histories import Event as Written
from tests.support.workers.in_memory import InMemoryWorker

CHUNK = 50


def taken(written: list[Written]) -> list[Event]:
    """The events that are not refused."""
    events = []
    for event in written:
        try:
            events.append(heard(event))
        except InvalidEventError:
            continue
    return events


@pytest.mark.parametrize("first", range(0, 8 * CHUNK, CHUNK))
def test_what_lies_at_the_ends_is_judged_alike_by_a_replay_and_by_a_worker(first: int) -> None:
    for seed in range(first, first + CHUNK):
        chance = Random(seed)
        written, as_of = extremes.history(chance)
        events = [event for event in taken(written) if event.told <= as_of]
        replay = Replay(POLICIES, as_of)
        for event in events:
            replay.tell(event)
        violations = {str(one.id): one.status for one in replay.violations()}
        assert replay.defects == {}, f"history {seed}"

        chance.shuffle(events)
        worker = InMemoryWorker(POLICIES)
        half = len(events) // 2
        worker.hear(events[:half], Moment(as_of, as_of))
        worker.hear(events[half:], Moment(as_of, as_of))
        worker.look_again(Moment(as_of, as_of))
        assert worker.defects == {}, f"history {seed}"
        assert {one["id"]: one["status"] for one in worker.violations()} == violations, seed


def test_most_of_what_lies_at_the_ends_is_taken_and_some_of_it_is_a_violation() -> None:
    histories = [extremes.history(Random(seed)) for seed in range(CHUNK)]
    written = [event for events, _ in histories for event in events]
    assert len(taken(written)) > 0.9 * len(written)


@pytest.mark.parametrize(
    "deliver_by",
    ["0001-01-01", "1899-12-30", "1900-01-01", "1901-01-01", "1901-01-01T00:00:00+08:00"],
)
def test_an_order_due_before_there_were_orders_is_late_and_its_neighbours_are_judged(
    deliver_by: str,
) -> None:
    register = [said("product.selected"), said("hospital.enrolled"), said("agreement.signed")]
    odd = said("order.placed", "2022-03-01 09:00:00", order="ODD", deliver_by=deliver_by)
    good = said("order.placed", "2022-03-01 09:00:00", order="GOOD")
    late = found("late-delivery", *register, odd, good)
    assert {one.subject: one.occurred_at[:4] for one in late} == {"ODD": "1901", "GOOD": "2022"}

"""A story of each of the thirty rules through the real parts: worker, replay and oracle agree."""

import json
from datetime import UTC, datetime
from random import Random

import pytest

from tests.support.oracle import THIRTY, judge
from tests.support.release import archive
from tests.support.workers.in_process import compared, live, read, replayed

pytestmark = pytest.mark.integration


async def test_a_worker_finds_under_all_rules_what_a_replay_and_the_oracle_find(
    kafka: str, database: str
) -> None:
    written = list(archive())
    Random(30).shuffle(written)
    events = read(json.dumps(event).encode() for event in written)
    async with live(kafka, database) as bus:
        with bus.worker():
            await bus.publish(events)
            await bus.settled(len(events), silence=True)
            found = await bus.violations()
    now = datetime.now(UTC)
    assert {violation["rule"] for violation in found} == THIRTY
    assert compared(found) == compared(replayed(events, now))
    assert compared(found) == compared(judge(written, now, rules=THIRTY))

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from services.compliance.worker.assignment import READ_FIRST
from services.compliance.worker.pace import AT_MOST
from services.sources import scms
from services.sources.province import Plan, simulate
from shared.domain import topics
from tests.support.workers.in_process import compared, live, read, replayed

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

CAME_FIRST = """
SELECT max(xmin::text::bigint) FILTER (WHERE topic = $1)
     < min(xmin::text::bigint) FILTER (WHERE topic <> ALL ($2::int[]))
FROM compliance.fact
"""
"""Whoever read the rest waited until what it is judged by was committed."""

WITHDRAWN = "SELECT body FROM compliance.violation WHERE status = 'withdrawn'"

SCMS = Path(scms.__file__).parent / "data" / "scms_deliveries.csv.gz"


async def test_workers_that_were_down_find_in_a_backlog_what_the_replay_finds(
    kafka: str, database: str
) -> None:
    now = datetime.now(UTC)
    refused: list[scms.Refusal] = []
    deliveries = read(msgspec.json.encode(event) for event in scms.events(SCMS, refused.append))
    province = simulate(Plan(until=now, orders=3_000))
    events = [*deliveries, *read(province.events)]
    assert not refused
    # More than the largest batches of two workers hold, and what they read ahead: a longer backlog
    # is met no differently, batch after batch.
    assert len(events) - len(deliveries) >= 4 * AT_MOST

    async with live(kafka, database) as bus:
        await bus.publish(events)
        with bus.worker(), bus.worker():
            await bus.settled(len(events), silence=True)
        found, changes = await bus.violations(), await bus.changes()
        withdrawn = await bus.connection.fetch(WITHDRAWN)
        first = [topics.NUMBER_OF[name] for name in READ_FIRST]
        came_first = [
            await bus.connection.fetchval(CAME_FIRST, topic, first[: number + 1])
            for number, topic in enumerate(first)
        ]

    # Nobody was accused whom the backlog clears.
    assert changes["withdrawn"] == 0, withdrawn
    assert came_first == [True, True]
    real = [one for one in found if one["jurisdiction"] == "scms"]
    assert len(real) == 1_186
    assert {violation["rule"] for violation in real} == {"late-delivery"}
    assert compared(real) == compared(replayed(deliveries, datetime(2016, 1, 1, tzinfo=UTC)))
    planted = [one for one in found if one["jurisdiction"] != "scms"]
    assert compared(planted) == compared(province.truth)

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from services.sources import scms
from services.sources.province import Plan, simulate
from tests.support.live import compared, live, read, replayed

pytestmark = pytest.mark.integration

REGISTER_CAME_FIRST = """
SELECT max(xmin::text::bigint) FILTER (WHERE topic = 0)
     < min(xmin::text::bigint) FILTER (WHERE topic <> 0)
FROM compliance.fact
"""
"""Whoever read the rest waited until the register was committed, so nothing was judged twice."""

SCMS = Path(scms.__file__).parent / "data" / "scms_deliveries.csv.gz"


async def test_every_real_delivery_of_scms_is_judged_as_by_the_replay(
    kafka: str, database: str
) -> None:
    refused: list[scms.Refusal] = []
    events = read(msgspec.json.encode(event) for event in scms.events(SCMS, refused.append))

    async with live(kafka, database) as bus:
        await bus.publish(events)
        with bus.worker():
            await bus.settled(len(events), silence=True)
        found = await bus.violations()

    assert not refused
    assert len(found) == 1_186
    assert {violation["rule"] for violation in found} == {"late-delivery"}
    assert compared(found) == compared(replayed(events, datetime(2016, 1, 1, tzinfo=UTC)))


async def test_workers_that_were_down_accuse_nobody_whom_the_backlog_clears(
    kafka: str, database: str
) -> None:
    now = datetime.now(UTC)
    province = simulate(Plan(until=now, orders=18_500))
    events = read(province.events)
    assert len(events) >= 100_000

    async with live(kafka, database) as bus:
        await bus.publish(events)
        with bus.worker(), bus.worker():
            await bus.settled(len(events), silence=True)
        found, changes = await bus.violations(), await bus.changes()
        register_came_first = await bus.connection.fetchval(REGISTER_CAME_FIRST)

    assert changes["withdrawn"] == 0
    assert register_came_first
    assert compared(found) == compared(province.truth)

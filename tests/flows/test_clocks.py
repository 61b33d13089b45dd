"""A worker whose clock is wrong."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.sources.province import Plan, simulate
from tests.support.workers.in_process import AN_HOUR_AHEAD, compared, live, read, replayed

pytestmark = pytest.mark.integration


async def test_a_worker_whose_clock_is_ahead_accuses_nobody_of_silence(
    kafka: str, database: str
) -> None:
    province = simulate(Plan(until=datetime.now(UTC), orders=400, hospitals=20, days=60))
    events = read(province.events)

    async with live(kafka, database) as bus:
        with bus.worker(before=AN_HOUR_AHEAD):
            await bus.publish(events)
            while await bus.read() < len(events):  # noqa: ASYNC110  # nobody sends word
                await asyncio.sleep(0.5)
            await asyncio.sleep(15)
            heard = await bus.connection.fetchval(
                "SELECT max(heard_until) FROM compliance.position"
            )
            judged = await bus.connection.fetchval("SELECT max(judged_at) FROM compliance.position")
            assert heard.timestamp() == 0
            assert judged < datetime.now(UTC) + timedelta(seconds=2)
        with bus.worker():
            await bus.settled(len(events), silence=True)
        assert compared(await bus.violations()) == compared(replayed(events, datetime.now(UTC)))

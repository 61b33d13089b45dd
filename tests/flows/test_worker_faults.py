import asyncio
import signal
from datetime import UTC, datetime

import pytest

from services.sources.province import Plan, simulate
from tests.support.kept import a_connection
from tests.support.workers.in_process import WorkerProcess, compared, eventually, live, read

pytestmark = pytest.mark.integration

CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name LIKE 'vbp-%' AND datname = current_database()
"""
CUT_WHAT_WAITS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%vbp_migration%'
"""
INSIDE = """
SELECT count(*) FROM pg_stat_activity
WHERE application_name LIKE 'vbp-%' AND state = 'active' AND query LIKE 'COPY%'
"""


async def test_killed_frozen_and_joined_by_others_the_workers_find_the_same(
    kafka: str, database: str
) -> None:
    province = simulate(Plan(until=datetime.now(UTC), orders=600, hospitals=12, days=60))
    events = read(province.events)
    third = len(events) // 3

    async with live(kafka, database) as bus:
        await bus.publish(events[:third])
        with bus.worker() as first:
            await bus.has_read(third // 2)
            first.kill()
        with bus.worker() as second:
            await bus.publish(events[third : 2 * third])
            await bus.has_read(third)
            await freeze_in_a_statement(bus, second)
            with bus.worker() as third_worker:
                await bus.publish(events[2 * third :])
                await bus.has_read(2 * third)
                second.send_signal(signal.SIGCONT)
                await bus.has_read(len(events))
                third_worker.send_signal(signal.SIGTERM)
                assert await asyncio.to_thread(third_worker.wait, 30) == 0
            await bus.settled(len(events), silence=True)
        found = await bus.violations()
        stored = await bus.connection.fetchval("SELECT count(*) FROM compliance.fact")

    assert stored == len(events)
    assert compared(found) == compared(province.truth)


async def test_a_worker_that_loses_its_connections_comes_back_and_misses_nothing(
    kafka: str, database: str
) -> None:
    province = simulate(Plan(until=datetime.now(UTC), orders=300, hospitals=10, days=60))
    events = read(province.events)

    async with live(kafka, database) as bus:
        with bus.worker() as worker:
            await bus.publish(events[:600])
            await bus.has_read(1)
            await bus.connection.execute(CUT_OFF)
            await bus.publish(events[600:])
            await bus.settled(len(events), silence=True)
            assert worker.is_running()
        found = await bus.violations()

    assert compared(found) == compared(province.truth)


async def test_a_worker_whose_connection_is_cut_while_it_starts_starts_all_the_same(
    kafka: str, database: str
) -> None:
    async with live(kafka, database) as bus, a_connection(database) as other:
        # What a worker asks first waits for this lock.
        await other.execute("BEGIN; LOCK TABLE public.vbp_migration")
        with bus.worker() as worker:
            for _ in range(2):
                await cut_what_waits(bus)
            await other.execute("ROLLBACK")
            await bus.settled(0)
            assert worker.is_running()


async def cut_what_waits(bus: WorkerProcess) -> None:
    async def cut() -> bool:
        return bool(await bus.connection.fetch(CUT_WHAT_WAITS))

    await eventually(cut, within=60, every=0.05)


async def freeze_in_a_statement(bus: WorkerProcess, worker: object) -> None:
    """Stop a worker, if it can be caught there, while PostgreSQL works for it."""
    for _ in range(400):
        if await bus.connection.fetchval(INSIDE):
            break
        await asyncio.sleep(0.002)
    worker.send_signal(signal.SIGSTOP)  # type: ignore[attr-defined]

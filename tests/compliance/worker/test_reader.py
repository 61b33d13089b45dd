import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import pytest
from prometheus_client import CollectorRegistry

from services.compliance.judging.dossier import Dossier
from services.compliance.judging.subjects import Subject
from services.compliance.storage import dossiers, schema
from services.compliance.storage.hot import HotDossiers
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.reader import Reader
from shared.adapters.postgres import Connection
from tests.support.events import an_event
from tests.support.kept import a_connection
from tests.support.workers.in_process import POLICIES, WorkerProcess, eventually, live

pytestmark = pytest.mark.integration

CUT_OFF = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name = 'reader' AND datname = current_database()
"""


@asynccontextmanager
async def reading(bus: WorkerProcess) -> AsyncIterator[CollectorRegistry]:
    """A reader in this process; gives its metrics. It must not have ended by itself."""
    registry = CollectorRegistry()
    reader = Reader(bus.settings, POLICIES, WorkerMetrics(registry), "reader")
    running = asyncio.create_task(reader.run())
    try:
        yield registry
        assert not running.done()
    finally:
        reader.stop()
        await asyncio.wait_for(running, 30)


async def test_after_a_conflict_a_new_session_commits_and_goes_on(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, seen = dossiers.load, list[int]()

    async def overtaken(
        connection: Connection, subjects: Iterable[Subject], hot: HotDossiers
    ) -> list[Dossier]:
        loaded = await load(connection, subjects, hot)
        if loaded and not seen:
            seen.append(len(loaded))
            async with a_connection(database) as other:
                await other.execute("UPDATE compliance.dossier SET version = version + 1")
        return loaded

    async with live(kafka, database) as bus, reading(bus) as registry:
        await bus.publish([an_event("order.placed", "2022-03-01 09:00:00")])
        await bus.settled(1)
        monkeypatch.setattr(dossiers, "load", overtaken)
        await bus.publish([an_event("order.accepted", "2022-03-01 10:00:00")])
        await bus.settled(2)
        assert seen
        assert registry.get_sample_value("vbp_conflicts_total") == 1

        await bus.connection.execute(CUT_OFF)

        async def waits() -> bool:
            return registry.get_sample_value("vbp_waits", {"part": "reading"}) == 1

        await eventually(waits, within=30, every=0.01)
        await bus.publish([an_event("order.rejected", "2022-03-02 10:00:00", reason="price")])
        await bus.settled(3)
        assert registry.get_sample_value("vbp_conflicts_total") == 1
        assert registry.get_sample_value("vbp_waits", {"part": "reading"}) == 0


async def test_a_connection_cut_while_the_schema_is_checked_is_made_again(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, cut = schema.check, list[int]()

    async def cut_off(connection: Connection) -> None:
        if not cut:
            cut.append(connection.get_server_pid())
            async with a_connection(database) as other:
                await other.execute("SELECT pg_terminate_backend($1)", cut[0])
        await check(connection)

    async with live(kafka, database) as bus:
        monkeypatch.setattr(schema, "check", cut_off)
        async with reading(bus):
            await bus.publish([an_event("order.placed", "2022-03-01 09:00:00")])
            await bus.settled(1)
        assert cut

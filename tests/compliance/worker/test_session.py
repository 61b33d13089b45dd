"""A session whose partitions are taken anew at an awkward moment."""

import asyncio
import gc
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import CollectorRegistry

from services.compliance.worker import session as sessions
from services.compliance.worker.intake import Intake, Limit
from services.compliance.worker.metrics import WorkerMetrics
from services.compliance.worker.session import Session
from shared.domain.errors import FencedError, SetupError
from tests.support.events import an_event
from tests.support.workers.in_process import POLICIES, live

pytestmark = pytest.mark.integration

FACTS = "SELECT count(*) FROM compliance.fact"


async def test_what_arrives_while_a_fetch_waits_and_partitions_are_taken_anew_is_read(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    getmany = AIOKafkaConsumer.getmany
    taken_anew = False
    intake = Intake(POLICIES.jurisdictions, Limit())
    metrics = WorkerMetrics(CollectorRegistry())

    async with (
        live(kafka, database) as bus,
        sessions.joined(bus.settings, POLICIES, intake, metrics, "session") as session,
    ):
        assignment = session._assignment  # noqa: SLF001  # the group's coordinator calls it

        async def overtaken(
            consumer: AIOKafkaConsumer, *wanted: TopicPartition, **asked: Any
        ) -> Any:
            nonlocal taken_anew
            if not taken_anew:
                taken_anew = True
                ours = tuple(consumer.assignment())
                await assignment.on_partitions_revoked(ours)
                await assignment.on_partitions_assigned(ours)
                await assignment._takeover  # type: ignore[misc]  # noqa: SLF001
                await bus.publish([an_event("product.selected")])
                asked["timeout_ms"] = 5_000
            return await getmany(consumer, *wanted, **asked)

        while not assignment.holds or assignment.waits_for:
            await session.step()
        monkeypatch.setattr(AIOKafkaConsumer, "getmany", overtaken)
        await session.step()
        await bus.publish([an_event("hospital.enrolled")])
        while await bus.read() < 2:
            await session.step()

        assert taken_anew
        assert await bus.connection.fetchval(FACTS) == 2


async def test_a_session_whose_places_were_taken_ends_also_where_nothing_arrives(
    kafka: str, database: str
) -> None:
    intake = Intake(POLICIES.jurisdictions, Limit())
    metrics = WorkerMetrics(CollectorRegistry())
    async with (
        live(kafka, database) as bus,
        sessions.joined(bus.settings, POLICIES, intake, metrics, "idle") as session,
    ):
        while not session.assigned:
            await session.step()
        await bus.connection.execute("UPDATE compliance.position SET epoch = epoch + 1")
        with pytest.raises(FencedError, match="taken over"):
            await asyncio.wait_for(_step_for_ever(session), 30)


async def test_partitions_that_come_while_a_session_leaves_are_let_go_in_silence(
    kafka: str, database: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    intake = Intake(POLICIES.jurisdictions, Limit())
    metrics = WorkerMetrics(CollectorRegistry())
    async with live(kafka, database) as bus:
        async with sessions.joined(bus.settings, POLICIES, intake, metrics, "late") as session:
            while not session.assigned:
                await session.step()
            assignment, stop = session._assignment, AIOKafkaConsumer.stop  # noqa: SLF001

            async def assigned_once_more(consumer: AIOKafkaConsumer) -> None:
                # PostgreSQL is away by now, as after the outage that ended the session.
                session._connection.terminate()  # noqa: SLF001
                await assignment.on_partitions_assigned(list(consumer.assignment()))
                await asyncio.sleep(0.1)
                await stop(consumer)

            monkeypatch.setattr(AIOKafkaConsumer, "stop", assigned_once_more)
        assert assignment._takeover is None  # noqa: SLF001
        assert not assignment.holds
        gc.collect()
        assert "never retrieved" not in caplog.text


async def test_a_session_does_not_begin_on_a_schema_that_is_newer_than_its_program(
    kafka: str, database: str
) -> None:
    async with live(kafka, database) as bus:
        await bus.connection.execute(
            "INSERT INTO public.vbp_migration (service, file) VALUES ('compliance', '9999_x.sql')"
        )
        intake = Intake(POLICIES.jurisdictions, Limit())
        metrics = WorkerMetrics(CollectorRegistry())
        joining = sessions.joined(bus.settings, POLICIES, intake, metrics, "older")
        with pytest.raises(SetupError, match=r"9999_x\.sql\. Run the newer version"):
            await joining.__aenter__()
        owners = await bus.connection.fetch("SELECT owner FROM compliance.position")
        assert {row["owner"] for row in owners} == {None}


async def _step_for_ever(session: Session) -> None:
    while True:
        await session.step()
